package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/report"
	"divims/internal/scaling"
)

// operator runs the pool of a site: deploys the function and calls it every five minutes,
// gives orders with the program, and reads messages and status.
type operator struct {
	*site
	start    time.Time // midnight before the first day
	function http.Handler
	// process is the function's way to the services.
	process *sandbox.Caller
	log     bytes.Buffer
	// taken is how many messages were read.
	taken int
	known knowledge
	// blind is true while evaluations are expected not to see enough to act. lost is the
	// number of recordings that were given up on purpose.
	blind bool
	lost  int
	// watch, if set, is called after every evaluation.
	watch func(cycle.Record)
	diary strings.Builder

	last        cycle.Record // of the last evaluation
	evaluations int
	// failed is the server with a recording that only a person can save.
	failed int
}

// deploy changes settings of the function. As in a real deployment, the new instance has
// nothing of the old one's memory.
func (o *operator) deploy(settings ...string) {
	o.t.Helper()
	o.set(settings...)
	if o.process != nil {
		o.process.Close()
	}
	o.process = o.sandbox.NewCaller()
	o.t.Cleanup(o.process.Close)
	deployed := o.settings()
	deployed.Network.Dial = o.process.Dial
	log := slog.New(slog.NewJSONHandler(&o.log, nil))
	o.function = handler.New(func() (*handler.Pool, error) { return handler.Open(deployed, log) }, log)
}

// takeMessages returns the messages since the last call.
func (o *operator) takeMessages() []sandbox.Message {
	messages := o.sandbox.Messages()[o.taken:]
	o.taken += len(messages)
	return messages
}

// The days of the story.
const (
	eve = iota - 1 // the Sunday before
	monday
	tuesday
	wednesday
	thursday
	friday
	saturday
	sunday
)

// clock returns the time of the story when a wall clock shows this on a day.
func (o *operator) clock(day int, clock string) time.Time {
	o.t.Helper()
	at, err := time.Parse("15:04", clock)
	if err != nil {
		o.t.Fatal(err)
	}
	return time.Date(o.start.Year(), o.start.Month(), o.start.Day()+day, at.Hour(), at.Minute(), 0, 0, o.start.Location())
}

// until runs an evaluation every five minutes, up to and including this time.
func (o *operator) until(day int, clock string) {
	o.t.Helper()
	end := o.clock(day, clock)
	for at := o.sandbox.Now().Truncate(interval).Add(interval); !at.After(end); at = at.Add(interval) {
		o.sandbox.AdvanceTo(at)
		o.sandbox.CloseIdleConnections() // connections do not stay open for five minutes
		o.evaluate()
	}
}

// evaluate calls the function as cron does, and checks that nobody is harmed.
func (o *operator) evaluate() {
	o.t.Helper()
	want := http.StatusOK
	if o.blind {
		want = http.StatusServiceUnavailable
	}
	response := o.request(http.MethodPost, "/", `{"source":"cron"}`, want)
	var record cycle.Record
	if err := json.Unmarshal(response, &record); err != nil {
		o.t.Fatal(err)
	}
	o.last, o.evaluations = record, o.evaluations+1
	var tally world.Tally
	var twice []string
	o.sandbox.With(func(w *world.World) { tally, twice = w.Tally(), secondMachines(w) })
	if tally.InterruptedMeetings+tally.RefusedMeetings > 0 || tally.LostRecordings > o.lost || len(twice) > 0 {
		o.t.Fatalf("%s: %d meetings interrupted, %d refused, %d recordings lost, second machines named %q: %s", o.now(),
			tally.InterruptedMeetings, tally.RefusedMeetings, tally.LostRecordings, twice, progressLine(record))
	}
	if o.watch != nil {
		o.watch(record)
	}
	for _, message := range o.takeMessages() {
		o.read(message, record.At)
	}
}

// entryURL returns the URL of a server's entry in Scalelite.
func entryURL(domain string) string { return "https://" + domain + "/bigbluebutton/api" }

// up returns the numbers of the servers that take meetings now.
func (o *operator) up() (numbers []int) {
	o.sandbox.With(func(w *world.World) {
		for _, server := range pool.Servers(8, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate) {
			for _, entry := range w.Entries() {
				if entry.URL == entryURL(server.Domain) && entry.Online && entry.State == pool.Enabled {
					numbers = append(numbers, server.Number)
				}
			}
		}
	})
	return numbers
}

// request calls the function and returns the body of its answer.
func (o *operator) request(method, path, body string, want int, accept ...string) []byte {
	o.t.Helper()
	response := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(o.t.Context(), method, path, strings.NewReader(body))
	request.Header["Accept"] = accept
	o.function.ServeHTTP(response, request)
	if response.Code != want {
		o.t.Fatalf("%s: the function answers %d %s; want %d", o.now(), response.Code, response.Body, want)
	}
	return response.Body.Bytes()
}

// now returns the virtual time in the pool's time zone.
func (o *operator) now() string { return o.sandbox.Now().In(o.start.Location()).Format("Mon 15:04") }

// note puts a line into the diary, which is also the test's log.
func (o *operator) note(format string, arguments ...any) {
	o.t.Helper()
	line := fmt.Sprintf("%s  %s", o.now(), fmt.Sprintf(format, arguments...))
	o.t.Log(line)
	fmt.Fprintf(&o.diary, "%s\n\n", line)
}

// port matches the addresses of the sandbox's services, whose ports differ from run to run.
var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// read checks a message and puts it into the diary.
func (o *operator) read(message sandbox.Message, at time.Time) {
	o.t.Helper()
	o.findNoSecret("a message", message.Title+message.Text)
	if err := o.known.learn(message.Text, at); err != nil {
		o.t.Errorf("%s: %v:\n%s", o.now(), err, message.Text)
	}
	fmt.Fprintf(&o.diary, "%s  message: %s\n", o.now(), message.Title)
	for line := range strings.Lines(port.ReplaceAllString(message.Text, "127.0.0.1:PORT")) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(&o.diary, "    %s\n", line)
		}
	}
	o.diary.WriteString("\n")
}

// expectMessages checks the alerts in the messages since the last call. Each is given by
// its heading, level and subject, as in "NEW warning: state".
func (o *operator) expectMessages(want ...string) {
	o.t.Helper()
	if got := o.known.news; !slices.Equal(got, want) {
		o.t.Errorf("%s: the messages have\n%q, want\n%q", o.now(), got, want)
	}
	o.known.news = nil
}

// order gives an order by the command line within this process, and returns its output.
func (o *operator) order(arguments ...string) string {
	o.t.Helper()
	var out strings.Builder
	program := newRoot()
	program.SetArgs(arguments)
	program.SetOut(&out)
	program.SetErr(&out)
	if err := program.ExecuteContext(withSettings(o.t.Context(), o.settings())); err != nil {
		o.t.Fatalf("%s: divims %q: %v: %s", o.now(), arguments, err, out.String())
	}
	o.findNoSecret("the output of the program", out.String())
	return out.String()
}

// headlines are the page's headlines for each verdict.
var headlines = map[report.Verdict]string{
	report.Well:                      "All is well",
	report.Verdict(scaling.Warning):  "Working, with warnings",
	report.Verdict(scaling.Error):    "Action needed",
	report.Verdict(scaling.Critical): "Urgent action needed",
}

// expectStatus checks that the page shows the verdict and all of the texts, and that the
// JSON and the metrics agree.
func (o *operator) expectStatus(verdict report.Verdict, texts ...string) report.Status {
	o.t.Helper()
	asJSON := o.request(http.MethodGet, "/", "", http.StatusOK, "application/json")
	var status report.Status
	if err := json.Unmarshal(asJSON, &status); err != nil {
		o.t.Fatal(err)
	}
	if status.Verdict != verdict {
		o.t.Errorf("%s: the pool is %s, wanted %s: %+v", o.now(), status.Verdict, verdict, status.Alerts)
	}
	page := o.request(http.MethodGet, "/", "", http.StatusOK, "text/html")
	shown, err := readPage(page)
	if err != nil {
		o.t.Errorf("%s: the page: %v", o.now(), err)
	}
	for _, text := range append(texts, headlines[verdict]) {
		if !strings.Contains(shown, text) {
			o.t.Errorf("%s: the page lacks %q:\n%s", o.now(), text, shown)
		}
	}
	metrics := o.request(http.MethodGet, "/metrics", "", http.StatusOK)
	for _, level := range []scaling.Level{scaling.Warning, scaling.Error, scaling.Critical} {
		count := 0
		for _, need := range status.Alerts {
			if need.Level == level {
				count++
			}
		}
		if line := fmt.Sprintf("divims_alerts{level=%q,pool=\"sandbox\"} %d\n", level, count); !strings.Contains(string(metrics), line) {
			o.t.Errorf("%s: the metrics lack %q", o.now(), line)
		}
	}
	o.findNoSecret("the status", string(page)+string(asJSON)+string(metrics))
	return status
}

// voidElements have no end tag.
var voidElements = []string{"meta", "link", "br", "hr", "img", "input"}

// readPage returns the text that a page shows, or an error if the page is not well-formed:
// it has an element that is not closed, or an id twice.
func readPage(page []byte) (text string, err error) {
	var open []string
	var words []string
	ids := map[string]bool{}
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for {
		kind := tokens.Next()
		token := tokens.Token()
		switch kind {
		case html.ErrorToken:
			if !errors.Is(tokens.Err(), io.EOF) {
				err = errors.Join(err, tokens.Err())
			}
			if len(open) > 0 {
				err = errors.Join(err, fmt.Errorf("not closed: %q", open))
			}
			return strings.Join(words, " "), err
		case html.TextToken:
			if len(open) > 0 && open[len(open)-1] != "style" {
				words = append(words, strings.Fields(token.Data)...)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				return "", fmt.Errorf("</%s> ends %q", token.Data, open)
			}
			open = open[:len(open)-1]
		case html.StartTagToken:
			if !slices.Contains(voidElements, token.Data) {
				open = append(open, token.Data)
			}
		}
		for _, attribute := range token.Attr {
			if attribute.Key == "id" && ids[attribute.Val] {
				err = errors.Join(err, fmt.Errorf("two elements have the id %s", attribute.Val))
			}
			ids[attribute.Val] = ids[attribute.Val] || attribute.Key == "id"
		}
	}
}

// secrets returns the values of the secret settings, by name.
func secrets(settings config.Settings) map[string]string {
	return map[string]string{
		"SCALELITE_SECRET": settings.Scalelite.Secret.Reveal(), "BBB_SECRET": settings.Evaluation.BBBSecret.Reveal(),
		"STATS_PASSWORD":      settings.Stats.Password.Reveal(),
		"SCALEWAY_SECRET_KEY": settings.Scaleway.SecretKey.Reveal(),
	}
}

func (o *operator) findNoSecret(where, text string) {
	o.t.Helper()
	for name, secret := range secrets(o.settings()) {
		if secret == "" || strings.Contains(text, secret) {
			o.t.Errorf("%s: %s is in %s", o.now(), name, where)
		}
	}
}

// knowledge is what operators know from messages.
type knowledge struct {
	every cycle.Every
	// news are the alerts in messages since the last expectMessages.
	news []string
	// open are the alerts that are not known to be over, by subject.
	open map[string]notice
}

// notice is when an alert was last in a message, and its level then.
type notice struct {
	at    time.Time
	level scaling.Level
}

// alertLine matches the line of an alert in a message.
var alertLine = regexp.MustCompile(`^- (warning|error|critical): (.+?)(, since [^:]+\d\d:\d\d [^:]+)?: `)

// learn reads a message. It returns an error if the message repeats an alert too early.
func (k *knowledge) learn(message string, at time.Time) error {
	var problems []error
	heading := ""
	for line := range strings.Lines(message) {
		line = strings.TrimSuffix(line, "\n")
		if slices.Contains([]string{"NEW", "ONGOING", "RESOLVED"}, line) {
			heading = line
			continue
		}
		found := alertLine.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		level, subject := scaling.Level(found[1]), found[2]
		k.news = append(k.news, fmt.Sprintf("%s %s: %s", heading, level, subject))
		last, known := k.open[subject]
		wait := map[scaling.Level]time.Duration{scaling.Warning: k.every.Warning, scaling.Error: k.every.Error, scaling.Critical: k.every.Critical}[level]
		switch {
		case heading == "RESOLVED" && !known:
			problems = append(problems, fmt.Errorf("%s is over, but was not in a message before", subject))
		case heading == "ONGOING" && !known:
			problems = append(problems, fmt.Errorf("%s is ongoing, but was not in a message before", subject))
		case heading != "RESOLVED" && known && level.Rank() <= last.level.Rank() && at.Sub(last.at) < wait:
			problems = append(problems, fmt.Errorf("%s is repeated after %s", subject, at.Sub(last.at)))
		}
		k.open[subject] = notice{at, level}
		if heading == "RESOLVED" {
			delete(k.open, subject)
		}
	}
	return errors.Join(problems...)
}
