package setup

import (
	"strings"
	"testing"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// TestReportStartsWithTheWorst checks the order of findings: by level, and findings of
// one level as they were found.
func TestReportStartsWithTheWorst(t *testing.T) {
	report := newReport([]Finding{
		{Level: OK, Subject: "a", What: "fine"}, {Level: Unknown, Subject: "b", What: "unseen"}, {Level: Error, Subject: "c", What: "broken", Why: "it hurts", Fix: "repair it"},
		{Level: Warning, Subject: "d", What: "odd"}, {Level: Error, Subject: "e", What: "broken, too"},
	})
	var text strings.Builder
	if err := report.Text(&text); err != nil {
		t.Fatal(err)
	}
	want := "error   c: broken\n        why:  it hurts\n        fix:  repair it\nerror   e: broken, too\nwarning d: odd\nunknown b: unseen\nok      a: fine\n\n2 errors, 1 warning, 1 unknown, 1 ok\n"
	if text.String() != want {
		t.Errorf("the report is\n%s\nwant\n%s", text.String(), want)
	}
}

func TestSetupTextsAreNotControlledFromOutside(t *testing.T) {
	for _, finding := range []Finding{{Subject: hostile.Text}, {What: hostile.Text}, {Why: hostile.Text}, {Fix: hostile.Text}} {
		var text strings.Builder
		if err := newReport([]Finding{finding}).Text(&text); err != nil {
			t.Fatal(err)
		}
		hostile.CheckShown(t, text.String())
	}
	hostile.CheckShown(t, ServerPlan{Server: pool.Server{Number: 1}, Problem: hostile.Text}.String())
	hostile.CheckShown(t, ServerPlan{Server: pool.Server{Number: 1}, Notes: []string{hostile.Text}}.String())
	hostile.CheckShown(t, Outcome{Detail: hostile.Text}.String())
}
