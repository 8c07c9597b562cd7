package cycle

import (
	"strings"
	"testing"
	"time"

	"divims/internal/fact"
	"divims/internal/lab/hostile"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// TestMessageIsNotControlledFromOutside checks the parts of a message one by one, each with
// a hostile text in it.
func TestMessageIsNotControlledFromOutside(t *testing.T) {
	quoted := fact.New("quoted: %s", hostile.Text)
	alert := func(a scaling.Alert) digest { return digest{New: []trackedAlert{{Alert: a, Since: noon}}} }
	plain := alert(scaling.Alert{Level: scaling.Error, Subject: "server 2", Server: 2})
	for name, w := range map[string]messageWriter{
		"an alert":            {digest: alert(scaling.Alert{Subject: "stock", Text: quoted})},
		"an advice":           {digest: alert(scaling.Alert{Subject: "stock", Advice: quoted})},
		"a resolved subject":  {digest: digest{Resolved: []trackedAlert{{Alert: scaling.Alert{Subject: hostile.Text}}}}},
		"the result":          {digest: plain, record: Record{Outcomes: []Outcome{{Server: 2, Kind: scaling.Create, Detail: hostile.Text}}}},
		"an operator's order": {digest: plain, record: Record{Outcomes: []Outcome{{Server: 2, Kind: scaling.Create, Reason: hostile.Text}}}},
		"a planned action":    {digest: plain, record: Record{DryRun: true, Plan: scaling.Plan{Actions: []scaling.Action{{Server: 2, Reason: quoted}}}}},
		"why it is left":      {digest: plain, record: Record{Plan: scaling.Plan{Verdicts: []scaling.Verdict{{Server: 2, LeftAlone: quoted}}}}},
		"what is deferred":    {digest: plain, record: Record{Plan: scaling.Plan{Withheld: fact.List{quoted}}}},
	} {
		t.Run(name, func(t *testing.T) {
			w.pool, w.record.At = "campus", noon
			hostile.CheckShown(t, w.message().Text)
		})
	}
	w := messageWriter{pool: "campus", digest: alert(scaling.Alert{Level: scaling.Error, Subject: hostile.Text})}
	title := w.message().Title
	hostile.CheckShown(t, title)
	if strings.Contains(title, "\n") {
		t.Errorf("the title, a header of mails, has several lines: %q", title)
	}
	if text := (&messageWriter{pool: "campus", digest: plain, record: Record{DryRun: true, At: noon, Plan: scaling.Plan{Required: scaling.Required{Servers: pool.Seen(1)}}}}).message().Text; !strings.HasPrefix(text, textDryRun+"\n\nNEW\n- error: server 2: \n  ") {
		t.Errorf("the lines of a message: %q", text)
	}
}

// TestMessageHasTimesInThePoolsZone checks texts that the message has as facts and the
// reason of an outcome, which is a string.
func TestMessageHasTimesInThePoolsZone(t *testing.T) {
	rebooted := fact.New("it was rebooted at %s", noon)
	record := Record{At: noon, Outcomes: []Outcome{{Kind: scaling.Cordon, Server: 2, Result: scaling.Done, Reason: rebooted.String()}}, Facts: fact.Collect(rebooted)}
	w := messageWriter{pool: "campus", zone: time.FixedZone("CET", 3600), record: record,
		digest: digest{New: []trackedAlert{{Alert: scaling.Alert{Level: scaling.Error, Subject: "server 2", Server: 2, Text: rebooted}, Since: noon}}}}
	want := "- error: server 2: it was rebooted at Mon 2026-03-16 13:00 CET\n  DiViMS: cordon server 2: done (it was rebooted at Mon 2026-03-16 13:00 CET)\n"
	if text := w.message().Text; !strings.Contains(text, want) {
		t.Errorf("the message is %q; want %q in it", text, want)
	}
}
