package handler

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"divims/internal/client/storage"
	"divims/internal/config"
	"divims/internal/config/setting"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// alsoUsed are the places that use a setting besides the one where it is declared.
var alsoUsed = map[string][]string{
	"POOL":                {"evaluation", "report", "storage", "scaleway", "failures"}, // scaleway: the default of TAG has the name
	"HOSTNAME_TEMPLATE":   {"evaluation", "scaleway", "cloudinit"},
	"DOMAIN_TEMPLATE":     {"evaluation", "cloudinit"},
	"POOL_SIZE":           {"evaluation", "report", "network", "scaleway"},
	"BARE_METAL_COUNT":    {"evaluation", "scaleway"},
	"INTERVAL":            {"report", "network", "storage"},
	"SCALELITE_URL":       {"storage"}, // it says whose the state is
	"SCALEWAY_PROJECT_ID": {"storage"},
	"SERVER_PARTICIPANTS": {"report"},
	"TIMEZONE":            {"report", "calendar"},
	"RECORDINGS":          {"cloudinit"},
	"CERTIFICATE_WARNING": {"network"},
	"CALL_TIMEOUT":        {"network"},
	"OBSERVE_PARALLEL":    {"network"},
	"DRY_RUN":             {"report"},
	"NOTIFY_URLS":         {"failures"},
	"STATS_URLS":          {"cloudinit"},
	"STATS_USER":          {"cloudinit"},
	"STATS_PASSWORD":      {"cloudinit"},
	"ZONES":               {"evaluation"},
	"SCALEWAY_ACCESS_KEY": {"storage"}, // it is the default of STORAGE_ACCESS_KEY
	"SCALEWAY_SECRET_KEY": {"storage"},
	"CA_CERTIFICATES":     {"notify"},
}

// together has, for a setting that is not valid alone, the settings to change with it.
var together = map[string]map[string]string{
	"STORAGE_ACCESS_KEY": {"STORAGE_ACCESS_KEY": "one", "STORAGE_SECRET_KEY": "two"},
	"STORAGE_SECRET_KEY": {"STORAGE_ACCESS_KEY": "one", "STORAGE_SECRET_KEY": "two"},
	"REGISTER_ENTRIES":   {"BBB_SECRET": "secret"},
	"STATS_TOKEN":        {"STATS_USER": "", "STATS_PASSWORD": "", "SERVER_SETUP": "false"},
}

// TestEverySettingArrives sets each setting in turn to another value and checks that
// the function is wired differently, in the place where the setting is declared and
// in all others that use it. A copy that was forgotten between Load and Open fails.
func TestEverySettingArrives(t *testing.T) {
	base, others := environments(t)
	usual, again := wiring(t, base), wiring(t, base)
	parts := declarations()
	for _, s := range config.Declarations() {
		name, field, part := s.Name, parts[s.Name].field, parts[s.Name].part
		if s.Section == "commands" || s.Section == "function" {
			continue // the command line and deploy have tests of their own for them
		}
		t.Run(name, func(t *testing.T) {
			usual, again := usual, again
			base := maps.Clone(base)
			if others, found := together[name]; found {
				maps.Copy(base, others)
				usual, again = wiring(t, base), wiring(t, base)
			}
			changed := maps.Clone(base)
			changed[name] = others[name]
			if changed[name] == "" {
				changed[name] = another(t, field, base[name])
			}
			places := differing(usual, wiring(t, changed), again)
			wanted := append([]string{strings.ToLower(part)}, alsoUsed[name]...)
			if part == "Pool" {
				wanted = alsoUsed[name] // pool's own settings are used elsewhere only
			}
			for _, place := range wanted {
				if !slices.Contains(places, place) {
					t.Errorf("it does not arrive in %s; the wiring differs in %q", place, places)
				}
			}
		})
	}
}

// declaration is the field that declares a setting, and its struct in config.Settings.
type declaration struct {
	part  string
	field reflect.StructField
}

// declarations returns the fields that declare the settings, by their names.
func declarations() map[string]declaration {
	all := map[string]declaration{}
	settings := reflect.TypeFor[config.Settings]()
	for i := range settings.NumField() {
		part := settings.Field(i)
		for _, field := range reflect.VisibleFields(part.Type) {
			if name := field.Tag.Get("envconfig"); name != "" {
				all[name] = declaration{part.Name, field}
			}
		}
	}
	return all
}

// environments returns an environment in which every part of the function is used,
// and other values for those settings for which another returns none.
func environments(t *testing.T) (base, others map[string]string) {
	t.Helper()
	virtual := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "2001-01-01T00:00:00Z")
	}))
	t.Cleanup(virtual.Close)
	one := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "one") }))
	t.Cleanup(one.Close)
	two := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "two") }))
	t.Cleanup(two.Close)
	secure := httptest.NewTLSServer(nil)
	t.Cleanup(secure.Close)
	document := filepath.Join(t.TempDir(), "cloud-init.yaml")
	if err := os.WriteFile(document, []byte("#cloud-config\nruncmd: [ls]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	base = map[string]string{
		"CALENDAR_URL": "https://example.com/courses.ics",
		"NOTIFY_URLS":  "generic://hook.example.com/a",
		"CONNECT_TO":   "example.com=" + one.Listener.Addr().String(),
	}
	for _, variable := range config.Examples() {
		name, value, _ := strings.Cut(strings.TrimPrefix(variable, "DIVIMS_"), "=")
		base[name] = value
	}
	const uuid = "22222222-2222-2222-2222-222222222222"
	return base, map[string]string{
		"POOL": "other", "HOSTNAME_TEMPLATE": "other-{n}", "DOMAIN_TEMPLATE": "other-{n}.example.com",
		"CALENDAR_URL": "https://example.com/other.ics", "CALENDAR_USER_AGENT": "other", "NOTIFY_URLS": "generic://hook.example.com/b",
		"CONNECT_TO": "example.com=" + two.Listener.Addr().String(), "CLOCK_URL": virtual.URL, "USER_DATA": "file:" + document,
		"CA_CERTIFICATES": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})),
		"SCALELITE_URL":   "https://other.example.com", "STATS_URLS": "https://{domain}/other/node_exporter", "STATS_USER": "other",
		"SCALEWAY_URL": "https://other.example.com", "SCALEWAY_PROJECT_ID": uuid, "SCALEWAY_SECRET_KEY": uuid, "SCALEWAY_ACCESS_KEY": "SCWYYYYYYYYYYYYYYYYY",
		"ZONES": "nl-ams-1", "COMMERCIAL_TYPES": "PRO2-M", "IMAGE_NAME": "other-", "TAG": "other",
		"UNRESPONSIVE_DELETE_AFTER": "2h", "STORAGE_URL": "https://other.example.com", "STORAGE_REGION": "nl-ams", "STORAGE_BUCKET": "other", "STORAGE_PREFIX": "other",
	}
}

// another returns a valid value of a setting that is not its present one.
func another(t *testing.T, field reflect.StructField, present string) string {
	t.Helper()
	tag := field.Tag
	if present == "" {
		present = tag.Get("default")
	}
	for word := range strings.SplitSeq(tag.Get("oneof"), ",") {
		if word != "" && word != present {
			return word
		}
	}
	switch field.Type {
	case reflect.TypeFor[bool]():
		return strconv.FormatBool(present != "true")
	case reflect.TypeFor[int]():
		number, _ := strconv.Atoi(present)
		return strconv.Itoa(number + 1)
	case reflect.TypeFor[time.Duration]():
		duration, _ := setting.ParseDuration(present)
		return (duration + time.Minute).String()
	case reflect.TypeFor[setting.Percentage]():
		return "42%"
	case reflect.TypeFor[setting.Timezone]():
		return "America/New_York"
	case reflect.TypeFor[scaling.Pair]():
		return "1.7"
	case reflect.TypeFor[scaling.Hours]():
		return "01:00-02:00"
	case reflect.TypeFor[pool.Secret]():
		return "another-secret-value"
	}
	if example := tag.Get("example"); example != present {
		return example
	}
	t.Fatal("give the setting another value in environments")
	return ""
}

// wiring returns all that the function is wired with for an environment, by place and
// path in it.
func wiring(t *testing.T, environment map[string]string) map[string]string {
	t.Helper()
	var environ []string
	for name, value := range environment {
		environ = append(environ, "DIVIMS_"+name+"="+value)
	}
	settings, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	h := FromEnvironment(environ, io.Discard)
	p, err := h.open()
	if err != nil {
		t.Fatal(err)
	}
	outside, err := Connect(settings)
	if err != nil {
		t.Fatal(err)
	}
	services := p.cycle.Services
	values := map[string]string{}
	for place, value := range map[string]any{
		"decision": p.cycle.Config.Scaling, "evaluation": p.cycle.Config, "report": p.about,
		"scalelite": services.LoadBalancer, "bbb": services.Meetings, "scaleway": services.Hoster, "stats": services.Stats,
		"calendar": services.Calendar, "notify": services.Notifier, "network": outside.HTTP,
		"storage":  []any{p.store, storageKeys(t, p.store.(*storage.Store))},
		"failures": []any{h.failures.pool, h.failures.notifier},
		"function": []any{h.token, h.log.Enabled(t.Context(), slog.LevelDebug), isVirtual(t, p)},
	} {
		collect(values, place, reflect.ValueOf(value), map[unsafe.Pointer]bool{})
	}
	values["network answer"] = answer(t, outside.HTTP)
	values["cloudinit text"] = documents(t, p)
	return values
}

// differing returns the places in which two wirings differ. Paths in which two equal
// ones differ, such as clocks, are left out.
func differing(usual, changed, again map[string]string) []string {
	places := map[string]bool{}
	for _, wiring := range []map[string]string{usual, changed} {
		for path := range wiring {
			if usual[path] != changed[path] && usual[path] == again[path] {
				place, _, _ := strings.Cut(path, " ")
				places[place] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(places))
}

// collect adds all texts, numbers and flags that a value leads to, by their paths.
// Secrets are among them, so no failure shows the values.
func collect(values map[string]string, path string, v reflect.Value, seen map[unsafe.Pointer]bool) {
	switch v.Kind() {
	case reflect.Interface:
		collect(values, path, v.Elem(), seen)
	case reflect.Pointer:
		if v.IsNil() || seen[v.UnsafePointer()] {
			return
		}
		seen[v.UnsafePointer()] = true
		collect(values, path+" *", v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			switch {
			case field.Name == "Scaling" || field.Name == "http": // collected separately
			case v.Type() == reflect.TypeFor[http.Transport]() && !field.IsExported(): // open connections
			default:
				collect(values, path+" "+field.Name, v.Field(i), seen)
			}
		}
	case reflect.Slice, reflect.Array:
		values[path+" len"] = strconv.Itoa(v.Len())
		for i := range v.Len() {
			collect(values, path+" "+strconv.Itoa(i), v.Index(i), seen)
		}
	case reflect.Map:
		values[path+" len"] = strconv.Itoa(v.Len())
		for entries := v.MapRange(); entries.Next(); {
			collect(values, path+" "+fmt.Sprint(entries.Key()), entries.Value(), seen)
		}
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Invalid:
		values[path+" nil"] = strconv.FormatBool(!v.IsValid() || v.IsNil())
	default:
		values[path] = fmt.Sprint(v)
	}
}

// storageKeys returns the keys that a store signs with, which its client has in a
// function.
func storageKeys(t *testing.T, store *storage.Store) []string {
	t.Helper()
	field := reflect.ValueOf(store).Elem().FieldByName("s3")
	client := *(**s3.Client)(unsafe.Pointer(field.UnsafeAddr()))
	keys, err := client.Options().Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return []string{keys.AccessKeyID, keys.SecretAccessKey}
}

// isVirtual reports whether the pool's clock is the sandbox's, not the system's.
func isVirtual(t *testing.T, p *Pool) bool {
	t.Helper()
	now, _, err := p.clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return now.Year() == 2001
}

// answer returns what answers for example.com.
func answer(t *testing.T, client *http.Client) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// documents returns the user data of the first server's machine.
func documents(t *testing.T, p *Pool) string {
	t.Helper()
	text, err := p.UserData(t.Context(), p.cycle.Config.Servers[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
