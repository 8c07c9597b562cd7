package functionsapi

import (
	"net/http"
	"strings"
)

// Refusal makes the API refuse calls, as Scaleway's does while it is busy.
type Refusal struct {
	// Call is the method and the path below the API's root, such as "POST /crons" or
	// "DELETE /crons/{id}".
	Call string
	// Status is the status of the answer: 409 (transient_state), 429, 503, or another. 0 answers as
	// usual.
	Status int
	// Skip is how many such calls are answered as usual first, Times how many are refused
	// then.
	Skip, Times int
	// Done executes the calls nevertheless.
	Done bool
	// Before runs before each refused call.
	Before func()
}

// Refuse adds a refusal.
func (p *Platform) Refuse(r Refusal) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.planned = append(p.planned, &r)
}

// Relent takes back all refusals.
func (p *Platform) Relent() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.planned = nil
}

// refusal returns the planned refusal of a call, nil if there is none. The caller holds
// the lock.
func (p *Platform) refusal(r *http.Request) *Refusal {
	method, path, _ := strings.Cut(r.Pattern, " ")
	call := method + " " + strings.TrimPrefix(path, root)
	for _, planned := range p.planned {
		switch {
		case planned.Call != call || planned.Times == 0:
			continue
		case planned.Skip > 0:
			planned.Skip--
			continue
		}
		planned.Times--
		return planned
	}
	return nil
}

// error returns the API's error.
func (r *Refusal) error() *apiError {
	body := map[string]any{"message": "service unavailable"}
	switch r.Status {
	case http.StatusConflict:
		body = map[string]any{
			"type": "transient_state", "message": "resource is in a transient state", "resource": "function",
			"resource_id": "11111111-1111-1111-1111-111111111111", "current_state": "pending",
		}
	case http.StatusTooManyRequests:
		body = map[string]any{"type": "too_many_requests", "message": "quota exceeded for this API"}
	}
	return &apiError{r.Status, body}
}
