package scalewayapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

const (
	project   = "6170692d-7363-4616-8c65-000000000001"
	secretKey = "6170692d-7363-4616-8c65-000000000002"
	zone      = "/instance/v1/zones/fr-par-1"
	block     = "/block/v1/zones/fr-par-1"
	networkID = "00000000-0000-4000-8000-0000000000a1"
	imageID   = "00000000-0000-4000-8000-000000000001"
	// farNetworkID is a private network in another region.
	farNetworkID = "00000000-0000-4000-8000-0000000000a2"

	blockType = "POP2-HC-8C-16G" // has a block volume
	localType = "GP1-S"          // has a local volume
)

var start = time.Date(2026, 10, 5, 6, 0, 0, 0, time.UTC)

// sandbox is the API under test. The test moves the time of its world.
type sandbox struct {
	t      *testing.T
	world  *world.World
	lock   *sync.Mutex
	server *httptest.Server
}

// newSandbox starts the API for a pool of three servers without machines.
func newSandbox(t *testing.T, change ...func(*world.Config, *scalewayapi.Config)) *sandbox {
	t.Helper()
	worldConfig := world.Config{
		Start: start, Seed: 1, Tags: []string{"pool"},
		Servers: pool.Servers(3, 0, "bbb-w{n}", "bbb-w{n}.example.com"),
	}
	lock := &sync.Mutex{}
	config := scalewayapi.Config{
		Lock: lock, Project: project, SecretKey: pool.NewSecret(secretKey), Domains: []string{"example.com"},
	}
	for _, c := range change {
		c(&worldConfig, &config)
	}
	w, err := world.New(worldConfig)
	if err != nil {
		t.Fatal(err)
	}
	config.World = w
	s := &sandbox{t: t, world: w, lock: lock, server: httptest.NewServer(scalewayapi.New(config))}
	t.Cleanup(s.server.Close)
	return s
}

// wait advances virtual time.
func (s *sandbox) wait(d time.Duration) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.world.AdvanceTo(s.world.Now().Add(d))
}

// reply is a response.
type reply struct {
	status int
	header http.Header
	body   any // decoded JSON, or a string
}

// call sends a request with the valid secret key. The body is sent as JSON unless it is a
// string.
func (s *sandbox) call(method, path string, body any) reply {
	s.t.Helper()
	content, isText := body.(string)
	if !isText && body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		content = string(text)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(content))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("X-Auth-Token", secretKey)
	return s.send(request)
}

func (s *sandbox) send(request *http.Request) reply {
	s.t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	r := reply{status: response.StatusCode, header: response.Header, body: string(content)}
	if response.Header.Get("Content-Type") == "application/json" && len(content) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(content))
		if err := decoder.Decode(&r.body); err != nil {
			s.t.Fatalf("%s %s: %v in %s", request.Method, request.URL.Path, err, content)
		}
	}
	return r
}

// at returns the value in the body at a path of field names and indexes.
func (r reply) at(path ...any) any {
	value := r.body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

// order sends a request to create a server. more adds or replaces fields; nil removes one.
func (s *sandbox) order(name string, more map[string]any) reply {
	s.t.Helper()
	request := map[string]any{
		"name": name, "commercial_type": blockType, "image": imageID, "project": project,
		"dynamic_ip_required": false, "tags": []string{"pool", name},
	}
	for field, value := range more {
		request[field] = value
		if value == nil {
			delete(request, field)
		}
	}
	return s.call("POST", zone+"/servers", request)
}

// create creates a server and returns its id.
func (s *sandbox) create(name string, more map[string]any) string {
	s.t.Helper()
	answer := s.order(name, more)
	if answer.status != http.StatusCreated {
		s.t.Fatalf("create %s: status %d: %v", name, answer.status, answer.body)
	}
	return answer.at("server", "id").(string)
}

func (s *sandbox) act(id, action string) reply {
	s.t.Helper()
	return s.call("POST", zone+"/servers/"+id+"/action", map[string]any{"action": action})
}

func (s *sandbox) state(id string) any {
	s.t.Helper()
	return s.call("GET", zone+"/servers/"+id, nil).at("server", "state")
}
