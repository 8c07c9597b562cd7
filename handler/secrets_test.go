package handler_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/lab/demand"
	"divims/internal/lab/long"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// TestNoSecretLeaks runs the function for a day in which something fails at every second
// evaluation, and searches every answer, log line, message and stored object for
// secrets.
func TestNoSecretLeaks(t *testing.T) {
	t.Parallel() // it mostly waits
	day := newSecretDay(t)
	day.evaluateAll()
	day.misconfigure()
	day.output.Write(day.log.Bytes())
	for _, message := range day.inbox.read() {
		day.output.WriteString(message)
	}
	day.readObjects()

	text := day.output.String()
	for _, wanted := range []string{`"level":"DEBUG"`, `"level":"ERROR"`, "divims_participants", "<td", "HTTP status 403",
		"operators notified", "notification failed", "NEW\n- critical: Scalelite", "NEW\n- critical: evaluation failed: "} {
		if !strings.Contains(text, wanted) {
			t.Errorf("the output lacks %s: the day did not test what it should", wanted)
		}
	}
	for secret, forms := range day.secrets() {
		for _, form := range forms {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s leaks: …%s…", secret, text[max(0, i-200):min(len(text), i+len(form)+20)])
				break
			}
		}
	}
}

// secretDay is a stage with every secret setting.
type secretDay struct {
	*stage
	settings config.Settings
	environ  []string
	inbox    *inbox
	output   bytes.Buffer
}

func newSecretDay(t *testing.T) *secretDay {
	t.Helper()
	wanted, err := demand.Generate(demand.University, monday, monday.Add(24*time.Hour), 1, 300)
	if err != nil {
		t.Fatal(err)
	}
	surroundings, err := sandbox.Start(sandbox.Config{
		Calendar: []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260302T080000Z\r\nSUMMARY:users=50%\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"),
		World: world.Config{
			Start: monday, Seed: 1, Running: 1, Shipped: true, RecordingWork: 1, Meetings: wanted,
			Servers: pool.Servers(3, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
			Secret:  pool.NewSecret("the-secret-of-every-bbb"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = surroundings.Close() })
	d := &secretDay{stage: &stage{t: t, sandbox: surroundings, log: &bytes.Buffer{}}}
	d.settings, err = config.Load(surroundings.Environment())
	if err != nil {
		t.Fatal(err)
	}
	d.environ = append(surroundings.Environment(),
		"DIVIMS_TOKEN="+token,
		"DIVIMS_CALENDAR_URL="+d.settings.Calendar.URL.Reveal()+"?private=the-secret-of-the-calendar",
		"DIVIMS_STORAGE_ACCESS_KEY="+d.settings.Scaleway.AccessKey.Reveal(),
		"DIVIMS_STORAGE_SECRET_KEY="+d.settings.Scaleway.SecretKey.Reveal(),
		"DIVIMS_REGISTER_ENTRIES=true",
		"DIVIMS_OVH_APPLICATION_KEY=the-key-of-the-application", "DIVIMS_OVH_APPLICATION_SECRET=the-secret-of-the-application",
		"DIVIMS_OVH_CONSUMER_KEY=the-key-of-the-consumer",
		"DIVIMS_NOTIFY_URLS="+strings.Join(d.addresses(), " "), "DIVIMS_NOTIFY_EVERY_WARNING=1m", "DIVIMS_NOTIFY_EVERY_ERROR=1m", "DIVIMS_NOTIFY_EVERY_CRITICAL=1m",
		"DIVIMS_LOG_LEVEL=debug", "DIVIMS_CALL_TIMEOUT=100ms", "DIVIMS_TIMEOUT=10s",
	)
	d.function = d.with()
	return d
}

// addresses returns the addresses of several notification services. One works; the others
// cannot be reached, refuse the message, or are of another kind.
func (d *secretDay) addresses() []string {
	inbox := newInbox(d.t)
	d.inbox = inbox
	storage := strings.TrimPrefix(d.settings.Storage.URL, "http://")
	return []string{
		inbox.address + "/the-secret-of-the-webhook",
		"smtp://divims:the-secret-of-the-mail@127.0.0.1:1/?fromaddress=divims@example.com&toaddresses=ops@example.com",
		"mattermost://chat." + sandbox.Domain + "/the-secret-of-the-chat",
		"matrix://divims:the-secret-of-the-room@127.0.0.1:1/?disabletls=yes",
		"generic+http://" + storage + "/the-secret-of-the-hook?@Authorization=the-secret-of-the-header",
	}
}

// with returns a function with changed settings; the last value of a name counts.
func (d *secretDay) with(changes ...string) http.Handler {
	return handler.FromEnvironment(append(d.environ, changes...), d.log)
}

// request sends a request and keeps the answer.
func (d *secretDay) request(method, path, body, accept string) {
	response := d.ask(method, path, body, "Authorization", bearer, "Accept", accept)
	for name, values := range response.Header() {
		d.output.WriteString(name + ": " + strings.Join(values, ", ") + "\n")
	}
	d.output.Write(response.Body.Bytes())
}

func (d *secretDay) requestAll() {
	d.request("POST", "/", `{"source":"cron"}`, "application/json")
	d.request("GET", "/", "", "text/html")
	d.request("GET", "/", "", "application/json")
	d.request("GET", "/metrics", "", "*/*")
}

// evaluateAll runs a day of evaluations, or eight hours in a short run. Every
// second one has one fault of one service, which hits half of its calls. A short run
// tries every third fault.
func (d *secretDay) evaluateAll() {
	d.t.Helper()
	var rules []faults.Rule
	for i, rule := range allFaults() {
		if i%long.Pick(3, 1) == 0 {
			rules = append(rules, rule)
		}
	}
	for i := range long.Pick(8, 24) * 12 {
		d.sandbox.AdvanceTo(monday.Add(time.Duration(i) * 5 * time.Minute))
		var failing []faults.Rule
		if i%2 == 1 && i/2 < len(rules) {
			failing = rules[i/2 : i/2+1]
		}
		if err := d.sandbox.Faults().Set(failing...); err != nil {
			d.t.Fatal(err)
		}
		d.request("POST", "/", `{"source":"cron"}`, "application/json")
		if i%12 == 0 {
			d.requestAll()
		}
	}
	d.sandbox.Faults().Clear()
	d.requestAll()
}

// allFaults returns every fault except hangs that would only cost the test time.
func allFaults() []faults.Rule {
	var rules []faults.Rule
	for _, kind := range faults.Kinds {
		for _, service := range faults.Services {
			isTLS := kind == faults.ExpiredCertificate || kind == faults.WrongName
			if isTLS != (service == faults.TLS) || kind == faults.Hang && (service == "storage" || service == "scaleway") {
				continue
			}
			rules = append(rules, faults.Rule{Service: service, Call: "*", Kind: kind, Percent: 50})
		}
	}
	return rules
}

// misconfigure runs an evaluation for each of several wrong settings.
func (d *secretDay) misconfigure() {
	domain := "https://nobody." + sandbox.Domain
	for _, change := range []string{
		"SCALELITE_URL=" + domain, "SCALELITE_URL=http://127.0.0.1:1", "SCALELITE_SECRET=the-secret-that-is-wrong",
		"SCALEWAY_URL=" + domain, "SCALEWAY_URL=http://127.0.0.1:1", "SCALEWAY_SECRET_KEY=0b8d5a3e-1111-4222-8333-0123456789ab",
		"STORAGE_URL=" + domain, "STORAGE_URL=http://127.0.0.1:1", "STORAGE_SECRET_KEY=the-secret-that-is-wrong", "STORAGE_BUCKET=another",
		"CALENDAR_URL=" + domain + "/?private=the-secret-that-is-wrong", "CALENDAR_URL=http://127.0.0.1:1/?private=the-secret-that-is-wrong",
		"STATS_URLS=https://{domain}/nowhere?key=the-secret-that-is-wrong", "STATS_PASSWORD=the-secret-that-is-wrong",
		"BBB_CHECKSUM=sha384", "CA_CERTIFICATES=", "USER_DATA=file:/does/not/exist", "TOKEN=" + token + token,
		"NOTIFY_URLS=smtp://u:the-secret-that-is-wrong@" + strings.TrimPrefix(d.settings.Storage.URL, "http://") + "/?starttls=no&fromaddress=a@example.com&toaddresses=a@example.com",
		"NOTIFY_URLS=discord://the-secret-that-is-wrong@1", "NOTIFY_URLS=smtp://u:the-secret-that-is-wrong@127.0.0.1:1/",
		"STATS_TOKEN=the-secret-that-is-wrong", "POOL_SIZE=the-secret-that-is-wrong", // not valid
	} {
		d.sandbox.AdvanceTo(d.sandbox.Now().Add(5 * time.Minute))
		d.function = d.with("DIVIMS_" + change)
		d.request("POST", "/", `{"source":"cron"}`, "application/json")
		d.request("GET", "/", "", "text/html")
	}
	d.sandbox.AdvanceTo(d.sandbox.Now().Add(5 * time.Minute))
	d.function = d.with("DIVIMS_STATS_USER=", "DIVIMS_STATS_PASSWORD=", "DIVIMS_STATS_TOKEN=the-secret-that-is-wrong")
	d.requestAll()
}

// readObjects adds every stored object to the output.
func (d *secretDay) readObjects() {
	d.t.Helper()
	client := s3.New(s3.Options{
		BaseEndpoint: &d.settings.Storage.URL, Region: d.settings.Storage.Region, UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: d.settings.Scaleway.AccessKey.Reveal(), SecretAccessKey: d.settings.Scaleway.SecretKey.Reveal()}, nil
		}),
	})
	list, err := client.ListObjectsV2(d.t.Context(), &s3.ListObjectsV2Input{Bucket: &d.settings.Storage.Bucket})
	if err != nil {
		d.t.Fatal(err)
	}
	if len(list.Contents) < 4 {
		d.t.Errorf("%d objects were stored; want at least state, history, decisions and calendar", len(list.Contents))
	}
	store := storeOf(d.settings)
	for _, object := range list.Contents {
		body, err := store.Object(d.t.Context(), *object.Key)
		if err != nil {
			d.t.Fatal(err)
		}
		d.output.WriteString(*object.Key + "\n")
		d.output.Write(body)
	}
}

// secrets returns the texts that must not appear, by what they are.
func (d *secretDay) secrets() map[string][]string {
	d.t.Helper()
	settings, err := config.Load(d.environ)
	if err != nil {
		d.t.Fatal(err)
	}
	secrets := map[string][]string{
		"a checksum":             {"checksum="},
		"a meeting's password":   {"moderatorPW", "attendeePW"},
		"a header":               {"Authorization\":", "X-Auth-Token\":", "AWS4-HMAC-SHA256"},
		"a wrong secret":         formsOf("the-secret-that-is-wrong"),
		"the calendar's address": formsOf("the-secret-of-the-calendar"),
		"a notification":         {"the-secret-of-the-"},
		"stats' user":            {base64.StdEncoding.EncodeToString([]byte(settings.Stats.User + ":" + settings.Stats.Password.Reveal()))},
	}
	fields := reflect.ValueOf(settings)
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Name
		secret, ok := fields.Field(i).Interface().(pool.Secret)
		switch {
		case !ok || name == "CalendarURL": // its host may appear
		case secret.IsSet():
			secrets[name] = formsOf(secret.Reveal())
		case name != "StatsToken":
			d.t.Errorf("%s is not set in this test", name)
		}
	}
	return secrets
}

func formsOf(secret string) []string {
	quoted, _ := json.Marshal(secret)
	return []string{secret, url.QueryEscape(secret), string(quoted), base64.StdEncoding.EncodeToString([]byte(secret))}
}
