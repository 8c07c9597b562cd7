package functionsapi

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Function is the state of a function, as its owner sees it.
type Function struct {
	Name, Runtime, Handler, Privacy string
	PrivateNetwork                  string
	MemoryLimit, MinScale, MaxScale int
	Timeout                         time.Duration
	// Status is created, pending, ready or error. Error is the reason if it is error.
	Status, Error string
	Variables     map[string]string
	// Secrets has the values in the clear.
	Secrets map[string]string
	// Schedules are the schedules of its crons.
	Schedules []string
	// Domains are its domains besides its own.
	Domains []string
	// URL is the address of the function.
	URL string
	// Archive is the last upload. ProgramBytes is the size of the program in use.
	Archive      []byte
	ProgramBytes int64
}

// function is a function with everything that belongs to it.
type function struct {
	functionSpec
	id, namespace string
	status, err   string
	secrets       variables
	signature     string // in the upload URL
	length        int    // of the announced upload, in bytes
	archive       []byte
	program       program
	proxy         *functionProxy
	readyAt       *time.Time // of the program in use
}

func (p *Platform) listFunctions(r *http.Request, _ []byte) (any, error) {
	id := cmp.Or(r.PathValue("id"), r.URL.Query().Get("namespace_id"))
	if _, err := p.namespace(id); err != nil {
		return nil, err
	}
	answers := []any{}
	for _, f := range p.functions {
		if f.namespace != id {
			continue
		}
		answer, err := p.toJSON(f)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return pageOf(r, "functions", answers), nil
}

func (p *Platform) createFunction(_ *http.Request, body []byte) (any, error) {
	spec := defaultSpec()
	if err := decode(body, &spec); err != nil {
		return nil, err
	}
	n, err := p.namespace(spec.Namespace)
	if err != nil {
		return nil, err
	}
	secrets := variables{}.merge(spec.Secrets)
	if err := spec.check(secrets, ""); err != nil {
		return nil, err
	}
	if n.Status != "ready" {
		return nil, invalid("the namespace is not ready")
	}
	for _, other := range p.functions {
		if other.namespace == n.ID && other.Name == spec.Name {
			return nil, &apiError{http.StatusConflict, map[string]any{"message": "function already exists"}}
		}
	}
	f := &function{functionSpec: spec, id: newID(), namespace: n.ID, status: "created", secrets: secrets}
	if f.proxy, err = newProxy(p.config.Key); err != nil {
		return nil, err
	}
	p.functions = append(p.functions, f)
	return p.toJSON(f)
}

func (p *Platform) getFunction(r *http.Request, _ []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return p.toJSON(f)
}

func (p *Platform) updateFunction(r *http.Request, body []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	spec := f.functionSpec
	spec.Secrets = nil
	if err := decode(body, &spec); err != nil {
		return nil, err
	}
	if spec.Name != f.Name || spec.Namespace != f.Namespace {
		return nil, invalid("a function keeps its name and its namespace")
	}
	secrets := f.secrets.merge(spec.Secrets)
	if err := spec.check(secrets, f.Runtime); err != nil {
		return nil, err
	}
	f.functionSpec, f.secrets = spec, secrets
	return p.toJSON(f)
}

// deleteFunction deletes a function with its crons.
func (p *Platform) deleteFunction(r *http.Request, _ []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	answer, err := p.toJSON(f)
	if err != nil {
		return nil, err
	}
	p.functions = slices.DeleteFunc(p.functions, func(other *function) bool { return other == f })
	p.crons = slices.DeleteFunc(p.crons, func(c *cron) bool { return c.Function == f.id })
	return answer, f.proxy.close()
}

func (p *Platform) function(id string) (*function, error) {
	i := slices.IndexFunc(p.functions, func(f *function) bool { return f.id == id })
	if i < 0 {
		return nil, notFound("function", id)
	}
	return p.functions[i], nil
}

// toJSON returns a function in the recorded form.
func (p *Platform) toJSON(f *function) (any, error) {
	names := slices.Sorted(maps.Keys(f.secrets))
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = f.secrets[name]
	}
	hashes, err := p.config.Hash(values)
	if err != nil {
		return nil, fmt.Errorf("hash the secrets: %w", err)
	}
	shown := []hashedSecret{}
	for i, name := range names {
		shown = append(shown, hashedSecret{name, hashes[i]})
	}
	domain := strings.TrimPrefix(f.proxy.url, "http://")
	return map[string]any{
		"id": f.id, "name": f.Name, "namespace_id": f.namespace, "region": region, "status": f.status,
		"error_message": orNull(f.err), "build_message": orNull(f.err), "domain_name": domain,
		"runtime": f.Runtime, "runtime_message": "", "handler": f.Handler, "description": f.Description,
		"memory_limit": f.MemoryLimit, "cpu_limit": cpuOfMemory[f.MemoryLimit], "timeout": f.Timeout,
		"min_scale": f.MinScale, "max_scale": f.MaxScale, "privacy": f.Privacy, "http_option": f.HTTPOption,
		"sandbox": f.Sandbox, "private_network_id": orNull(f.PrivateNetwork), "ready_at": f.readyAt, "environment_variables": f.Variables, "secret_environment_variables": shown,
	}, nil
}

// orNull returns nil, which is null in JSON, for an empty text.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// listTriggers returns no triggers. The plugin asks for them.
func (p *Platform) listTriggers(r *http.Request, _ []byte) (any, error) {
	return pageOf(r, "triggers", []struct{}{}), nil
}
