package forecast

import (
	"testing"
	"time"
)

// TestOutlookCoversADay: half hour by half hour, the outlook follows the demand.
func TestOutlookCoversADay(t *testing.T) {
	now := parisTime(t, "2026-03-17 07:00")
	answer, err := Predict(input(now, 50, weeks(6, now, lectures)))
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Outlook) != 48 {
		t.Fatalf("got %d moments, want 48", len(answer.Outlook))
	}
	for _, m := range answer.Outlook {
		demand := lectures(m.At.In(paris))
		if m.Participants < demand*8/10 || m.Participants > demand*12/10 || m.Upper < m.Participants {
			t.Errorf("%s: got %d participants, at most %d; the demand is %d", m.At, m.Participants, m.Upper, demand)
		}
	}
}

// TestOutlookAfterAHoliday: a holiday today does not lower what is expected tomorrow.
func TestOutlookAfterAHoliday(t *testing.T) {
	now := parisTime(t, "2026-03-17 12:00")
	morning := now.Add(-5 * time.Hour)
	quiet := sampled(morning, now, func(time.Time) int { return 50 })
	answer, err := Predict(input(now, 50, append(weeks(6, morning, lectures), quiet...)))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range answer.Outlook {
		local := m.At.In(paris)
		wantQuiet := local.Day() == 17 || lectures(local) < 500
		if quiet := m.Participants < 500; quiet != wantQuiet {
			t.Errorf("%s: got %d participants, want below 500: %t", local.Format("Mon 15:04"), m.Participants, wantQuiet)
		}
	}
}
