package functionsapi

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Function is what is known of a function, as whoever deployed it sees it.
type Function struct {
	Name, Runtime, Handler, Privacy string
	MemoryLimit, MinScale, MaxScale int
	Timeout                         time.Duration
	// Status is created, pending, ready or error, and Error says why.
	Status, Error string
	Variables     map[string]string
	// Secrets in the clear: here is the platform's own view.
	Secrets map[string]string
	// Schedules are those of its crons.
	Schedules []string
	// URL is where it is called.
	URL string
	// Archive is what was uploaded, and ProgramBytes the size of what was built of it.
	Archive      []byte
	ProgramBytes int64
}

// function is a function with all that belongs to it.
type function struct {
	wish
	id, namespace string
	status, err   string
	secrets       variables
	signature     string // of the address for the upload
	length        int    // that was announced
	archive       []byte
	program       program
	front         *front
}

// wish is what may be asked for of a function, in the API's words. What is left
// out on an update stays as it is.
type wish struct {
	Name           string    `json:"name"`
	Namespace      string    `json:"namespace_id"`
	Variables      variables `json:"environment_variables"`
	Secrets        []secret  `json:"secret_environment_variables"`
	Description    string    `json:"description"`
	MemoryLimit    int       `json:"memory_limit"`
	MinScale       int       `json:"min_scale"`
	MaxScale       int       `json:"max_scale"`
	Runtime        string    `json:"runtime"`
	Timeout        string    `json:"timeout"`
	Handler        string    `json:"handler"`
	Privacy        string    `json:"privacy"`
	HTTPOption     string    `json:"http_option"`
	Sandbox        string    `json:"sandbox"`
	PrivateNetwork string    `json:"private_network_id"`
	Redeploy       bool      `json:"redeploy"`
}

// defaults are the plugin's and the API's.
func defaults() wish {
	return wish{
		Variables: variables{}, MemoryLimit: 256, MaxScale: 20, Timeout: "300s",
		Privacy: "public", HTTPOption: "enabled", Sandbox: "v2",
	}
}

// cpuOfMemory is the memory that a function can have, in MB, with thousandths of a CPU.
var cpuOfMemory = map[int]int{128: 70, 256: 140, 512: 280, 1024: 560, 2048: 1120, 3072: 1680, 4096: 2240}

var (
	functionName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	goHandler    = regexp.MustCompile(`^([A-Za-z0-9_-]+/)*[A-Z][A-Za-z0-9_]*$`)
	seconds      = regexp.MustCompile(`^[0-9]+s$`)
)

// maximumScale is how many instances a function can have.
const maximumScale = 50

// check refuses what the API refuses. secrets are those that the function would have.
func (w *wish) check(secrets variables) error {
	timeout, err := time.ParseDuration(w.Timeout)
	switch {
	case !functionName.MatchString(w.Name):
		return invalid("function name must consist of lower case alphanumeric characters or '-', starts and ends with an alphanumeric character")
	case !slices.Contains(runtimeNames(), w.Runtime):
		return invalid("runtime %q is not available", w.Runtime)
	case !goHandler.MatchString(w.Handler):
		return invalid("handler value is invalid")
	case cpuOfMemory[w.MemoryLimit] == 0:
		return invalid("memory_limit has to be one of %v", slices.Sorted(maps.Keys(cpuOfMemory)))
	case err != nil || !seconds.MatchString(w.Timeout) || timeout < 10*time.Second || timeout > time.Hour:
		return invalid("timeout has to be 10s to 3600s")
	case w.MinScale < 0 || w.MinScale > w.MaxScale || w.MaxScale < 1 || w.MaxScale > maximumScale:
		return invalid("min_scale and max_scale have to be 0 to %d, the first not above the second", maximumScale)
	case w.Privacy != "public" && w.Privacy != "private":
		return invalid("privacy has to be public or private")
	case w.HTTPOption != "enabled" && w.HTTPOption != "redirected":
		return invalid("http_option has to be enabled or redirected")
	case w.Sandbox != "v1" && w.Sandbox != "v2":
		return invalid("sandbox has to be v1 or v2")
	case w.PrivateNetwork != "":
		return invalid("the namespace is not attached to a private network")
	}
	return w.Variables.check(secrets)
}

func (p *Platform) listFunctions(r *http.Request, _ []byte) (any, error) {
	if _, err := p.namespace(r.PathValue("id")); err != nil {
		return nil, err
	}
	answers := []any{}
	for _, f := range p.functions {
		if f.namespace != r.PathValue("id") {
			continue
		}
		answer, err := p.show(f)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return page("functions", answers), nil
}

func (p *Platform) createFunction(_ *http.Request, body []byte) (any, error) {
	w := defaults()
	if err := decode(body, &w); err != nil {
		return nil, err
	}
	n, err := p.namespace(w.Namespace)
	if err != nil {
		return nil, err
	}
	secrets := variables{}.merge(w.Secrets)
	if err := w.check(secrets); err != nil {
		return nil, err
	}
	if n.Status != "ready" {
		return nil, invalid("the namespace is not ready")
	}
	for _, other := range p.functions {
		if other.namespace == n.ID && other.Name == w.Name {
			return nil, &refusal{http.StatusConflict, map[string]any{"message": "function already exists"}}
		}
	}
	f := &function{wish: w, id: newID(), namespace: n.ID, status: "created", secrets: secrets}
	if f.front, err = p.newFront(); err != nil {
		return nil, err
	}
	p.functions = append(p.functions, f)
	return p.show(f)
}

func (p *Platform) getFunction(r *http.Request, _ []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return p.show(f)
}

func (p *Platform) updateFunction(r *http.Request, body []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	w := f.wish
	w.Secrets = nil
	if err := decode(body, &w); err != nil {
		return nil, err
	}
	if w.Name != f.Name || w.Namespace != f.wish.Namespace {
		return nil, invalid("a function keeps its name and its namespace")
	}
	secrets := f.secrets.merge(w.Secrets)
	if err := w.check(secrets); err != nil {
		return nil, err
	}
	f.wish, f.secrets = w, secrets
	return p.show(f)
}

func (p *Platform) function(id string) (*function, error) {
	i := slices.IndexFunc(p.functions, func(f *function) bool { return f.id == id })
	if i < 0 {
		return nil, notFound("function", id)
	}
	return p.functions[i], nil
}

// show is a function as the API answers it, in the recorded form.
func (p *Platform) show(f *function) (any, error) {
	names := slices.Sorted(maps.Keys(f.secrets))
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = f.secrets[name]
	}
	hashes, err := p.config.Hash(values)
	if err != nil {
		return nil, fmt.Errorf("hash the secrets: %w", err)
	}
	shown := []hashed{}
	for i, name := range names {
		shown = append(shown, hashed{name, hashes[i]})
	}
	domain := strings.TrimPrefix(f.front.url, "http://")
	return map[string]any{
		"id": f.id, "name": f.Name, "namespace_id": f.namespace, "region": region, "status": f.status,
		"error_message": orNull(f.err), "build_message": orNull(f.err), "domain_name": domain,
		"runtime": f.Runtime, "runtime_message": "", "handler": f.Handler, "description": f.Description,
		"memory_limit": f.MemoryLimit, "cpu_limit": cpuOfMemory[f.MemoryLimit], "timeout": f.Timeout,
		"min_scale": f.MinScale, "max_scale": f.MaxScale, "privacy": f.Privacy, "http_option": f.HTTPOption,
		"sandbox": f.Sandbox, "environment_variables": f.Variables, "secret_environment_variables": shown,
	}, nil
}

// orNull is a text, or null if there is none.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// listTriggers and listDomains: there are no message triggers and no domains of
// one's own, which the plugin asks for all the same.
func (p *Platform) listTriggers(*http.Request, []byte) (any, error) {
	return page("triggers", []struct{}{}), nil
}

func (p *Platform) listDomains(*http.Request, []byte) (any, error) {
	return page("domains", []struct{}{}), nil
}
