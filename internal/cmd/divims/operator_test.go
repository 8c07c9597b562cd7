package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
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

// operator runs the pool of a site: has the function deployed and called every five
// minutes, gives orders with the program, and reads what is told and shown.
type operator struct {
	*site
	start    time.Time // midnight before the first day
	function http.Handler
	log      bytes.Buffer
	inbox    *inbox
	known    knowledge
	// blind tells that evaluations are expected not to see enough to act, and
	// lost how many recordings were given up on purpose.
	blind bool
	lost  int
	// watch, if set, looks at every evaluation.
	watch func(cycle.Record)
	diary strings.Builder

	last        cycle.Record // of the last evaluation
	evaluations int
	// failed is the server with a recording that only a person can save.
	failed int
}

// deploy gives the function other settings, as a deployment does: a new instance
// knows nothing of what the old one had in memory.
func (o *operator) deploy(settings ...string) {
	o.t.Helper()
	o.set(settings...)
	o.function = handler.FromEnvironment(o.environ, &o.log)
}

// inbox is a webhook that takes messages as text.
type inbox struct {
	address string // as NOTIFY_URLS takes it

	mutex    sync.Mutex
	messages []string
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	i := &inbox{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		i.mutex.Lock()
		defer i.mutex.Unlock()
		i.messages = append(i.messages, string(body))
	}))
	t.Cleanup(server.Close)
	i.address = "generic+" + server.URL
	return i
}

// take gives the messages since it was last called, each with its title in the
// first line.
func (i *inbox) take() []string {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	messages := i.messages
	i.messages = nil
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

// clock is a time of the story by the wall clock.
func (o *operator) clock(day int, clock string) time.Time {
	o.t.Helper()
	at, err := time.Parse("15:04", clock)
	if err != nil {
		o.t.Fatal(err)
	}
	return time.Date(o.start.Year(), o.start.Month(), o.start.Day()+day, at.Hour(), at.Minute(), 0, 0, o.start.Location())
}

// until lets time pass until then, with an evaluation every five minutes, the last
// of them then.
func (o *operator) until(day int, clock string) {
	o.t.Helper()
	end := o.clock(day, clock)
	for at := o.sandbox.Now().Truncate(interval).Add(interval); !at.After(end); at = at.Add(interval) {
		o.sandbox.AdvanceTo(at)
		o.sandbox.CloseIdleConnections() // nobody keeps connections for five minutes
		o.evaluate()
	}
}

// evaluate has the cron trigger call, and makes sure that nobody is harmed.
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
	for _, message := range o.inbox.take() {
		o.read(message, record.At)
	}
}

// up are the servers that take meetings now, by their numbers.
func (o *operator) up() (numbers []int) {
	o.sandbox.With(func(w *world.World) {
		for _, server := range pool.Servers(8, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate) {
			for _, entry := range w.Entries() {
				if entry.URL == "https://"+server.Domain+"/bigbluebutton/api" && entry.Online && entry.State == pool.Enabled {
					numbers = append(numbers, server.Number)
				}
			}
		}
	})
	return numbers
}

// request asks the function, and gives its answer's body.
func (o *operator) request(method, path, body string, want int, accept ...string) []byte {
	o.t.Helper()
	response := httptest.NewRecorder()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header["Accept"] = accept
	o.function.ServeHTTP(response, request)
	if response.Code != want {
		o.t.Fatalf("%s: the function answers %d %s; want %d", o.now(), response.Code, response.Body, want)
	}
	return response.Body.Bytes()
}

// now is the time of the pool's people.
func (o *operator) now() string { return o.sandbox.Now().In(o.start.Location()).Format("Mon 15:04") }

// note puts a line into the diary, which is also the test's log.
func (o *operator) note(format string, arguments ...any) {
	o.t.Helper()
	line := fmt.Sprintf("%s  %s", o.now(), fmt.Sprintf(format, arguments...))
	o.t.Log(line)
	fmt.Fprintf(&o.diary, "%s\n\n", line)
}

// port is what differs from run to run in the address of a sandbox's service.
var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// read puts a message into the diary, and looks at it.
func (o *operator) read(message string, at time.Time) {
	o.t.Helper()
	o.findNoSecret("a message", message)
	if err := o.known.learn(message, at); err != nil {
		o.t.Errorf("%s: %v:\n%s", o.now(), err, message)
	}
	title, text, _ := strings.Cut(port.ReplaceAllString(message, "127.0.0.1:PORT"), "\n")
	fmt.Fprintf(&o.diary, "%s  told: %s\n", o.now(), title)
	for line := range strings.Lines(strings.TrimSpace(text)) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(&o.diary, "    %s\n", line)
		}
	}
	o.diary.WriteString("\n")
}

// told compares what operators were told since the last time with what they should
// have been: each the heading, the level and the subject, as in "NEW warning: state".
func (o *operator) told(want ...string) {
	o.t.Helper()
	if got := o.known.news; !slices.Equal(got, want) {
		o.t.Errorf("%s: told\n%q, wanted\n%q", o.now(), got, want)
	}
	o.known.news = nil
}

// order gives an order with the program, and gives what it says.
func (o *operator) order(arguments ...string) string {
	o.t.Helper()
	command := newProgram(o.t.Context(), o.environ, arguments...)
	out, err := command.CombinedOutput()
	if err != nil {
		o.t.Fatalf("%s: divims %q: %v: %s", o.now(), arguments, err, out)
	}
	o.findNoSecret("what the program says", string(out))
	return string(out)
}

// headlines are what the page says of each verdict.
var headlines = map[report.Verdict]string{
	report.Well:                      "All is well",
	report.Verdict(scaling.Warning):  "Working, with warnings",
	report.Verdict(scaling.Error):    "Action needed",
	report.Verdict(scaling.Critical): "Urgent action needed",
}

// sees looks at the page, which has to say the verdict and all of the texts, at the
// same as JSON, and at the metrics.
func (o *operator) sees(verdict report.Verdict, texts ...string) report.Status {
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
	o.findNoSecret("what is shown", string(page)+string(asJSON)+string(metrics))
	return status
}

// voidElements have no end.
var voidElements = []string{"meta", "link", "br", "hr", "img", "input"}

// readPage gives the text that a page shows. An error says that it is not
// well-formed: elements that are not closed, or ids that are there twice.
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

// secrets are the values of all settings that are secret.
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

// knowledge is what operators know by messages.
type knowledge struct {
	every cycle.Every
	// news are the matters that were told of since somebody looked.
	news []string
	// open are the matters that they do not know to be over, by their subjects.
	open map[string]acquaintance
}

// acquaintance is when operators were last told of a matter, and how.
type acquaintance struct {
	at    time.Time
	level scaling.Level
}

// matterLine is a line of a message that tells of a matter.
var matterLine = regexp.MustCompile(`^- (warning|error|critical): (.+?)(, since [^:]+\d\d:\d\d [^:]+)?: `)

// learn takes in a message. An error says that it told of something too early again.
func (k *knowledge) learn(message string, at time.Time) error {
	var problems []error
	heading := ""
	for line := range strings.Lines(message) {
		line = strings.TrimSuffix(line, "\n")
		if slices.Contains([]string{"NEW", "ONGOING", "RESOLVED"}, line) {
			heading = line
			continue
		}
		found := matterLine.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		level, subject := scaling.Level(found[1]), found[2]
		k.news = append(k.news, fmt.Sprintf("%s %s: %s", heading, level, subject))
		last, known := k.open[subject]
		wait := map[scaling.Level]time.Duration{scaling.Warning: k.every.Warning, scaling.Error: k.every.Error, scaling.Critical: k.every.Critical}[level]
		switch {
		case heading == "RESOLVED" && !known:
			problems = append(problems, fmt.Errorf("%s is over, and nobody knew of it", subject))
		case heading == "ONGOING" && !known:
			problems = append(problems, fmt.Errorf("%s goes on, and nobody knew of it", subject))
		case heading != "RESOLVED" && known && level.Rank() <= last.level.Rank() && at.Sub(last.at) < wait:
			problems = append(problems, fmt.Errorf("%s is told again after %s", subject, at.Sub(last.at)))
		}
		k.open[subject] = acquaintance{at, level}
		if heading == "RESOLVED" {
			delete(k.open, subject)
		}
	}
	return errors.Join(problems...)
}
