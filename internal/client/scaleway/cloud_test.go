package scaleway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"divims/internal/client/scaleway"
	"divims/internal/pool"
)

const (
	project  = "fa1e3217-dc80-42ac-85c3-3f034b78b552"
	stranger = "44693172-d6a3-49b0-b56f-011f492e4dfa" // another project
	poolTag  = "pool-a"
	par1     = "/instance/v1/zones/fr-par-1"
	ams1     = "/instance/v1/zones/nl-ams-1"
	block1   = "/block/v1/zones/fr-par-1"
	metal1   = "/baremetal/v1/zones/fr-par-1"
)

// object is a JSON object.
type object = map[string]any

// call is a request that the fake API received.
type call struct {
	what   string // method and path
	query  url.Values
	body   string
	header http.Header
}

// json reads the request's body as a JSON object.
func (c call) json(t *testing.T) object {
	t.Helper()
	var body object
	if err := json.Unmarshal([]byte(c.body), &body); err != nil {
		t.Fatalf("%s has the body %q: %v", c.what, c.body, err)
	}
	return body
}

// reply answers a call. A body that is a string is sent as HTML, all else as JSON.
type reply struct {
	status int
	body   any
	total  int // X-Total-Count; -1 for none
}

// script returns the reply to a call.
type script func(call) reply

// cloud is a fake of Scaleway's API that gives scripted answers.
type cloud struct {
	t       *testing.T
	url     string
	mutex   sync.Mutex
	scripts map[string][]script
	calls   []call
}

// newCloud returns a fake that answers only the price lists, which are empty.
func newCloud(t *testing.T) *cloud {
	c := &cloud{t: t, scripts: map[string][]script{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	for _, zone := range []string{par1, ams1} {
		c.on("GET "+zone+"/products/servers", say(200, object{"servers": object{}}))
	}
	return c
}

// on sets the answers to a call, in order. The last one repeats.
func (c *cloud) on(what string, scripts ...script) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.scripts[what] = scripts
}

// ServeHTTP answers by script and records the call.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	got := call{what: r.Method + " " + r.URL.Path, query: r.URL.Query(), body: string(body), header: r.Header}
	c.mutex.Lock()
	c.calls = append(c.calls, got)
	scripts := c.scripts[got.what]
	if len(scripts) > 1 {
		c.scripts[got.what] = scripts[1:]
	}
	c.mutex.Unlock()
	if len(scripts) == 0 {
		c.t.Errorf("unexpected call: %s %s %s", got.what, r.URL.RawQuery, body)
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	send(w, scripts[0](got))
}

func send(w http.ResponseWriter, answer reply) {
	if answer.total >= 0 {
		w.Header().Set("X-Total-Count", strconv.Itoa(answer.total))
	}
	if html, ok := answer.body.(string); ok {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(answer.status)
		_, _ = io.WriteString(w, html)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.status)
	if answer.body != nil {
		_ = json.NewEncoder(w).Encode(answer.body)
	}
}

// changes returns the calls so far that were not reads, in order.
func (c *cloud) changes() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	changes := []string{}
	for _, got := range c.calls {
		if !strings.HasPrefix(got.what, "GET ") {
			changes = append(changes, got.what)
		}
	}
	return changes
}

// count returns how often a call was made.
func (c *cloud) count(what string) (count int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, got := range c.calls {
		if got.what == what {
			count++
		}
	}
	return count
}

// last returns the latest call of a kind.
func (c *cloud) last(what string) call {
	c.t.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, got := range slices.Backward(c.calls) {
		if got.what == what {
			return got
		}
	}
	c.t.Fatalf("no call %s; there were %v", what, c.calls)
	return call{}
}

// say returns a script that always gives the same reply.
func say(status int, body any) script {
	return func(call) reply { return reply{status, body, -1} }
}

// list serves a list as the Instances API does: by pages, filtered by project,
// by all tags exactly, and by any part of the name.
func list(key string, items ...object) script {
	return func(got call) reply {
		var found []object
		for _, item := range items {
			if matches(item, got.query) {
				found = append(found, item)
			}
		}
		return reply{200, object{key: page(found, got.query.Get("page"), got.query.Get("per_page"))}, len(found)}
	}
}

// blockList serves a list as the Block and Elastic Metal APIs do: the length is
// in the body.
func blockList(key string, items ...object) script {
	return func(got call) reply {
		found := page(items, got.query.Get("page"), got.query.Get("page_size"))
		return reply{200, object{key: found, "total_count": len(items)}, -1}
	}
}

func matches(item object, query url.Values) bool {
	if wanted := query.Get("project"); wanted != "" && item["project"] != wanted {
		return false
	}
	if wanted := query.Get("name"); wanted != "" && !strings.Contains(item["name"].(string), wanted) {
		return false
	}
	tags, _ := item["tags"].([]string)
	for wanted := range strings.SplitSeq(query.Get("tags"), ",") {
		if wanted != "" && !slices.Contains(tags, wanted) {
			return false
		}
	}
	return true
}

func page(items []object, number, size string) []object {
	n, _ := strconv.Atoi(number)
	per, err := strconv.Atoi(size)
	if err != nil {
		per = 50
	}
	from := min((n-1)*per, len(items))
	return items[from:min(from+per, len(items))]
}

// uuid returns a readable ID.
func uuid(number int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", number) }

// with returns a copy of an object with some fields changed.
func with(base object, changes object) object {
	changed := object{}
	for key, value := range base {
		changed[key] = value
	}
	for key, value := range changes {
		changed[key] = value
	}
	return changed
}

// instance returns a running machine of the pool, shaped like the recorded answers.
func instance(number int, name string) object {
	return object{
		"id": uuid(number), "name": name, "hostname": name, "arch": "x86_64", "commercial_type": "POP2-HC-8C-16G",
		"boot_type": "local", "organization": project, "project": project, "zone": "fr-par-1",
		"image":   object{"id": uuid(900), "name": "bbb-image", "state": "available"},
		"volumes": object{"0": object{"id": uuid(number + 500), "volume_type": "sbs_volume", "boot": false, "state": "available", "zone": "fr-par-1"}},
		"tags":    []string{poolTag}, "state": "running", "state_detail": "booting kernel", "protected": false,
		"public_ip": nil, "public_ips": []object{{"id": uuid(number + 700), "address": "51.158.97.101", "dynamic": false, "netmask": "32",
			"gateway": "62.210.0.1", "family": "inet", "provisioning_mode": "dhcp", "tags": []string{}, "state": "attached"}},
		"dynamic_ip_required": false, "routed_ip_enabled": true, "enable_ipv6": false, "ipv6": nil, "private_ip": nil, "location": nil,
		"creation_date": "2025-11-03T17:15:36.733100+00:00", "modification_date": "2025-11-03T17:16:16.182087+00:00",
		"maintenances": []object{}, "allowed_actions": []string{"poweroff", "terminate", "reboot", "stop_in_place", "backup"},
		"placement_group": nil, "private_nics": []object{}, "filesystems": []object{}, "end_of_service": false,
	}
}

// stopped returns the stopped machine bbb-w1 of the pool.
func stopped() object {
	return with(instance(1, "bbb-w1"), object{"state": "stopped", "state_detail": "", "allowed_actions": []string{"poweron", "backup"}})
}

// notFound, outOfStock and overQuota are answers of the API.
func notFound(resource, id string) script {
	return say(404, object{"type": "not_found", "message": "resource is not found", "resource": resource, "resource_id": id})
}

func outOfStock() script {
	return say(412, object{"type": "out_of_stock", "message": "out of stock", "resource": "instance_server"})
}

func overQuota() script {
	return say(403, object{"type": "quotas_exceeded", "message": "quota exceeded",
		"details": []object{{"resource": "cp_servers_type_POP2_HC_8C_16G", "quota": 5, "current": 5}}})
}

// task is the answer to an action.
func task() script {
	return say(202, object{"task": object{"id": "00000000-0000-0000-0000-000000000000", "description": "fake task", "status": "pending"}})
}

// settings returns the Config of a pool of three servers in two zones.
func (c *cloud) settings() scaleway.Config {
	return scaleway.Config{
		Settings: scaleway.Settings{
			URL:       c.url,
			ProjectID: project,
			AccessKey: pool.NewSecret("SCW0123456789ABCDEFG"),
			SecretKey: pool.NewSecret("11111111-2222-4333-8444-555555555555"),
			Zones:     []string{"fr-par-1", "nl-ams-1"},
			Tag:       poolTag,
			ImageName: "bbb-",
		},
		Servers:  pool.Servers(3, 0, "bbb-w{n}", "bbb-w{n}.example.com"),
		Resolver: names{},
	}
}

// client returns a Client of the fake with the usual settings, some of them changed.
func (c *cloud) client(change ...func(*scaleway.Config)) *scaleway.Client {
	c.t.Helper()
	config := c.settings()
	for _, apply := range change {
		apply(&config)
	}
	client, err := scaleway.New(config, http.DefaultClient)
	if err != nil {
		c.t.Fatal(err)
	}
	return client
}

// oneZone and adopt change the usual settings.
func oneZone(config *scaleway.Config) { config.Zones = []string{"fr-par-1"} }

func adopt(config *scaleway.Config) { config.Adopt = true }
