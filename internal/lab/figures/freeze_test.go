package figures_test

import (
	"testing"
	"time"

	"divims/internal/cycle"
	"divims/internal/lab/figures"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// requires returns a record that requires a number of servers.
func requires(servers int) *cycle.Record {
	record := &cycle.Record{}
	record.Plan.Required.Servers = pool.Seen(servers)
	return record
}

// coming sets the time of a record, and adds servers that were coming then.
func coming(record *cycle.Record, clock string, numbers ...int) *cycle.Record {
	record.At = at(clock)
	for _, number := range numbers {
		record.Servers = append(record.Servers, cycle.ServerRecord{Server: pool.Server{Number: number}, Stage: scaling.Coming})
	}
	return record
}

// doubts adds a doubt to a record, with the number of machines that may be started now and,
// if not "", when the next may be.
func doubts(record *cycle.Record, cause scaling.Cause, starts int, next string) *cycle.Record {
	doubt := scaling.Doubt{Cause: cause, Starts: starts}
	if next != "" {
		doubt.Next = at(next)
	}
	record.Plan.Doubts = append(record.Plan.Doubts, doubt)
	return record
}

// did adds an action with its result to a record.
func did(record *cycle.Record, kind scaling.Kind, result scaling.Result) *cycle.Record {
	record.Outcomes = append(record.Outcomes, cycle.Outcome{Kind: kind, Result: result})
	return record
}

// normal are the conditions of a pool that could grow.
func normal(serving ...int) figures.Conditions {
	return figures.Conditions{Serving: serving, FreePlaces: []int{5, 6}, InStock: true, Answered: true}
}

func at(clock string) time.Time {
	parsed, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, time.March, 2, parsed.Hour(), parsed.Minute(), 0, 0, time.UTC)
}

// TestLongestFreezeOfAShortDay is a worked example. Evaluations are 5 minutes apart. Servers
// 5 and 6 can be enabled all day. The column "coming" has the servers that come by the
// record.
//
//	time   required  serving  coming  asked for                 frozen       the run
//	08:00  2         1 2      -       -                         no: 2 of 2   0
//	08:05  4         1 2      -       create 3, 4               no: asked    0
//	08:10  4         1 2      3 4     -                         no: 4 of 4   0
//	08:15  5         1 2      3 4     -                         yes: 4 of 5  5
//	08:20  5         1 2 3    4       -                         yes: 4 of 5  10
//	08:25  -         1 2 3    -       - (it failed)             yes: as at 08:20, 4 of 5  15
//	08:30  5         1 2 3    -       - (4 is late)             yes: 3 of 5  20
//	08:35  5         1 2 3    -       enable 5, which is refused no: asked   0
//	08:40  5         1 2 3    -       -                         yes: 3 of 5  5
//	08:45  3         1 2 3    -       -                         no: 3 of 3   0
//
// The longest freeze is that from 08:15 to 08:30: 4 evaluations × 5 minutes = 20 minutes.
func TestLongestFreezeOfAShortDay(t *testing.T) {
	account := figures.NewAccount(settings)
	for _, row := range []struct {
		clock   string
		serving []int
		record  *cycle.Record
	}{
		{"08:00", []int{1, 2}, requires(2)},
		{"08:05", []int{1, 2}, did(did(requires(4), scaling.Create, scaling.Done), scaling.Create, scaling.Done)},
		{"08:10", []int{1, 2}, coming(requires(4), "08:10", 3, 4)},
		{"08:15", []int{1, 2}, coming(requires(5), "08:15", 3, 4)},
		{"08:20", []int{1, 2, 3}, coming(requires(5), "08:20", 3, 4)}, // 3 serves, and counts once
		{"08:25", []int{1, 2, 3}, nil},
		{"08:30", []int{1, 2, 3}, requires(5)},
		{"08:35", []int{1, 2, 3}, did(requires(5), scaling.Enable, scaling.Failed)},
		{"08:40", []int{1, 2, 3}, requires(5)},
		{"08:45", []int{1, 2, 3}, requires(3)},
	} {
		account.Evaluation(figures.Evaluation{Began: at(row.clock), Failed: row.record == nil, Record: row.record, Conditions: normal(row.serving...)})
	}
	if got := figuresOf(account).LongestFreezeMinutes; got != 20 {
		t.Errorf("the longest freeze is %d minutes, want 20", got)
	}
}

// TestLongestFreezeEdges is a second worked example. All evaluations require 5 servers, and
// 1 and 2 serve. Each row changes one thing, and the run continues through the rows that
// are frozen, whatever else happens in them.
func TestLongestFreezeEdges(t *testing.T) {
	unknown, dry := requires(0), requires(5)
	unknown.Plan.Required.Servers = pool.Unknown[int]("no policy has an answer")
	dry.DryRun = true
	with := func(change func(*figures.Conditions)) figures.Conditions {
		conditions := normal(1, 2)
		change(&conditions)
		return conditions
	}
	account := figures.NewAccount(settings)
	for _, row := range []struct {
		what       string
		clock      string
		record     *cycle.Record
		conditions figures.Conditions
		longest    int // until here
	}{
		{"nothing is done", "09:00", requires(5), normal(1, 2), 5},
		{"Scalelite or Scaleway did not answer", "09:05", requires(5), with(func(c *figures.Conditions) { c.Answered = false }), 5},
		{"out of stock everywhere", "09:10", requires(5), with(func(c *figures.Conditions) { c.InStock = false }), 5},
		{"paused", "09:15", requires(5), with(func(c *figures.Conditions) { c.Paused = true }), 5},
		{"no place left", "09:20", requires(5), with(func(c *figures.Conditions) { c.FreePlaces = nil }), 5},
		{"a dry run", "09:30", dry, normal(1, 2), 5},
		{"the others come", "09:35", coming(requires(5), "09:35", 3, 4, 7), normal(1, 2), 5},
		{"a machine is started", "09:40", did(requires(5), scaling.PowerOn, scaling.Done), normal(1, 2), 5},
		{"one less comes than is missing", "09:45", coming(requires(5), "09:45", 3, 4), normal(1, 2), 5},
		{"an enable for which no time was left", "09:50", did(requires(5), scaling.Enable, scaling.Skipped), normal(1, 2), 10},
		{"an extra evaluation adds no time", "09:52", requires(5), normal(1, 2), 10},
		{"a creation held back at the last moment", "09:55", did(requires(5), scaling.Create, scaling.Held), normal(1, 2), 15},
		{"an unknown requirement is the one before", "10:00", unknown, normal(1, 2), 20},
		{"a cordon is no growth", "10:05", did(requires(5), scaling.Cordon, scaling.Done), normal(1, 2), 25},
		{"an extra evaluation that asks ends it", "10:06", did(requires(5), scaling.Enable, scaling.Done), normal(1, 2), 25},
		{"the next run begins", "10:10", requires(5), normal(1, 2), 25},
	} {
		account.Evaluation(figures.Evaluation{Began: at(row.clock), Record: row.record, Conditions: row.conditions})
		if got := figuresOf(account).LongestFreezeMinutes; got != row.longest {
			t.Errorf("%s, %s: the longest freeze is %d minutes, want %d", row.clock, row.what, got, row.longest)
		}
	}
}

// An evaluation that was killed after it had enabled a server or created a machine is no
// freeze, although nothing has its record.
func TestKilledEvaluationThatGrewIsNoFreeze(t *testing.T) {
	account := figures.NewAccount(settings)
	account.Evaluation(figures.Evaluation{Began: at("08:00"), Record: requires(5), Conditions: normal(1, 2)})
	account.Evaluation(figures.Evaluation{Began: at("08:05"), Failed: true, Grew: true, Conditions: normal(1, 2)})
	account.Evaluation(figures.Evaluation{Began: at("08:10"), Failed: true, Conditions: normal(1, 2)})
	if got := figuresOf(account).LongestFreezeMinutes; got != 5 {
		t.Errorf("the longest freeze is %d minutes, want two of 5", got)
	}
}

// Nothing is known before the first record, and a failure alone is no freeze.
func TestNoFreezeBeforeTheFirstRecord(t *testing.T) {
	account := figures.NewAccount(settings)
	account.Evaluation(figures.Evaluation{Began: at("08:00"), Failed: true, Conditions: normal()})
	if got := figuresOf(account).LongestFreezeMinutes; got != 0 {
		t.Errorf("the longest freeze is %d minutes, want 0", got)
	}
}

// TestDoubtIsNoFreeze has evaluations that require 5 servers while 1 and 2 serve, and ask for
// none. Each is in doubt about something. Growth at a pace is no freeze.
func TestDoubtIsNoFreeze(t *testing.T) {
	for name, test := range map[string]struct {
		record *cycle.Record
		frozen bool
	}{
		"no doubt, and one comes":                           {coming(requires(5), "08:00", 3), true},
		"the first third after many fell, and one comes":    {doubts(coming(requires(5), "08:00", 3), scaling.FellTogether, 0, ""), false},
		"many fell, and nobody comes":                       {doubts(requires(5), scaling.FellTogether, 0, ""), true},
		"many fell, one of the first third serves by now":   {doubts(coming(requires(5), "08:00", 3), scaling.FellTogether, -1, ""), true},
		"probation, and the one that may come is coming":    {doubts(coming(requires(5), "08:00", 3), scaling.NoneComes, 0, ""), false},
		"probation, and one more could be started":          {doubts(coming(requires(5), "08:00", 3), scaling.NoneComes, 1, ""), true},
		"probation, nobody comes, and the next round waits": {doubts(requires(5), scaling.NoneComes, 0, "08:20"), false},
		"the poller is stale, and one comes":                {doubts(coming(requires(5), "08:00", 3), scaling.StalePoller, 0, ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			account := figures.NewAccount(settings)
			account.Evaluation(figures.Evaluation{Began: at("08:00"), Record: test.record, Conditions: normal(1, 2)})
			if frozen := figuresOf(account).LongestFreezeMinutes > 0; frozen != test.frozen {
				t.Errorf("a freeze: %t, want %t", frozen, test.frozen)
			}
		})
	}
}

// A machine that the evaluation before has created is coming, although its record shows
// the pool before that.
func TestCreatedMachineIsComing(t *testing.T) {
	account := figures.NewAccount(settings)
	created := requires(3)
	created.At = at("10:00")
	created.Outcomes = []cycle.Outcome{{Kind: scaling.Create, Server: 3, Result: scaling.Done}}
	account.Evaluation(figures.Evaluation{Began: at("10:00"), Record: created, Conditions: normal(1, 2)})
	for _, clock := range []string{"10:05", "10:20", "10:25"} { // at 10:25 the record is too old
		account.Evaluation(figures.Evaluation{Began: at(clock), Failed: true, Conditions: normal(1, 2)})
	}
	if got := figuresOf(account).LongestFreezeMinutes; got != 5 {
		t.Errorf("the longest freeze is %d minutes, want 5", got)
	}
}
