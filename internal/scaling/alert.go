package scaling

import (
	"fmt"
	"strings"
)

// Level is how urgent an alert is.
type Level string

// The levels, as the predecessor's notifications had them.
const (
	Warning  Level = "warning"
	Error    Level = "error"
	Critical Level = "critical"
)

// Rank orders levels: the more urgent, the higher; none is 0.
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
	// Subject stays the same while the matter goes on, for example
	// "certificate of bbb-w3.example.com".
	Subject string `json:"subject"`
	// Server is the number of the server that it is about; 0 for the pool.
	Server int    `json:"server,omitempty"`
	Text   string `json:"text"`
	// Advice is what an operator can do about it.
	Advice string `json:"advice,omitempty"`
	// Passing tells of an event: it does not go on, and nothing of it ends.
	Passing bool `json:"passing,omitempty"`
}

func (d *decision) alert(level Level, subject, advice, format string, args ...any) {
	d.alertOf(&server{}, level, subject, advice, format, args...)
}

// alertOf is an alert about a server.
func (d *decision) alertOf(s *server, level Level, subject, advice, format string, args ...any) {
	d.plan.Alerts = append(d.plan.Alerts, Alert{
		Level: level, Subject: subject, Server: s.Server.Number, Text: fmt.Sprintf(format, args...), Advice: advice,
	})
}

// passing is an alert about an event.
func (d *decision) passing(level Level, subject, advice, format string, args ...any) {
	d.alert(level, subject, advice, format, args...)
	d.plan.Alerts[len(d.plan.Alerts)-1].Passing = true
}

// leaveOpen says that nobody can tell now whether matters still go on.
func (d *decision) leaveOpen(subjects ...string) { d.plan.Open = append(d.plan.Open, subjects...) }

// The subjects of a server, and of the pool where several places name them.
func serverSubject(s *server) string      { return fmt.Sprintf("server %d", s.Server.Number) }
func certificateSubject(s *server) string { return "certificate of " + s.Server.Domain }
func recordingsSubject(s *server) string  { return "recordings of " + s.Server.Domain }
func statsSubject(s *server) string       { return "stats of " + s.Server.Domain }

const (
	calendarSubject     = "calendar"
	poolSizeSubject     = "pool size"
	noServerLeftSubject = "no server left"
)

// openMatters are those of which this evaluation cannot tell whether they go on:
// of servers that an operator has in hand, and of what could not be seen.
func (d *decision) openMatters() {
	for _, s := range d.servers {
		if s.maintenance() {
			d.leaveOpen(serverSubject(s), certificateSubject(s), recordingsSubject(s), statsSubject(s))
			continue
		}
		if !s.CertificateExpiry.Known() {
			d.leaveOpen(certificateSubject(s)) // also where no machine runs: the next one may have the same
		}
		if s.machine == nil && s.Machine.Known() {
			continue // what was on the machine is gone with it
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
	if len(d.state.Shortages) > 0 {
		d.leaveOpen(noServerLeftSubject) // those that are tried again may get no machine again
	}
}

// fewest servers are named one by one in a text.
const fewest = 10

// numbers lists the servers for which a condition holds: "servers 1, 2 and 5 more".
func (d *decision) numbers(condition func(*server) bool) (list string, n int) {
	for _, s := range d.servers {
		if !condition(s) {
			continue
		}
		n++
		switch {
		case n == 1:
			list = serverSubject(s)
		case n <= fewest:
			list += fmt.Sprintf(", %d", s.Server.Number)
		}
	}
	if n > 1 {
		list = strings.Replace(list, "server", "servers", 1)
	}
	if n > fewest {
		list += fmt.Sprintf(" and %d more", n-fewest)
	}
	return list, n
}
