package scalewayapi_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// exchange is a recorded call to Scaleway with its response.
type exchange struct {
	Method   string            `json:"method"`
	URL      string            `json:"url"`
	Request  any               `json:"request"`
	Status   int               `json:"status"`
	Headers  map[string]string `json:"headers"`
	Response any               `json:"response"`
}

// notServed are recorded calls that the sandbox does not serve, with the reason. Calls
// about resources that these calls created are skipped, too.
var notServed = []struct{ method, path, why string }{
	{"POST", `^/block/[^/]+/zones/[^/]+/volumes$`, "a pool makes no volumes by themselves"},
	{"POST", `/detach-volume$`, "a pool detaches no volumes from machines"},
	{"GET", `^/instance/v2alpha1/`, "a pool has no private networks"},
}

// notReproducible are recorded calls whose response cannot be the same here, with the
// reason.
var notReproducible = []struct {
	file        string
	first, last int
	why         string
}{
	{"create-and-poweron.json", 17, 17, "shows a volume in the seconds of its detaching, which take no time in the world"},
	{"terminate-with-ip.json", 10, 20, "shows the volume that was detached before the server was terminated"},
}

// expectedDifferences are differences between recorded responses and ours. Each is for
// one recording, or for all if file is empty, and for paths that end with call.
var expectedDifferences = []struct{ file, call, path, why string }{
	{"", "", "server.dns", "came between the recordings of 2025 and 2026"},
	{"", "", "servers.dns", "came between the recordings of 2025 and 2026"},
	{"", "/action", "header Location", "was gone in the recording of 2026, as tasks were"},
	{"terminate-leaves-sbs-volume.json", "", "server.volumes.1", "the world's machines have one volume"},
	{"list-images.json", "", "image.root_volume.volume_type", "the world has one image for both kinds of volumes"},
	{"list-images.json", "", "image.root_volume.name", "the world has one image for both kinds of volumes"},
	{"list-images.json", "", "server.image.root_volume.volume_type", "the world has one image for both kinds of volumes"},
	{"list-images.json", "", "server.image.root_volume.name", "the world has one image for both kinds of volumes"},
}

// comparedFields are the fields whose values are compared. For all other fields only the
// type is compared.
var comparedFields = []string{
	"state", "state_detail", "status", "type", "volume_type", "message", "resource", "resource_id", "argument_name",
	"reason", "help_message", "dynamic", "family", "product_resource_type", "data", "name", "ttl", "priority", "total_count",
	"perf_iops", "class", "server", "reverse",
}

// TestConformance repeats calls that were recorded at Scaleway. The sandbox must respond
// with the same status, the same fields with the same types, and the same values of
// comparedFields.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recordings(t), "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var exchanges []exchange
			if err := json.Unmarshal(content, &exchanges); err != nil {
				t.Fatal(err)
			}
			newReplay(t, name, exchanges).run()
		})
	}
}

// recordings returns the folder of the recorded traffic, which is beside the repository.
func recordings(t *testing.T) string {
	t.Helper()
	root, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(root, "go.mod")); missing == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod above the test")
		}
		root = filepath.Dir(root)
	}
	folder := filepath.Join(root, "..", "shared", "data", "scaleway")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("no recorded traffic: %v", err)
	}
	return folder
}

// replay repeats the calls of one recording in a sandbox.
type replay struct {
	t         *testing.T
	sandbox   *sandbox
	name      string
	exchanges []exchange
	// ours maps recorded ids and addresses to those of the sandbox.
	ours map[string]string
	// unknown are the ids of resources that calls in notServed created.
	unknown  map[string]bool
	compared int
}

func newReplay(t *testing.T, name string, exchanges []exchange) *replay {
	r := &replay{t: t, name: name, exchanges: exchanges, ours: map[string]string{}, unknown: map[string]bool{}}
	owner := project
	var images []pool.Image
	kind := pool.BlockVolume
	for _, e := range exchanges {
		if named, ok := find(e.Request, []string{"project"}).(string); ok {
			owner = named
		}
		visit(e.Response, func(_ []string, value any) {
			object, _ := value.(map[string]any)
			switch {
			case object["root_volume"] != nil:
				images = append(images, pool.Image{
					ID: object["id"].(string), Name: object["name"].(string), Zone: "fr-par-1", Created: start,
				})
			case object["volume_type"] == "l_ssd":
				kind = pool.LocalVolume
			}
		})
	}
	r.sandbox = newSandbox(t, func(w *world.Config, c *scalewayapi.Config) {
		w.Images = images
		w.Types = []world.Type{{Name: "DEV1-S", CPUs: 2, Memory: 2 << 30, HourlyPrice: 0.01368, RootVolume: kind}}
		c.Project, c.Domains = owner, []string{"scaleway-terraform.com"}
	})
	r.populate(exchanges[0].Response, owner)
	return r
}

// populate creates the servers that existed before the recording. The first response
// lists them, the newest first.
func (r *replay) populate(first any, owner string) {
	servers, _ := find(first, []string{"servers"}).([]any)
	for _, recorded := range slices.Backward(servers) {
		server := recorded.(map[string]any)
		order := map[string]any{
			"commercial_type": "DEV1-S", "tags": []string{}, "project": owner,
			"image": find(server, []string{"image", "id"}), "dynamic_ip_required": server["dynamic_ip_required"],
		}
		if server["public_ip"] != nil {
			order["public_ip"] = r.sandbox.call("POST", zone+"/ips", map[string]any{"project": owner}).at("ip", "id")
		}
		r.sandbox.create(server["name"].(string), order)
		r.sandbox.wait(time.Minute)
	}
}

func (r *replay) run() {
	for i, e := range r.exchanges {
		if why := r.skip(i, e); why != "" {
			r.t.Logf("%d %s %s is skipped: %s", i, e.Method, path(e), why)
			continue
		}
		for _, difference := range r.check(e) {
			r.t.Errorf("%d %s %s: %s", i, e.Method, path(e), difference)
		}
		r.compared++
	}
	if r.compared == 0 {
		r.t.Errorf("no call of %s was compared", r.name)
	}
	r.t.Logf("%d of %d calls compared", r.compared, len(r.exchanges))
}

// skip returns the reason why a call is skipped, or "".
func (r *replay) skip(i int, e exchange) string {
	for _, n := range notServed {
		if e.Method == n.method && regexp.MustCompile(n.path).MatchString(path(e)) {
			visit(e.Response, func(_ []string, value any) {
				id, _ := value.(string)
				if uuid.MatchString(id) && !strings.Contains(fmt.Sprint(e.Request), id) && r.ours[id] == "" {
					r.unknown[id] = true
				}
			})
			return n.why
		}
	}
	for _, n := range notReproducible {
		if n.file == r.name && n.first <= i && i <= n.last {
			return n.why
		}
	}
	for id := range r.unknown {
		if strings.Contains(e.URL, id) {
			return "it is about something that no served call makes"
		}
	}
	return ""
}

// check repeats a call until the response is as recorded, for up to two virtual minutes,
// and returns the last differences. A call that changed something is not repeated.
func (r *replay) check(e exchange) []string {
	var differences []string
	for range 120 {
		answer := r.sandbox.call(e.Method, r.translate(path(e)), r.request(e))
		r.learn(e.Response, answer.body)
		differences = r.compare(e, answer)
		if len(differences) == 0 || (answer.status < 300 && e.Method != "GET") {
			return differences
		}
		r.sandbox.wait(time.Second)
	}
	return differences
}

// request returns the request with the sandbox's ids, and without volumes that the
// sandbox does not have.
func (r *replay) request(e exchange) any {
	if text, ok := e.Request.(string); ok {
		return text
	}
	object := e.Request.(map[string]any)
	if volumes, ok := object["volumes"].(map[string]any); ok {
		for key, volume := range volumes {
			if id, _ := volume.(map[string]any)["id"].(string); r.unknown[id] {
				delete(volumes, key)
			}
		}
	}
	text, err := json.Marshal(object)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.translate(string(text))
}

// translate replaces recorded ids and addresses with the sandbox's.
func (r *replay) translate(text string) string {
	for recorded, ours := range r.ours {
		text = strings.ReplaceAll(text, recorded, ours)
	}
	return text
}

var (
	uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	ipv4 = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
)

// learn pairs the ids and addresses at the same places of two responses.
func (r *replay) learn(recorded, ours any) {
	visit(recorded, func(path []string, value any) {
		theirs, _ := value.(string)
		if !uuid.MatchString(theirs) && !ipv4.MatchString(theirs) || r.ours[theirs] != "" {
			return
		}
		if own, ok := find(ours, path).(string); ok {
			r.ours[theirs] = own
		}
	})
}

// compare returns the unexpected differences between a response and the recorded one.
func (r *replay) compare(e exchange, answer reply) []string {
	if answer.status != e.Status {
		return []string{fmt.Sprintf("status %d, recorded %d: %v", answer.status, e.Status, answer.body)}
	}
	found := r.differences("", e.Response, answer.body)
	for header, value := range e.Headers {
		own := answer.header.Get(header)
		if own == "" || header == "Content-Type" && own != value {
			found = append(found, difference{"header " + header, fmt.Sprintf("is %q, recorded %q", own, value)})
		}
	}
	var texts []string
	for _, d := range found {
		if !r.isExpected(e, d) {
			texts = append(texts, d.path+" "+d.text)
		}
	}
	slices.Sort(texts)
	return texts
}

func (r *replay) isExpected(e exchange, d difference) bool {
	for _, m := range expectedDifferences {
		if m.path == d.path && (m.file == "" || m.file == r.name) && strings.HasSuffix(path(e), m.call) {
			return true
		}
	}
	return false
}

// difference is a difference between two responses. Its path has no list indexes.
type difference struct{ path, text string }

// differences returns where two JSON values differ.
func (r *replay) differences(path string, recorded, ours any) []difference {
	switch recorded := recorded.(type) {
	case map[string]any:
		return r.differentFields(path, recorded, ours)
	case []any:
		return r.differentItems(path, recorded, ours)
	}
	if slices.Contains(comparedFields, path[strings.LastIndex(path, ".")+1:]) {
		if text, ok := recorded.(string); ok {
			recorded = r.translate(text)
		}
		if recorded != ours {
			return []difference{{path, fmt.Sprintf("is %v, recorded %v", ours, recorded)}}
		}
	}
	if fmt.Sprintf("%T", recorded) != fmt.Sprintf("%T", ours) {
		return []difference{{path, fmt.Sprintf("is a %T, recorded as a %T", ours, recorded)}}
	}
	return nil
}

func (r *replay) differentFields(path string, recorded map[string]any, ours any) []difference {
	own, ok := ours.(map[string]any)
	if !ok {
		return []difference{{path, fmt.Sprintf("is a %T, recorded as an object", ours)}}
	}
	var found []difference
	for field, value := range recorded {
		inner := strings.TrimPrefix(path+"."+field, ".")
		if _, ok := own[field]; !ok {
			found = append(found, difference{inner, "is missing"})
			continue
		}
		found = append(found, r.differences(inner, value, own[field])...)
	}
	for field := range own {
		if _, ok := recorded[field]; !ok {
			found = append(found, difference{strings.TrimPrefix(path+"."+field, "."), "is not recorded"})
		}
	}
	return found
}

func (r *replay) differentItems(path string, recorded []any, ours any) []difference {
	own, ok := ours.([]any)
	if !ok || len(own) != len(recorded) {
		return []difference{{path, fmt.Sprintf("is %v, recorded as a list of %d", ours, len(recorded))}}
	}
	var found []difference
	for i, value := range recorded {
		if _, isText := value.(string); isText && value != own[i] {
			found = append(found, difference{path, fmt.Sprintf("has %v, recorded %v", own[i], value)})
			continue
		}
		found = append(found, r.differences(path, value, own[i])...)
	}
	return found
}

// path returns the path and the query of a recorded call.
func path(e exchange) string {
	parsed, err := url.Parse(e.URL)
	if err != nil {
		return e.URL
	}
	return parsed.RequestURI()
}

// visit calls see for value and for every value inside it.
func visit(value any, see func(path []string, value any), path ...string) {
	see(path, value)
	switch value := value.(type) {
	case map[string]any:
		for field, inner := range value {
			visit(inner, see, append(slices.Clone(path), field)...)
		}
	case []any:
		for i, inner := range value {
			visit(inner, see, append(slices.Clone(path), fmt.Sprint(i))...)
		}
	}
}

// find returns the value at a path from visit, or nil.
func find(value any, path []string) any {
	for _, step := range path {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(inner) {
				return nil
			}
			value = inner[i]
		default:
			return nil
		}
	}
	return value
}
