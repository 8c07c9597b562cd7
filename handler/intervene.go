package handler

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"divims/internal/config/setting"
	"divims/internal/pool"
)

// orderLease is how long the lease is taken for an operator's order.
const orderLease = 30 * time.Second

// Intervene carries out an operator's order: it changes the state under the lease, so
// that no evaluation or other operator overwrites it. The next evaluation records the
// change. A dry run only returns what would be changed. While somebody else holds the
// lease, the error is a *pool.LeaseHeldError.
func (p *Pool) Intervene(ctx context.Context, order Order, dryRun bool) (Effect, error) {
	ctx, cancel := context.WithTimeout(ctx, orderLease)
	defer cancel()
	now, _, err := p.clock(ctx)
	if err != nil {
		return Effect{}, err
	}
	if dryRun {
		state, err := p.store.State(ctx)
		if err != nil {
			return Effect{}, fmt.Errorf("read the pool's state: %w", err)
		}
		return p.carryOut(order, timeByStorage(now, state), &state)
	}
	me := p.holder("operator")
	state, err := p.store.Acquire(ctx, me, now, now.Add(orderLease))
	if err != nil {
		return Effect{}, fmt.Errorf("take the pool's lease: %w", err)
	}
	done, refused := p.carryOut(order, timeByStorage(now, state), &state)
	if err := p.store.Commit(ctx, me, state); err != nil { // also releases the lease
		return Effect{}, fmt.Errorf("write the pool's state: %w", err)
	}
	if refused == nil && !done.Unchanged {
		p.log.InfoContext(ctx, "intervention", "server", done.Server, "change", done.Change, "author", done.Author, "reason", done.Reason)
	}
	return done, refused
}

// carryOut changes the state, and notes if the pool has fewer servers than the order asks
// for. Such an order is not refused, because the pool's size may change before it ends.
func (p *Pool) carryOut(order Order, now time.Time, state *pool.State) (Effect, error) {
	done, err := order.carryOut(now, state)
	if size := len(p.cycle.Config.Servers); err == nil && order.servers > size {
		done.Note = fmt.Sprintf("limited to %d: the pool has no more servers", size)
	}
	return done, err
}

// intervention is the body of an operator's request. The first three fields are for all
// orders; each of the others is used by some.
type intervention struct {
	Reason            string    `json:"reason"`
	Author            string    `json:"author"`
	DryRun            bool      `json:"dry_run"`
	Servers           int       `json:"servers"`
	Until             time.Time `json:"until"`
	Confirm           string    `json:"confirm"`
	DiscardRecordings bool      `json:"discard_recordings"`
}

// by returns who gave the order and why.
func (i intervention) by() pool.Hold { return pool.Hold{Reason: i.Reason, Author: i.Author} }

// orders maps the operators' routes to functions that make the order of a request.
var orders = map[string]func(request intervention, server pool.Server) Order{
	"PUT /pause":    func(request intervention, _ pool.Server) Order { return Pause(request.by()) },
	"DELETE /pause": func(request intervention, _ pool.Server) Order { return Resume(request.by()) },
	"PUT /required": func(request intervention, _ pool.Server) Order {
		return Force(request.Servers, request.Until, request.by())
	},
	"DELETE /required":                     func(request intervention, _ pool.Server) Order { return Unforce(request.by()) },
	"PUT /servers/{number}/maintenance":    func(request intervention, s pool.Server) Order { return StartMaintenance(s, request.by()) },
	"DELETE /servers/{number}/maintenance": func(request intervention, s pool.Server) Order { return EndMaintenance(s, request.by()) },
	"PUT /servers/{number}/recycle":        func(request intervention, s pool.Server) Order { return Recycle(s, request.by()) },
	"DELETE /servers/{number}/recycle":     func(request intervention, s pool.Server) Order { return Keep(s, request.by()) },
	"PUT /servers/{number}/end-drain": func(request intervention, s pool.Server) Order {
		return EndDrain(s, request.Confirm, request.DiscardRecordings, request.by())
	},
	"DELETE /servers/{number}/end-drain": func(request intervention, s pool.Server) Order { return Keep(s, request.by()) },
}

// intervene returns a handler that carries out an order.
func intervene(order func(intervention, pool.Server) Order) func(*Pool, http.ResponseWriter, *http.Request) error {
	return func(p *Pool, w http.ResponseWriter, r *http.Request) error {
		request, err := readIntervention(w, r)
		if err != nil {
			return err
		}
		server, err := p.serverOf(r)
		if err != nil {
			return err
		}
		done, err := p.Intervene(context.WithoutCancel(r.Context()), order(request, server), request.DryRun)
		if err != nil {
			return err
		}
		answerJSON(w, http.StatusOK, done)
		return nil
	}
}

// readIntervention reads the body of an operator's request. PUT needs an author and a
// reason; DELETE, which only takes an order back, does not.
func readIntervention(w http.ResponseWriter, r *http.Request) (intervention, error) {
	var request intervention
	if err := readBody(w, r, &request); err != nil {
		return request, err
	}
	if err := CheckBy(request.by(), r.Method == http.MethodPut); err != nil {
		return request, refusal{http.StatusBadRequest, err.Error() + `: {"reason":"new disk","author":"Ada"}`}
	}
	return request, nil
}

// serverOf returns the server in a request's path; the zero Server if the path has none.
func (p *Pool) serverOf(r *http.Request) (pool.Server, error) {
	name := r.PathValue("number")
	if name == "" {
		return pool.Server{}, nil
	}
	number, err := setting.ParseNumber(name)
	if err != nil {
		return pool.Server{}, refusal{http.StatusBadRequest, "the server's number must be written like 3, without sign and leading zeros"}
	}
	return p.Server(number)
}

// Server returns the server with a number.
func (p *Pool) Server(number int) (pool.Server, error) {
	if number < 1 || number > len(p.cycle.Config.Servers) {
		return pool.Server{}, refusal{http.StatusNotFound, fmt.Sprintf("the pool has no server %d: it has %d (DIVIMS_POOL_SIZE)", number, len(p.cycle.Config.Servers))}
	}
	return p.cycle.Config.Servers[number-1], nil
}
