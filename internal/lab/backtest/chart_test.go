package backtest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/world"
)

// TestChartIsWellFormed checks that charts are well-formed XML and name their policies.
func TestChartIsWellFormed(t *testing.T) {
	day := make([]world.Minute, 24*60)
	for i := range day {
		day[i] = world.Minute{Time: monday.Add(time.Duration(i+1) * time.Minute), Participants: i, Meetings: i / 100, Enabled: i / 300, Machines: i / 200, Overloaded: i / 2}
	}
	panel := func(policy string, minutes []world.Minute) Panel {
		return Panel{Result{Policy: policy, ServerHours: 24, Ratio: 1.5, OverloadedPercent: 2}, minutes}
	}
	for name, panels := range map[string][]Panel{
		"nothing":       nil,
		"no time":       {panel("load", nil)},
		"a minute":      {panel("load", day[:1])},
		"nobody":        {panel("load", make([]world.Minute, 10))},
		"a day, twice":  {panel("load", day), panel("load+schedule", day)},
		"of two months": {panel("load", repeated(day, 60))},
	} {
		var text strings.Builder
		chart := Chart{Title: "a < b & c", Panels: panels, Zone: paris(t), ServerParticipants: 250, ServerMeetings: 15}
		if err := chart.Write(&text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := wellFormed(text.String()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(text.String(), "NaN") || strings.Contains(text.String(), "Inf") {
			t.Errorf("%s: contains NaN or Inf", name)
		}
		for _, p := range panels {
			if want := fmt.Sprintf(">%s</tspan>", p.Result.Policy); strings.Count(text.String(), want) != 1 {
				t.Errorf("%s: shows %s %d times", name, p.Result.Policy, strings.Count(text.String(), want))
			}
		}
	}
}

// repeated returns the minutes several times in a row.
func repeated(minutes []world.Minute, times int) []world.Minute {
	var all []world.Minute
	for range times {
		all = append(all, minutes...)
	}
	return all
}

func wellFormed(text string) error {
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
