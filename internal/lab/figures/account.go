package figures

import (
	"sync"
	"time"

	"divims/internal/cycle"
	"divims/internal/lab/world"
)

// Settings are those of the function that the figures depend on.
type Settings struct {
	// Interval is the time between two evaluations.
	Interval time.Duration
	// ServerParticipants is how many people a server can carry.
	ServerParticipants int
	// MachineTime is how long a record shows which servers are coming, if no later one does:
	// the larger of BOOT_TIME and GRACE.
	MachineTime time.Duration
}

// Account adds up a run. It is safe for concurrent use.
type Account struct {
	lock     sync.Mutex
	settings Settings

	evaluations, failed int
	// unserved and belowRequired are summed over the full minutes.
	unserved, belowRequired int
	alerts                  map[string]int
	// last is the last record, and seen the last one whose evaluation was not blind.
	last, seen *cycle.Record
	// required is the last known requirement, in servers.
	required int
	freeze   freeze
}

// NewAccount returns an account for a function with these settings.
func NewAccount(settings Settings) *Account {
	return &Account{settings: settings, alerts: map[string]int{}}
}

// Deploy changes the settings: the function was deployed again.
func (a *Account) Deploy(settings Settings) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.settings = settings
}

// Minute adds a full minute of the world. It can be the world's EachMinute.
func (a *Account) Minute(row world.Minute) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.unserved += max(0, row.Served-a.settings.ServerParticipants*row.Serving) + row.Unplaced
	if row.Serving < a.required {
		a.belowRequired++
	}
}

// Evaluation is an evaluation that has ended.
type Evaluation struct {
	// Began is the virtual time at which it began.
	Began time.Time
	// Failed is set if the function did not answer with status 200.
	Failed bool
	// Held is set if another evaluation was under way, so that this one did nothing.
	Held bool
	// Record is its decision record; nil if the function gave none.
	Record *cycle.Record
	// Grew is set if a server was enabled or a machine was created during the evaluation. It
	// shows what an evaluation without a record asked for.
	Grew bool
	Conditions
}

// Conditions are what was true when an evaluation began, even if DiViMS did not see it.
// Answered is about the evaluation itself.
type Conditions struct {
	// Serving are the numbers of the servers that truly served.
	Serving []int
	// FreePlaces are the numbers of the servers that could have been enabled, without those in
	// maintenance or with an end-drain order.
	FreePlaces []int
	// InStock is set if a machine of some type could be had in some zone.
	InStock bool
	// Paused is set if an operator had paused the pool.
	Paused bool
	// Answered is set if Scalelite and Scaleway answered the evaluation.
	Answered bool
}

// Evaluation adds an evaluation.
func (a *Account) Evaluation(e Evaluation) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.evaluations++
	if e.Held {
		return
	}
	if e.Failed {
		a.failed++
	}
	if e.Record != nil {
		a.note(e.Record)
	}
	a.freeze.add(e.Began, a.frozen(e), a.settings.Interval)
}

// note keeps what later minutes and evaluations need of a record, and counts its alerts.
func (a *Account) note(record *cycle.Record) {
	a.last = record
	if !record.Blind {
		a.seen = record
	}
	if required, known := record.Required().Get(); known {
		a.required = required
	}
	subjects := map[string]bool{}
	for _, alert := range record.Plan.Alerts {
		subjects[alert.Subject] = true
	}
	for subject := range subjects {
		a.alerts[subject]++
	}
}
