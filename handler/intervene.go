package handler

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"divims/internal/config/setting"
	"divims/internal/pool"
)

// changeLease is for how long the lease is taken to change the state by hand.
const changeLease = 30 * time.Second

// Intervene carries an operator's order out under the lease, so that neither an
// evaluation nor another operator overlooks it; the next evaluation records it. A
// dry run only says what would be changed. While somebody else has the lease, the
// error is a *pool.LeaseHeldError.
func (p *Pool) Intervene(ctx context.Context, order Order, dryRun bool) (pool.Intervention, error) {
	ctx, cancel := context.WithTimeout(ctx, changeLease)
	defer cancel()
	now, _, err := p.clock(ctx)
	if err != nil {
		return pool.Intervention{}, err
	}
	if dryRun {
		state, err := p.store.State(ctx)
		if err != nil {
			return pool.Intervention{}, fmt.Errorf("read the pool's state: %w", err)
		}
		return order.carryOut(now, &state)
	}
	me := holder("operator")
	state, err := p.store.Acquire(ctx, me, now, now.Add(changeLease))
	if err != nil {
		return pool.Intervention{}, fmt.Errorf("take the pool's lease: %w", err)
	}
	done, refused := order.carryOut(now, &state)
	if err := p.store.Commit(ctx, me, state); err != nil { // also gives the lease back
		return pool.Intervention{}, fmt.Errorf("write the pool's state: %w", err)
	}
	if refused == nil {
		p.log.InfoContext(ctx, "intervention", "server", done.Server, "change", done.Change, "author", done.Author, "reason", done.Reason)
	}
	return done, refused
}

// intervention is the body of an operator's request. Which fields it may have
// besides the first three depends on the order.
type intervention struct {
	Reason            string    `json:"reason"`
	Author            string    `json:"author"`
	DryRun            bool      `json:"dry_run"`
	Servers           int       `json:"servers"`
	Until             time.Time `json:"until"`
	Confirm           string    `json:"confirm"`
	DiscardRecordings bool      `json:"discard_recordings"`
}

func (i intervention) by() pool.Hold { return pool.Hold{Reason: i.Reason, Author: i.Author} }

// orders are the operator's requests, by their route.
var orders = map[string]func(asked intervention, server pool.Server) Order{
	"PUT /pause":                           func(asked intervention, _ pool.Server) Order { return Pause(asked.by()) },
	"DELETE /pause":                        func(asked intervention, _ pool.Server) Order { return Resume(asked.by()) },
	"PUT /required":                        func(asked intervention, _ pool.Server) Order { return Force(asked.Servers, asked.Until, asked.by()) },
	"DELETE /required":                     func(asked intervention, _ pool.Server) Order { return Unforce(asked.by()) },
	"PUT /servers/{number}/maintenance":    func(asked intervention, s pool.Server) Order { return StartMaintenance(s, asked.by()) },
	"DELETE /servers/{number}/maintenance": func(asked intervention, s pool.Server) Order { return EndMaintenance(s, asked.by()) },
	"PUT /servers/{number}/recycle":        func(asked intervention, s pool.Server) Order { return Recycle(s, asked.by()) },
	"DELETE /servers/{number}/recycle":     func(asked intervention, s pool.Server) Order { return Keep(s, asked.by()) },
	"PUT /servers/{number}/end-drain": func(asked intervention, s pool.Server) Order {
		return EndDrain(s, asked.Confirm, asked.DiscardRecordings, asked.by())
	},
	"DELETE /servers/{number}/end-drain": func(asked intervention, s pool.Server) Order { return Keep(s, asked.by()) },
}

// intervene serves an operator's request by its order.
func intervene(order func(intervention, pool.Server) Order) func(*Pool, http.ResponseWriter, *http.Request) error {
	return func(p *Pool, w http.ResponseWriter, r *http.Request) error {
		asked, err := readIntervention(w, r)
		if err != nil {
			return err
		}
		server, err := p.serverOf(r)
		if err != nil {
			return err
		}
		done, err := p.Intervene(context.WithoutCancel(r.Context()), order(asked, server), asked.DryRun)
		if err != nil {
			return err
		}
		answerJSON(w, http.StatusOK, done)
		return nil
	}
}

// readIntervention reads who asks for something, and why. What is only given back
// needs no reason.
func readIntervention(w http.ResponseWriter, r *http.Request) (intervention, error) {
	var asked intervention
	if err := readBody(w, r, &asked); err != nil {
		return asked, err
	}
	text := asked.Reason + asked.Author
	missing := r.Method == http.MethodPut && (asked.Reason == "" || asked.Author == "")
	if missing || len(text) > 1000 || strings.ContainsFunc(text, unicode.IsControl) {
		return asked, refusal{http.StatusBadRequest, `say why and who: {"reason":"new disk","author":"Ada"}`}
	}
	return asked, nil
}

// serverOf is the server that a request's path names; none has the number 0.
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

// Server is the server of a number.
func (p *Pool) Server(number int) (pool.Server, error) {
	if number < 1 || number > len(p.cycle.Config.Servers) {
		return pool.Server{}, refusal{http.StatusNotFound, fmt.Sprintf("the pool has no server %d", number)}
	}
	return p.cycle.Config.Servers[number-1], nil
}
