package cycle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// inbox is a Notifier that keeps the messages, or fails as scripted.
type inbox struct {
	messages []pool.Message
	unsent   bool
	err      error
	slow     bool
}

func (i *inbox) Notify(ctx context.Context, message pool.Message) (bool, error) {
	if i.slow {
		<-ctx.Done()
		return false, errors.New("no answer in time")
	}
	i.messages = append(i.messages, message)
	return !i.unsent, i.err
}

// titles returns the titles of the messages so far.
func (i *inbox) titles() (list []string) {
	for _, message := range i.messages {
		list = append(list, message.Title)
	}
	return list
}

// newFakeWithInbox returns a pool with notifications in which server 2 is unresponsive.
func newFakeWithInbox() (*fake, *Cycle, *inbox) {
	f, c := newFake(3)
	box := &inbox{}
	c.Services.Notifier = box
	c.Config.Pool, c.Config.Every = "campus", usual
	f.state.LastEvaluation = noon.Add(-5 * time.Minute)
	f.entries[1].State, f.entries[1].Online = pool.Enabled, false
	f.fails["meetings bbb-w2.example.com"], f.fails["stats bbb-w2.example.com"] = errors.New("connection refused"), errors.New("connection refused")
	long := noon.Add(-5 * time.Hour)
	f.state.Servers = map[int]*pool.ServerMemory{
		2: {MachineID: f.machines[1].ID, FirstSeen: long, SilentSince: long, UnknownSince: long},
		3: {MachineID: f.machines[2].ID, FirstSeen: long},
	}
	return f, c, box
}

// revive lets server 2 answer again.
func (f *fake) revive() {
	f.entries[1].Online = true
	delete(f.fails, "meetings bbb-w2.example.com")
	delete(f.fails, "stats bbb-w2.example.com")
}

// next runs the next evaluation, five minutes later and with the state of the last one.
func (f *fake) next(t *testing.T, c *Cycle) Record {
	t.Helper()
	if len(f.committed) > 0 {
		f.state = f.committed[len(f.committed)-1]
	}
	now := f.state.LastEvaluation.Add(5 * time.Minute)
	record, err := c.Run(context.Background(), Request{Now: now, Elapsed: func() time.Duration { return 0 }, Source: "test", Holder: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func TestMessageSaysWhatHappenedAndWhatToDo(t *testing.T) {
	f, c, box := newFakeWithInbox()
	f.next(t, c)
	if !slices.Equal(box.titles(), []string{"campus: error: server 2"}) {
		t.Fatalf("messages %q", box.titles())
	}
	want := `NEW
- error: server 2: unresponsive: Scalelite says offline, and it has answered nobody since Mon 2026-03-16 07:00 UTC: meetings of bbb-w2.example.com: connection refused
  DiViMS takes no action.
  To do: Look at the machine's console at the hoster and restart it. If nothing on it is needed, delete it.

Pool campus at Mon 2026-03-16 12:00 UTC: 100 participants in 1 meeting, 1 server required, 1 enabled, 1 serving, 3 machines running.
`
	if got := box.messages[0].Text; got != want {
		t.Errorf("message\n%s\nwant\n%s", got, want)
	}
	f.next(t, c)
	f.revive()
	f.next(t, c)
	f.next(t, c)
	if !slices.Equal(box.titles(), []string{"campus: error: server 2", "campus: resolved: server 2"}) {
		t.Fatalf("messages %q", box.titles())
	}
	if want := "RESOLVED\n- error: server 2: from Mon 2026-03-16 12:00 UTC to Mon 2026-03-16 12:10 UTC\n\n"; !strings.HasPrefix(box.messages[1].Text, want) {
		t.Errorf("messages %q", box.messages[1].Text)
	}
}

func TestUnsentMessageIsDueAgain(t *testing.T) {
	f, c, box := newFakeWithInbox()
	box.unsent, box.err = true, errors.New("notification service 1 (smtp): status 451")
	f.next(t, c)
	f.next(t, c)
	box.unsent, box.err = false, nil
	f.next(t, c)
	f.next(t, c)
	want := []string{"campus: error: server 2", "campus: error: server 2, and 1 more", "campus: error: server 2, and 1 more"}
	if !slices.Equal(box.titles(), want) {
		t.Errorf("messages %q", box.titles())
	}
	if text := box.messages[2].Text; !strings.Contains(text, "server 2, since Mon 2026-03-16 12:00 UTC") || !strings.Contains(text, "notification service 1 (smtp): status 451") {
		t.Errorf("messages %q", text)
	}
}

// TestOneFailingServiceOfTwo checks that the other service reports the failing one, once
// and not at every evaluation.
func TestOneFailingServiceOfTwo(t *testing.T) {
	f, c, box := newFakeWithInbox()
	box.err = errors.New("notification service 2 (smtp): no answer in time")
	for range 20 {
		f.next(t, c)
	}
	if !slices.Equal(box.titles(), []string{"campus: error: server 2", "campus: warning: notifications"}) {
		t.Errorf("messages %q", box.titles())
	}
	if text := box.messages[1].Text; !strings.Contains(text, "\nOngoing alerts that were reported before: 1.\n") {
		t.Errorf("messages %q", text)
	}
	box.err = nil
	f.revive()
	for range 20 {
		f.next(t, c)
	}
	if want := []string{"campus: resolved: server 2", "campus: resolved: notifications"}; !slices.Equal(box.titles()[2:], want) {
		t.Errorf("messages %q", box.titles()[2:])
	}
}

func TestSlowNotificationsDoNotPreventTheState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c, box := newFakeWithInbox()
		box.slow = true
		begun := time.Now()
		f.next(t, c)
		if len(f.committed) != 1 || len(f.decisions) != 1 {
			t.Fatalf("%d states, %d decisions", len(f.committed), len(f.decisions))
		}
		if memory := f.committed[0].Notified["server 2"]; !memory.At.IsZero() || memory.Since != noon {
			t.Errorf("remembered %+v; want that it was seen and not reported", memory)
		}
		if took := time.Since(begun).Round(time.Millisecond); took != c.recordTime()/2 {
			t.Errorf("it took %s, want half of the %s for recording", took, c.recordTime())
		}
	})
}

func TestDryRunNotifiesNobody(t *testing.T) {
	f, c, box := newFakeWithInbox()
	_, err := c.Run(context.Background(), Request{Now: noon, Elapsed: func() time.Duration { return 0 }, DryRun: true})
	if err != nil || len(box.messages)+len(f.committed)+len(f.samples)+len(f.decisions) != 0 {
		t.Errorf("%v; messages %q, %d states, %d samples, %d decisions", err, box.titles(), len(f.committed), len(f.samples), len(f.decisions))
	}
}

// TestDryRunDeployment changes nothing, records everything, and reports once what it
// would do.
func TestDryRunDeployment(t *testing.T) {
	f, c, box := newFakeWithInbox()
	c.Config.DryRun = true
	record := f.next(t, c)
	f.next(t, c)
	f.want(t)
	if !record.DryRun || len(record.Outcomes) != 0 || len(f.committed) != 2 || len(f.samples) != 2 || len(f.decisions) != 2 {
		t.Errorf("record %+v, %d states, %d samples, %d decisions", record, len(f.committed), len(f.samples), len(f.decisions))
	}
	if !slices.Equal(box.titles(), []string{"campus (dry run): error: server 2", "campus (dry run): warning: cordon server 2, and 1 more"}) {
		t.Fatalf("messages %q", box.titles())
	}
	for _, want := range []string{
		"Dry run: DiViMS shows what it would do, but changes nothing.\n",
		"- warning: cordon server 2: DiViMS would do this now: it does not serve since Mon 2026-03-16 12:00 UTC, and the others suffice\n",
		"- warning: delete server 3: DiViMS would do this now: nothing is left on it\n",
	} {
		if !strings.Contains(box.messages[1].Text, want) {
			t.Errorf("the message lacks %q:\n%s", want, box.messages[1].Text)
		}
	}
}

func TestBlindEvaluationResolvesNothing(t *testing.T) {
	f, c, box := newFakeWithInbox()
	f.next(t, c)
	f.fails["machines"] = errors.New("503")
	f.next(t, c)
	f.next(t, c)
	f.next(t, c)
	if want := []string{"campus: error: server 2", "campus: critical: Scaleway"}; !slices.Equal(box.titles(), want) {
		t.Errorf("messages %q", box.titles())
	}
	if text := box.messages[1].Text; !strings.Contains(text, "DEFERRED\n- everything: the pool could not be seen completely\n") ||
		!strings.Contains(text, "could not be read, so DiViMS changed nothing") || !strings.Contains(text, "machines at Scaleway: 503") {
		t.Errorf("messages %q", text)
	}
}

// TestOutageOfAThousandServersIsOneShortMessage checks that an outage with one cause is one
// alert.
func TestOutageOfAThousandServersIsOneShortMessage(t *testing.T) {
	f, c, box := newFakeWithInbox()
	outage, fresh := newFake(1000)
	for i := range outage.entries {
		outage.entries[i].State, outage.entries[i].Online = pool.Enabled, false
	}
	for i, machine := range outage.machines {
		domain := fmt.Sprintf("bbb-w%d.example.com", i+1)
		f.fails["meetings "+domain], f.fails["stats "+domain] = errors.New("connection refused"), errors.New("connection refused")
		f.state.Servers[i+1] = &pool.ServerMemory{MachineID: machine.ID, FirstSeen: noon.Add(-time.Hour), Served: noon.Add(-5 * time.Minute)}
	}
	f.entries, f.machines = outage.entries, outage.machines
	c.Config.Servers, c.Config.Scaling = fresh.Config.Servers, fresh.Config.Scaling
	f.next(t, c)
	text := box.messages[0].Text
	if len(text) > 3000 || strings.Contains(text, ": server ") || !strings.Contains(text, "- critical: network") {
		t.Errorf("%d bytes, %d servers: %s", len(text), strings.Count(text, "- error: server "), text)
	}
	if n := len(f.committed[0].Notified); n > 3 {
		t.Errorf("%d alerts, want one for the cause and those for its effects", n)
	}
	f.next(t, c)
	if len(box.messages) != 1 {
		t.Errorf("messages %q", box.titles())
	}
}

func TestOwnAlerts(t *testing.T) {
	failed := Outcome{Kind: scaling.Reboot, Server: 3, Result: scaling.Failed, Reason: "it answers nobody", Detail: "403"}
	record, err := json.Marshal(Record{Outcomes: []Outcome{failed}})
	if err != nil {
		t.Fatal(err)
	}
	known := func(change func(*pool.State)) pool.State {
		state := pool.State{LastEvaluation: noon}
		change(&state)
		return state
	}
	for name, test := range map[string]struct {
		before, next pool.State
		outcomes     []Outcome
		want         string // level, subject and a part of the text
	}{
		"no alert":             {before: known(func(*pool.State) {})},
		"the first evaluation": {want: "warning state passing: DiViMS has no record of an earlier evaluation"},
		"an expired lease":     {before: known(func(s *pool.State) { s.TakenOver = "cron A" }), want: "warning lease passing: an earlier evaluation (cron A) did not finish"},
		"a failed service": {before: known(func(s *pool.State) { s.NotifyError = "service 1: no answer" }),
			want: "warning notifications: the last message did not reach every notification service: service 1: no answer"},
		"out of stock": {before: known(func(*pool.State) {}), next: pool.State{
			Refused:  &pool.Refused{Since: noon, Reason: "out of stock", Stock: true},
			Refusals: []pool.Refusal{{Zone: "fr-par-1", Type: "PRO2-S", Reason: "out of stock", Stock: true}, {Zone: "fr-par-2", Type: "PRO2-S", Reason: "quota", Stock: true}}},
			want: "error stock: no machine can be had since 2026-03-16T12:00:00Z: PRO2-S in fr-par-1 (out of stock), PRO2-S in fr-par-2 (quota)"},
		"out of stock for longer than shortages are remembered": {before: known(func(*pool.State) {}), next: pool.State{Refused: &pool.Refused{Since: noon, Reason: "out of stock", Stock: true}},
			want: "error stock: no machine can be had since 2026-03-16T12:00:00Z: out of stock"},
		"a shortage that was followed by a creation": {before: known(func(*pool.State) {}), next: pool.State{Refusals: []pool.Refusal{{Zone: "fr-par-1", Stock: true}}}},
		"missing permissions": {before: known(func(*pool.State) {}), next: pool.State{
			LastEvaluation: noon, Refused: &pool.Refused{Since: noon.Add(-time.Hour), Reason: "403 insufficient permissions"},
			Servers: map[int]*pool.ServerMemory{7: {NotBefore: noon.Add(time.Minute)}, 4: {NotBefore: noon.Add(time.Minute)}, 5: {NotBefore: noon.Add(time.Minute), Failures: 1}, 6: {NotBefore: noon}}},
			want: "error creation: creating machines is refused since 2026-03-16T11:00:00Z: 403 insufficient permissions (servers 4, 7 wait)"},
		"an action fails once":           {before: known(func(*pool.State) {}), outcomes: []Outcome{failed}},
		"an action fails twice":          {before: known(func(s *pool.State) { s.Record = record }), outcomes: []Outcome{failed}, want: "error server 3: reboot failed at this evaluation and the one before: 403; reason for the action: it answers nobody"},
		"another server's action failed": {before: known(func(s *pool.State) { s.Record = record }), outcomes: []Outcome{{Kind: scaling.Reboot, Server: 4, Result: scaling.Failed}}},
		"another kind of action failed":  {before: known(func(s *pool.State) { s.Record = record }), outcomes: []Outcome{{Kind: scaling.Enable, Server: 3, Result: scaling.Failed}}},
		"it succeeds the second time":    {before: known(func(s *pool.State) { s.Record = record }), outcomes: []Outcome{{Kind: scaling.Reboot, Server: 3, Result: scaling.Done}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, alert := range ownAlerts(test.before, test.next, test.outcomes) {
				passing := ""
				if alert.Passing {
					passing = " passing"
				}
				got += fmt.Sprintf("%s %s%s: %s", alert.Level, alert.Subject, passing, alert.Text)
				if alert.Advice.IsZero() {
					t.Errorf("no advice in %+v", alert)
				}
			}
			if !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
				t.Errorf("alerts %q", got)
			}
		})
	}
}

func TestLongTextsAreCut(t *testing.T) {
	alerts := make([]trackedAlert, 50)
	for i := range alerts {
		alerts[i] = trackedAlert{Alert: scaling.Alert{Level: scaling.Error, Subject: strings.Repeat("é ", 1000), Text: fact.Verbatim(strings.Repeat("words\n", 1000)), Advice: fact.New("Look.")}}
	}
	writer := messageWriter{pool: "campus", record: Record{At: noon}, digest: digest{New: alerts}}
	message := writer.message()
	if len(message.Title) > 1000 || len(message.Text) > 2*maxMessage || strings.Contains(message.Title, "\n") {
		t.Errorf("%d bytes of title, %d of text", len(message.Title), len(message.Text))
	}
}

// TestWithoutNotifierNothingIsRemembered ensures that a notifier which is set up later
// gets every alert.
func TestWithoutNotifierNothingIsRemembered(t *testing.T) {
	f, c, _ := newFakeWithInbox()
	c.Services.Notifier = nil
	f.state.Notified, f.state.NotifyError = map[string]pool.NotifiedAlert{"server 2": {At: noon}}, "dead"
	f.next(t, c)
	if memory := f.committed[0].Notified; memory != nil || f.committed[0].NotifyError != "" {
		t.Errorf("remembered %+v", memory)
	}
}

func TestNotifyingIsLogged(t *testing.T) {
	f, c, box := newFakeWithInbox()
	var log bytes.Buffer
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	box.unsent, box.err = true, errors.New("notification service 1 (smtp): status 451")
	f.next(t, c)
	if !strings.Contains(log.String(), `msg="notification failed"`) || strings.Contains(log.String(), `msg="operators notified"`) {
		t.Errorf("log %s", log.String())
	}
	box.unsent, box.err = false, nil
	log.Reset()
	f.next(t, c)
	if !strings.Contains(log.String(), `msg="operators notified" new=2 ongoing=0 resolved=0`) {
		t.Errorf("log %s", log.String())
	}
}
