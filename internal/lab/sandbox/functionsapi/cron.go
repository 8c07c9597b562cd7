package functionsapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// cron calls a function on a schedule.
type cron struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Function string          `json:"function_id"`
	Schedule string          `json:"schedule"`
	Args     json.RawMessage `json:"args"`
	Status   string          `json:"status"`

	schedule schedule
}

func (p *Platform) listCrons(r *http.Request, _ []byte) (any, error) {
	f, err := p.function(r.URL.Query().Get("function_id"))
	if err != nil {
		return nil, err
	}
	return pageOf(r, "crons", p.cronsOf(f)), nil
}

func (p *Platform) cronsOf(f *function) []*cron {
	return slices.DeleteFunc(slices.Clone(p.crons), func(c *cron) bool { return c.Function != f.id })
}

func (p *Platform) createCron(_ *http.Request, body []byte) (any, error) {
	c := &cron{}
	if err := decode(body, c); err != nil {
		return nil, err
	}
	if _, err := p.function(c.Function); err != nil {
		return nil, err
	}
	var err error
	if c.schedule, err = parseSchedule(c.Schedule); err != nil {
		return nil, invalid("%s", err)
	}
	var object map[string]any
	if err := json.Unmarshal(c.Args, &object); err != nil {
		return nil, invalid("args must be an object: %s", err)
	}
	c.ID, c.Status = newID(), "ready"
	p.crons = append(p.crons, c)
	return *c, nil
}

func (p *Platform) deleteCron(r *http.Request, _ []byte) (any, error) {
	id := r.PathValue("id")
	i := slices.IndexFunc(p.crons, func(c *cron) bool { return c.ID == id })
	if i < 0 {
		return nil, notFound("cron", id)
	}
	gone := *p.crons[i]
	p.crons = slices.Delete(p.crons, i, i+1)
	return gone, nil
}

// Invocation is a call that a cron made, with the response. Scaleway does not show it.
type Invocation struct {
	Function string
	Status   int
	Body     []byte
}

// Tick makes the calls of the crons that are due in a minute, one after the other. A
// call is POST / with the cron's arguments as the body.
func (p *Platform) Tick(ctx context.Context, minute time.Time) ([]Invocation, error) {
	var made []Invocation
	for _, due := range p.due(minute) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, due.proxy.url+"/", bytes.NewReader(due.args))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(triggerHeader, due.proxy.trigger)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil, fmt.Errorf("call %s: %w", due.name, err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("read the response of %s: %w", due.name, err)
		}
		made = append(made, Invocation{due.name, answer.StatusCode, body})
	}
	return made, nil
}

// scheduledCall is a call that is due.
type scheduledCall struct {
	name  string
	proxy *functionProxy
	args  []byte
}

// due returns the calls that are due in a minute.
func (p *Platform) due(minute time.Time) []scheduledCall {
	p.lock.Lock()
	defer p.lock.Unlock()
	var calls []scheduledCall
	for _, c := range p.crons {
		if f, err := p.function(c.Function); err == nil && c.schedule.due(minute) {
			calls = append(calls, scheduledCall{f.Name, f.proxy, c.Args})
		}
	}
	return calls
}
