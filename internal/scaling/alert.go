package scaling

import (
	"fmt"
	"time"

	"divims/internal/fact"
)

// Level is how urgent an alert is.
type Level string

// The levels of the predecessor's notifications.
const (
	Warning  Level = "warning"
	Error    Level = "error"
	Critical Level = "critical"
)

// Rank orders levels: the more urgent, the higher. An unknown level has rank 0.
func (l Level) Rank() int {
	switch l {
	case Warning:
		return 1
	case Error:
		return 2
	case Critical:
		return 3
	}
	return 0
}

// Alert is something that an operator should know.
type Alert struct {
	Level Level `json:"level"`
	// Subject identifies the alert from one evaluation to the next, for example
	// "certificate of bbb-w3.example.com".
	Subject string `json:"subject"`
	// Server is the number of the server that the alert is about, or 0 for the pool.
	Server int `json:"server,omitempty"`
	// Servers are the servers that the alert is about, if there are several. Since is
	// when its cause began, if that is known.
	Servers []int     `json:"servers,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Text    fact.Text `json:"text"`
	// Advice is what an operator can do about it.
	Advice fact.Text `json:"advice,omitzero"`
	// Passing is set if the alert is about a single event, not a lasting condition.
	Passing bool `json:"passing,omitempty"`
}

// alert adds an alert about the pool to the plan.
func (d *decision) alert(level Level, subject, advice, form string, values ...any) {
	d.alertOf(&server{}, level, subject, advice, form, values...)
}

// alertOf adds an alert about a server to the plan.
func (d *decision) alertOf(s *server, level Level, subject, advice, form string, values ...any) {
	d.plan.Alerts = append(d.plan.Alerts, Alert{
		Level: level, Subject: subject, Server: s.Server.Number, Text: fact.New(form, values...), Advice: fact.New(advice),
	})
}

// passing adds an alert about an event to the plan.
func (d *decision) passing(level Level, subject, advice, form string, values ...any) {
	d.alert(level, subject, advice, form, values...)
	d.plan.Alerts[len(d.plan.Alerts)-1].Passing = true
}

// leaveOpen records subjects about which this evaluation can say nothing. An earlier
// alert about one of them is not reported as resolved.
func (d *decision) leaveOpen(subjects ...string) { d.plan.Open = append(d.plan.Open, subjects...) }

// The subjects of alerts about a server, and those about the pool that are used in
// several places.
func serverSubject(s *server) string      { return fmt.Sprintf("server %d", s.Server.Number) }
func certificateSubject(s *server) string { return "certificate of " + s.Server.Domain }
func recordingsSubject(s *server) string  { return "recordings of " + s.Server.Domain }
func statsSubject(s *server) string       { return "stats of " + s.Server.Domain }
func handSubject(s *server) string        { return fmt.Sprintf("hand %d", s.Server.Number) }

const (
	calendarSubject     = "calendar"
	poolSizeSubject     = "pool size"
	noServerLeftSubject = "no server left"
)

// addOpenSubjects leaves open the subjects of servers in maintenance, and those about
// anything that could not be seen.
func (d *decision) addOpenSubjects() {
	for _, s := range d.servers {
		if s.heldByHand() {
			d.leaveOpen(serverSubject(s))
		}
		if s.maintenance() {
			d.leaveOpen(serverSubject(s), certificateSubject(s), recordingsSubject(s), statsSubject(s))
			continue
		}
		if !s.CertificateExpiry.Known() {
			d.leaveOpen(certificateSubject(s)) // even without a machine: the next one may have the same certificate
		}
		if s.machine == nil && s.Machine.Known() {
			continue // its recordings and stats are gone with the machine
		}
		if !s.Recordings.Known() {
			d.leaveOpen(recordingsSubject(s))
		}
		if !s.Stats.Known() {
			d.leaveOpen(statsSubject(s))
		}
	}
	if !d.seen.Calendar.Known() {
		d.leaveOpen(calendarSubject)
	}
	if !d.plan.Required.Servers.Known() {
		d.leaveOpen(poolSizeSubject, noServerLeftSubject)
	}
	if len(d.state.Refusals) > 0 {
		d.leaveOpen(noServerLeftSubject) // the next try may get no machine either
	}
}

// numbers returns the numbers of the servers that satisfy the condition.
func (d *decision) numbers(condition func(*server) bool) fact.Numbers {
	var list fact.Numbers
	for _, s := range d.servers {
		if condition(s) {
			list = append(list, s.Server.Number)
		}
	}
	return list
}
