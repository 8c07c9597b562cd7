package scaling

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
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

// Alert is something that an operator should know. There is one for a cause, not one for
// each server that has it.
type Alert struct {
	Level Level `json:"level"`
	// Subject identifies the alert from one evaluation to the next: one of the Subject
	// constants, or a word with a server's number, an image, a zone or an entry's URL, for
	// example "certificate 3".
	Subject string `json:"subject"`
	// Server is the number of the server that the alert is about, or 0 for the pool or
	// several servers.
	Server int `json:"server,omitempty"`
	// Servers are the servers that the alert is about, if there are several. Since is
	// when its cause began, if that is known.
	Servers []int     `json:"servers,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// Quote is the answer from outside that the alert is about, as it came; empty if there
	// is none. Text has it, too.
	Quote string    `json:"quote,omitempty"`
	Text  fact.Text `json:"text"`
	// Advice is what an operator can do about it.
	Advice fact.Text `json:"advice,omitzero"`
	// Passing is set if the alert is about a single event, not a lasting condition.
	Passing bool `json:"passing,omitempty"`
}

// The subjects of alerts about the pool. The evaluation itself raises the first seven.
const (
	SubjectLease         = "lease"
	SubjectStorage       = "storage"
	SubjectState         = "state"
	SubjectNotifications = "notifications"
	SubjectStock         = "stock"
	SubjectCreation      = "creation"
	SubjectScaleway      = "Scaleway"
	SubjectScalelite     = "Scalelite"
	SubjectPoller        = "poller"
	SubjectNetwork       = "network"
	SubjectImage         = "image"
	SubjectPoolSize      = "pool size"
	SubjectOverloaded    = "overloaded"
	SubjectPolicy        = "policy"
	SubjectCalendar      = "calendar"
	SubjectLimits        = "limits"
	SubjectPaused        = "paused"
)

// SubjectServer returns the subject of alerts about a server and its machine.
func SubjectServer(number int) string { return "server " + strconv.Itoa(number) }

// SubjectCertificate returns the subject of alerts about a server's certificate.
func SubjectCertificate(number int) string { return "certificate " + strconv.Itoa(number) }

// SubjectRecording returns the subject of alerts about a server's recordings.
func SubjectRecording(number int) string { return "recording " + strconv.Itoa(number) }

// SubjectStats returns the subject of alerts about a server's figures.
func SubjectStats(number int) string { return "stats " + strconv.Itoa(number) }

func subjectHand(number int) string     { return "hand " + strconv.Itoa(number) }
func subjectIdentity(number int) string { return "identity " + strconv.Itoa(number) }
func subjectImage(name string) string   { return SubjectImage + " " + name }
func subjectZone(name string) string    { return "zone " + name }
func subjectEntry(url string) string    { return "entry " + url }

// alert adds an alert about the pool to the plan, and returns it for further fields.
func (d *decision) alert(level Level, subject, advice, form string, values ...any) *Alert {
	d.plan.Alerts = append(d.plan.Alerts, Alert{Level: level, Subject: subject, Text: fact.New(form, values...), Advice: fact.New(advice)})
	return &d.plan.Alerts[len(d.plan.Alerts)-1]
}

// alertOf adds an alert about a server to the plan, and returns it for further fields.
// subject returns the subject for a server's number.
func (d *decision) alertOf(s *server, level Level, subject func(int) string, advice, form string, values ...any) *Alert {
	alert := d.alert(level, subject(s.Server.Number), advice, form, values...)
	alert.Server = s.Server.Number
	return alert
}

// passing adds an alert about an event to the plan.
func (d *decision) passing(level Level, subject, advice, form string, values ...any) {
	d.alert(level, subject, advice, form, values...).Passing = true
}

// leaveOpen records subjects about which this evaluation can say nothing. An earlier
// alert about one of them is not reported as resolved.
func (d *decision) leaveOpen(subjects ...string) { d.plan.Open = append(d.plan.Open, subjects...) }

// leaveAllOpen leaves open all subjects that begin with a word and that operators know of.
func (d *decision) leaveAllOpen(word string) {
	for subject := range d.state.Notified {
		if strings.HasPrefix(subject, word+" ") {
			d.leaveOpen(subject)
		}
	}
}

// addOpenSubjects leaves open the subjects of servers in maintenance, and those about
// anything that could not be seen.
func (d *decision) addOpenSubjects() {
	for _, s := range d.servers {
		d.addOpenSubjectsOf(s)
	}
	if !d.seen.Calendar.Known() {
		d.leaveOpen(SubjectCalendar)
	}
	if !d.plan.Required.Servers.Known() || len(d.state.Refusals) > 0 { // the next try may get no machine either
		d.leaveOpen(SubjectPoolSize)
	}
	if !d.seen.Images.Known() {
		d.leaveAllOpen(SubjectImage)
	}
}

func (d *decision) addOpenSubjectsOf(s *server) {
	n := s.Server.Number
	if s.maintenance() {
		d.leaveOpen(SubjectServer(n), SubjectCertificate(n), SubjectRecording(n), SubjectStats(n), subjectIdentity(n), subjectHand(n))
		return
	}
	if s.heldByHand() || s.explained || !s.Entry.Known() || !s.Machine.Known() {
		d.leaveOpen(SubjectServer(n))
	}
	if s.MayBeUnread {
		d.leaveOpen(subjectIdentity(n))
	}
	if !s.CertificateExpiry.Known() {
		d.leaveOpen(SubjectCertificate(n)) // even without a machine: the next one may have the same certificate
	}
	if s.hasNoMachine() {
		return // its recordings and stats are gone with the machine
	}
	if !s.Recordings.Known() {
		d.leaveOpen(SubjectRecording(n))
	}
	if !s.Stats.Known() {
		d.leaveOpen(SubjectStats(n))
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

// MergeAlerts merges the alerts of each subject into one with the highest level, and puts
// the most urgent first.
func MergeAlerts(alerts []Alert) []Alert {
	index := make(map[string]int, len(alerts))
	var bySubject [][]Alert
	for _, alert := range alerts {
		at, found := index[alert.Subject]
		if !found {
			at = len(bySubject)
			index[alert.Subject] = at
			bySubject = append(bySubject, nil)
		}
		bySubject[at] = append(bySubject[at], alert)
	}
	list := make([]Alert, len(bySubject))
	for i, same := range bySubject {
		list[i] = merge(same)
	}
	slices.SortStableFunc(list, func(a, b Alert) int { return cmp.Compare(b.Level.Rank(), a.Level.Rank()) })
	return list
}

// maxTexts is the most texts that a merged alert quotes.
const maxTexts = 10

// merge returns one alert for those with the same subject.
func merge(alerts []Alert) Alert {
	merged := alerts[0]
	if len(alerts) == 1 {
		return merged
	}
	var texts fact.List
	said := map[string]bool{}
	var concerned [][]int
	for _, alert := range alerts {
		if text := alert.Text.String(); !said[text] {
			said[text] = true
			texts = append(texts, alert.Text)
		}
		if alert.Level.Rank() > merged.Level.Rank() {
			merged.Level, merged.Advice = alert.Level, alert.Advice
		}
		concerned = append(concerned, alert.Servers)
		if alert.Server != merged.Server {
			merged.Server = 0
		}
		if merged.Since.IsZero() || !alert.Since.IsZero() && alert.Since.Before(merged.Since) {
			merged.Since = alert.Since
		}
		merged.Quote = cmp.Or(merged.Quote, alert.Quote)
		merged.Passing = merged.Passing && alert.Passing
	}
	if more := len(texts) - maxTexts; more > 0 {
		texts = append(texts[:maxTexts], fact.New("and %d more", more))
	}
	if len(texts) > 1 {
		merged.Text = fact.New("%s", texts)
	}
	merged.Servers = slices.Compact(slices.Sorted(slices.Values(slices.Concat(concerned...))))
	return merged
}
