package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/internal/lab/figures"
	"divims/internal/lab/long"
	"divims/internal/lab/world"
)

// The flags of TestRandomDays.
var (
	randomDays = flag.Int("days", 0, "run this many random days; 0 is the usual number")
	firstDay   = flag.Uint64("first", 1, "`SEED` of the first random day")
)

// usualRandomDays is how many random days a full run of the tests has.
const usualRandomDays = 20

// What a random day may show.
const (
	// maxRandomFreeze is the longest freeze, in minutes.
	maxRandomFreeze = 15
	// settled is how long after the last event all is as it would have been without events.
	settled = 90 * time.Minute
	// maxComing is how long a machine may take from the evaluation that requires it: a boot
	// and two intervals.
	maxComing = 20 * time.Minute
	// phase is how much the same change may come earlier or later on the day without events.
	phase = 15 * time.Minute
	// daysForUnforeseen is the number of days in which one meeting may be interrupted that
	// began between the last look and the very next call.
	daysForUnforeseen = 100
)

// moment is an evaluation of a random day.
type moment struct {
	at       time.Duration // after the start
	required int           // 0 if it is not known
	serving  int
	// machines are all that the hoster lists. kept are those that have to stay for a meeting
	// or a recording.
	machines, kept int
	withheld       []string
}

// randomRun is a run of a random day.
type randomRun struct {
	figures    figures.Figures
	unforeseen []world.Unforeseen
	moments    []moment
}

// run runs the day, or the same day without its events.
func (d *randomDay) run(t *testing.T, file string) randomRun {
	t.Helper()
	var result randomRun
	options := sandboxOptions{
		servers: d.servers, bareMetal: d.bareMetal, profile: string(d.profile), peak: d.peak, seed: d.seed,
		length: randomDayLength, listen: "127.0.0.1:0", scenario: file, json: true,
		watch: func(e figures.Evaluation, w *world.World) {
			result.moments = append(result.moments, momentOf(e, w))
			result.unforeseen = w.Tally().Unforeseen
		},
	}
	var out strings.Builder
	if err := runSandbox(t.Context(), options, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(lastLine(out.String())), &result.figures); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(result.moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	return result
}

// momentOf returns what an evaluation found and decided, and how the world is after it.
func momentOf(e figures.Evaluation, w *world.World) moment {
	m := moment{at: e.Began.Sub(sandboxStart), serving: len(e.Serving), machines: len(w.Machines()), kept: len(w.Occupied())}
	if e.Record == nil {
		return m
	}
	m.required, _ = e.Record.Required().Get()
	for _, text := range e.Record.Plan.Withheld {
		m.withheld = append(m.withheld, text.String())
	}
	return m
}

// peakRequired is the largest number of servers that was required.
func (r randomRun) peakRequired() int {
	peak := 0
	for _, m := range r.moments {
		peak = max(peak, m.required)
	}
	return peak
}

// between returns the evaluations from one time after the start to another.
func (r randomRun) between(from, to time.Duration) []moment {
	var some []moment
	for _, m := range r.moments {
		if m.at >= from && m.at <= to {
			some = append(some, m)
		}
	}
	return some
}

// TestRandomDays runs days with random events and compares each with the same day without
// events. A full run of the tests has some of them. For many, once:
//
//	go test ./internal/cmd/divims -run 'TestRandomDays$' -days 300 -first 1 -v -timeout 12h
func TestRandomDays(t *testing.T) {
	days := cmp.Or(*randomDays, long.Pick(0, usualRandomDays))
	if days == 0 {
		t.Skip("a long test: -days 20 runs that many days")
	}
	table := randomTable{}
	t.Cleanup(func() { table.end(t, days) }) // after the parallel subtests
	for i := range uint64(days) {
		day := newRandomDay(*firstDay + i)
		t.Run(fmt.Sprint(day.seed), func(t *testing.T) {
			t.Parallel()
			plain := day.run(t, "")
			for plain.peakRequired()*4 > day.servers*3 { // too many people for a pool with a third more places
				day.peak = day.peak * 4 / 5
				plain = day.run(t, "")
			}
			got := day.run(t, day.file(t))
			problems := day.problems(got, plain)
			table.add(day, got, plain, problems)
			if len(problems) > 0 {
				t.Errorf("%s\n\n%s", strings.Join(problems, "\n"), day.text())
			}
		})
	}
}

// problems returns what should not have happened on the day. plain is the run without events.
func (d *randomDay) problems(got, plain randomRun) []string {
	var problems []string
	for _, promise := range []struct {
		what        string
		got, atMost int
	}{
		{"interrupted_participants", got.foreseen(), 0},
		{"lost_recordings", got.figures.LostRecordings, 0},
		// A person may give a machine the name of a server that has one.
		{"duplicate_machines", got.figures.DuplicateMachines, countOf(d.kinds, "hand-rename")},
		{"deleted_by_hand_volumes", got.figures.DeletedByHandVolumes, 0},
		{"entries_doubled", got.figures.EntriesDoubled, 0},
		{"split_meetings", got.figures.SplitMeetings, 0},
		{"longest_freeze_minutes", got.figures.LongestFreezeMinutes, maxRandomFreeze},
	} {
		if promise.got > promise.atMost {
			problems = append(problems, fmt.Sprintf("%s is %d, and must be at most %d", promise.what, promise.got, promise.atMost))
		}
	}
	return append(problems, d.remains(got, plain)...)
}

// foreseen is the number of people whom DiViMS threw out and could have known of.
func (r randomRun) foreseen() int {
	people := r.figures.InterruptedParticipants
	for _, u := range r.unforeseen {
		people -= u.Participants
	}
	return people
}

// remains returns what is still wrong when all should be as without events.
func (d *randomDay) remains(got, plain randomRun) []string {
	var problems []string
	due := d.over + settled
	after := got.between(due, randomDayLength)
	if len(after) == 0 {
		return []string{"no evaluation follows the last event"}
	}
	m := after[0]
	clock := sandboxStart.Add(m.at).Format("15:04")
	if least := least(got.between(m.at-maxComing, m.at)); m.serving < least {
		problems = append(problems, fmt.Sprintf("%s: %d servers serve, and at least %d were required for %s", clock, m.serving, least, maxComing))
	}
	usual, usualFree, withheld := 0, 0, false
	for _, p := range plain.between(m.at-phase, m.at+phase) {
		usual, usualFree, withheld = max(usual, p.machines), max(usualFree, p.machines-p.kept), withheld || len(p.withheld) > 0
	}
	if len(m.withheld) > 0 && !withheld {
		problems = append(problems, fmt.Sprintf("%s: withheld: %q", clock, m.withheld))
	}
	if m.machines > usual+1 && m.machines-m.kept > usualFree+1 {
		problems = append(problems, fmt.Sprintf("%s: %d machines, %d of them kept for meetings or recordings; %d without events, %d of them not kept",
			clock, m.machines, m.kept, usual, usualFree))
	}
	return problems
}

// least returns the smallest number of servers that one of the evaluations required.
func least(moments []moment) int {
	least := 0
	for i, m := range moments {
		if i == 0 || m.required < least {
			least = m.required
		}
	}
	return least
}

// randomTable collects the rows of the random days.
type randomTable struct {
	lock       sync.Mutex
	rows       map[uint64]string
	failed     int
	unforeseen []string
}

// add adds the row of a day.
func (r *randomTable) add(day *randomDay, got, plain randomRun, problems []string) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.rows == nil {
		r.rows = map[uint64]string{}
	}
	f := got.figures
	verdict := "ok"
	if len(problems) > 0 {
		verdict = "FAILED"
		r.failed++
	}
	r.rows[day.seed] = fmt.Sprintf("| %d | %d | %s | %s | %d | %d | %d | %d | %d | %d | %d | %.0f | %.0f | %s |", day.seed, day.servers, day.profile,
		strings.Join(day.kinds, ", "), got.foreseen(), f.LostRecordings, f.SplitMeetings, f.DuplicateMachines, f.EntriesDoubled, f.LongestFreezeMinutes,
		f.UnservedParticipantMinutes, f.ServerHours, plain.figures.ServerHours, verdict)
	for _, u := range got.unforeseen {
		r.unforeseen = append(r.unforeseen, fmt.Sprintf("day %d: %s", day.seed, u))
	}
}

// end shows the table.
func (r *randomTable) end(t *testing.T, days int) {
	text := "\n| day | servers | profile | events | interrupted | lost | split | duplicate | doubled | freeze | unserved | server hours | without events | |\n" +
		"| ---: | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
	var seeds []uint64
	for seed := range r.rows {
		seeds = append(seeds, seed)
	}
	slices.Sort(seeds)
	for _, seed := range seeds {
		text += r.rows[seed] + "\n"
	}
	slices.Sort(r.unforeseen)
	t.Logf("%s\n%d days, %d failed\nunforeseen:\n%s", text, len(r.rows), r.failed, strings.Join(r.unforeseen, "\n"))
	if most := max(1, days/daysForUnforeseen); len(r.unforeseen) > most {
		t.Errorf("%d meetings were interrupted that began between the last look and the very next call; at most %d may", len(r.unforeseen), most)
	}
}

// countOf returns how many events of a kind there are.
func countOf(kinds []string, kind string) (n int) {
	for _, k := range kinds {
		if k == kind {
			n++
		}
	}
	return n
}
