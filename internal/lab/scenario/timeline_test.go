package scenario

import (
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// play makes all events of a scenario happen, each at its moment, while the machines of
// some servers run. It returns the lines of the progress, what the events did, the
// entries for the page and the error.
func play(t *testing.T, text string, running ...int) (lines, log []string, entries []Entry, err error) {
	t.Helper()
	s, _, err := read("bad.txt", []byte(text), testOptions(), testKinds(&log))
	if err != nil {
		t.Fatal(err)
	}
	timeline := s.Timeline(nil)
	timeline.running = func() []int { return running }
	for {
		at, ok := timeline.Next()
		if !ok {
			return lines, log, timeline.Entries(), err
		}
		happened, problem := timeline.Happen(at)
		if len(happened) == 0 {
			t.Fatalf("nothing happens at %s", at)
		}
		lines = append(lines, happened...)
		if problem != nil {
			err = problem
		}
	}
}

func checkLines(t *testing.T, what string, got []string, want string) {
	t.Helper()
	if text := strings.Join(got, "\n"); text != strings.TrimSpace(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, text, strings.TrimSpace(want))
	}
}

// TestOrderOfMoments checks that time comes first, then ends before beginnings, then the
// order of lines.
func TestOrderOfMoments(t *testing.T) {
	lines, log, _, err := play(t, `
Mon 10:00  zone-down zone=c
Mon 09:00  zone-down zone=b for=1h
Mon 08:00  zone-down zone=a for=2h
Mon 10:00  operator do=pause
Mon 10:00  poller-stops`)
	if err != nil {
		t.Error(err)
	}
	checkLines(t, "the progress", lines, `
Mon 08:00  >> zone-down zone=a for=2h
Mon 09:00  >> zone-down zone=b for=1h
Mon 10:00  << zone-down zone=b for=1h is over
Mon 10:00  << zone-down zone=a for=2h is over
Mon 10:00  >> zone-down zone=c
Mon 10:00  >> operator do=pause
Mon 10:00  >> poller-stops`)
	checkLines(t, "what happened", log, `
zone-down zone=a for=2h []
zone-down zone=b for=1h []
end of zone-down zone=b for=1h
end of zone-down zone=a for=2h
zone-down zone=c []
operator do=pause []
poller-stops []`)
}

// TestOverlap checks that two events on one server both last until their own end.
func TestOverlap(t *testing.T) {
	_, log, _, err := play(t, `
+1h bbb-stops servers=3 answer=502 for=2h
+2h bbb-stops servers=3 answer=hang for=30m
+150m bbb-stops servers=3 for=5m`)
	if err != nil {
		t.Error(err)
	}
	checkLines(t, "what happened", log, `
bbb-stops servers=3 answer=502 for=2h [3]
bbb-stops servers=3 answer=hang for=30m [3]
end of bbb-stops servers=3 answer=hang for=30m
bbb-stops servers=3 for=5m [3]
end of bbb-stops servers=3 for=5m
end of bbb-stops servers=3 answer=502 for=2h`)
}

func TestServersInProgress(t *testing.T) {
	lines, log, entries, err := play(t, `
+1h bbb-stops servers=2,5-6
+2h bbb-stops servers=running for=10m
+3h bbb-stops servers=all`, 3, 4)
	if err != nil {
		t.Error(err)
	}
	checkLines(t, "the progress", lines, `
Mon 07:00  >> bbb-stops servers=2,5-6
Mon 08:00  >> bbb-stops servers=running for=10m (servers 3, 4)
Mon 08:10  << bbb-stops servers=running for=10m (servers 3, 4) is over
Mon 09:00  >> bbb-stops servers=all (servers 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)`)
	checkLines(t, "what happened", log, `
bbb-stops servers=2,5-6 [2 5 6]
bbb-stops servers=running for=10m [3 4]
end of bbb-stops servers=running for=10m
bbb-stops servers=all [1 2 3 4 5 6 7 8 9 10 11 12]`)
	if len(entries) != 3 || !entries[1].Over || entries[0].Over || !slices.Equal(entries[1].Servers, []int{3, 4}) {
		t.Errorf("entries %+v", entries)
	}
}

func TestNothingHappens(t *testing.T) {
	lines, log, _, err := play(t, "+1h bbb-stops servers=30% for=1h")
	if err != nil || len(log) > 0 {
		t.Errorf("events %q, error %v; want none", log, err)
	}
	checkLines(t, "the progress", lines, "Mon 07:00  >> bbb-stops servers=30% for=1h: nothing happens: no server's machine runs")
}

func TestEventFails(t *testing.T) {
	lines, _, entries, err := play(t, "+1h broken for=1h")
	if err == nil || err.Error() != "bad.txt:1: broken: no such image" {
		t.Errorf("error %v", err)
	}
	checkLines(t, "the progress", lines, "Mon 07:00  >> broken for=1h: failed: no such image")
	if len(entries) != 1 || entries[0].Ongoing() {
		t.Errorf("entries %+v", entries)
	}
}

func TestEventHasNotes(t *testing.T) {
	lines, _, _, _ := play(t, "+1h noted for=1h")
	checkLines(t, "the progress", lines, `
Mon 07:00  >> noted for=1h: server 5 has no machine; server 6 neither
Mon 08:00  << noted for=1h is over`)
}

// TestHappenLate checks that a run that advances in large steps loses no moment.
func TestHappenLate(t *testing.T) {
	var log []string
	s, _, err := read("bad.txt", []byte("+1h zone-down zone=a for=5m\n+62m operator do=x"), testOptions(), testKinds(&log))
	if err != nil {
		t.Fatal(err)
	}
	timeline := s.Timeline(nil)
	if lines, err := timeline.Happen(mondayMorning().Add(59 * time.Minute)); len(lines) > 0 || err != nil {
		t.Errorf("before the first moment: %q, %v", lines, err)
	}
	lines, err := timeline.Happen(mondayMorning().Add(2 * time.Hour))
	if err != nil {
		t.Error(err)
	}
	checkLines(t, "the progress", lines, `
Mon 07:00  >> zone-down zone=a for=5m
Mon 07:02  >> operator do=x
Mon 07:05  << zone-down zone=a for=5m is over`)
	if _, ok := timeline.Next(); ok {
		t.Error("something is still to come")
	}
}

// TestDrawsDoNotDependOnOrder checks that a line selects the same servers whatever the
// other lines do.
func TestDrawsDoNotDependOnOrder(t *testing.T) {
	const line = "\n+2h bbb-stops servers=random:2"
	running := numbersTo(12)
	_, _, alone, _ := play(t, "#"+line, running...)
	_, _, second, _ := play(t, "+1h bbb-stops servers=random:5"+line, running...)
	_, _, first, _ := play(t, "+3h bbb-stops servers=50%"+line, running...)
	if a, b, c := alone[0].Servers, second[1].Servers, first[0].Servers; len(a) != 2 || !slices.Equal(a, b) || !slices.Equal(a, c) {
		t.Errorf("the line selects %v alone, %v as the second and %v as the first", a, b, c)
	}
}

// sandboxRun is a run that only has a sandbox.
type sandboxRun struct {
	Run
	sandbox *sandbox.Sandbox
}

func (r sandboxRun) Sandbox() *sandbox.Sandbox { return r.sandbox }

// TestRunningInSandbox checks that running selects the servers whose machine runs in the
// world at that moment.
func TestRunningInSandbox(t *testing.T) {
	surroundings, err := sandbox.Start(sandbox.Config{World: world.Config{
		Start: mondayMorning(), Seed: 1, Running: 3, Meetings: []demand.Meeting{},
		Servers: pool.Servers(5, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = surroundings.Close() }()
	s, _, err := read("bad.txt", []byte("+1h bbb-stops servers=running\n+2h bbb-stops servers=random:5"), testOptions(), testKinds(new([]string)))
	if err != nil {
		t.Fatal(err)
	}
	timeline := s.Timeline(sandboxRun{sandbox: surroundings})
	if _, err := timeline.Happen(mondayMorning().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	surroundings.With(func(w *world.World) { err = w.StopInPlace(w.Machines()[1].ID) })
	if err != nil {
		t.Fatal(err)
	}
	surroundings.AdvanceTo(mondayMorning().Add(2 * time.Hour))
	if _, err := timeline.Happen(surroundings.Now()); err != nil {
		t.Fatal(err)
	}
	entries := timeline.Entries()
	if first, second := entries[0].Servers, entries[1].Servers; !slices.Equal(first, []int{1, 2, 3}) || !slices.Equal(second, []int{1, 3}) {
		t.Errorf("servers %v, then %v; want [1 2 3], then [1 3]", first, second)
	}
}
