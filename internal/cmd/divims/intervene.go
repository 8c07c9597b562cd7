package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"divims/handler"
	"divims/internal/pool"
)

// intervention is a command by which an operator intervenes.
type intervention struct {
	cmd    *cobra.Command
	by     pool.Hold
	dryRun bool
	wait   time.Duration
}

// newIntervention makes a command with what all of them have: who, why, whether it
// is only tried, and how long it waits for an evaluation that is being made.
func newIntervention(use, short string, arguments cobra.PositionalArgs) *intervention {
	i := &intervention{cmd: &cobra.Command{Use: use, Short: short, Args: arguments}}
	i.cmd.Flags().StringVar(&i.by.Reason, "reason", "", "why, for everybody who looks at the pool")
	i.cmd.Flags().StringVar(&i.by.Author, "author", whoAmI(), "who")
	i.cmd.Flags().BoolVar(&i.dryRun, "dry-run", false, "say what would be changed, and change nothing")
	i.cmd.Flags().DurationVar(&i.wait, "wait", defaultWait, "how long to wait while an evaluation or another operator is at it; 0 for not at all")
	return i
}

// whoAmI is the name of the user, or "" if the system does not know it.
func whoAmI() string {
	if me, err := user.Current(); err == nil {
		return me.Username
	}
	return os.Getenv("USER")
}

// order makes the command carry out an order.
func (i *intervention) order(make func(p *handler.Pool, arguments []string) (handler.Order, error)) *cobra.Command {
	i.cmd.RunE = func(cmd *cobra.Command, arguments []string) error {
		if i.by.Author == "" {
			return errors.New("--author is missing")
		}
		p, err := openPool(cmd)
		if err != nil {
			return err
		}
		order, err := make(p, arguments)
		if err != nil {
			return err
		}
		var done pool.Intervention
		err = whileHeld(cmd.Context(), i.wait, cmd.ErrOrStderr(), func() error {
			done, err = p.Intervene(cmd.Context(), order, i.dryRun)
			return err
		})
		if err != nil {
			return runError{err}
		}
		return i.tell(done)
	}
	return i.cmd
}

// begins is order for what needs a reason.
func (i *intervention) begins(make func(p *handler.Pool, arguments []string) (handler.Order, error)) *cobra.Command {
	_ = i.cmd.MarkFlagRequired("reason")
	return i.order(make)
}

func (i *intervention) tell(done pool.Intervention) error {
	if asJSON(i.cmd) {
		return json.NewEncoder(i.cmd.OutOrStdout()).Encode(done)
	}
	when := "the next evaluation goes by it"
	if i.dryRun {
		when = "nothing was changed"
	}
	_, err := fmt.Fprintf(i.cmd.OutOrStdout(), "%s (%s)\n", done, when)
	return err
}

// serverOrder makes the order about the server that the first argument names.
func serverOrder(order func(pool.Server) handler.Order) func(*handler.Pool, []string) (handler.Order, error) {
	return func(p *handler.Pool, arguments []string) (handler.Order, error) {
		server, err := serverOf(p, arguments[0])
		return order(server), err
	}
}

// serverOf finds the server that an argument names.
func serverOf(p *handler.Pool, argument string) (pool.Server, error) {
	number, err := strconv.Atoi(argument)
	if err != nil {
		return pool.Server{}, fmt.Errorf("server %q: say its number", argument)
	}
	return p.Server(number)
}

func newPause() *cobra.Command {
	i := newIntervention("pause", "Stop all acting on the pool; looking, deciding and recording go on", cobra.NoArgs)
	return i.begins(func(*handler.Pool, []string) (handler.Order, error) { return handler.Pause(i.by), nil })
}

func newResume() *cobra.Command {
	i := newIntervention("resume", "End a pause", cobra.NoArgs)
	return i.order(func(*handler.Pool, []string) (handler.Order, error) { return handler.Resume(i.by), nil })
}

func newMaintenance() *cobra.Command {
	cmd := &cobra.Command{Use: "maintenance", Short: "Take a server out of DiViMS's hands, or give it back"}
	start := newIntervention("start SERVER", "Take a server out of DiViMS's hands", cobra.ExactArgs(1))
	end := newIntervention("end SERVER", "Give a server back", cobra.ExactArgs(1))
	cmd.AddCommand(
		start.begins(serverOrder(func(s pool.Server) handler.Order { return handler.StartMaintenance(s, start.by) })),
		end.order(serverOrder(func(s pool.Server) handler.Order { return handler.EndMaintenance(s, end.by) })),
	)
	return cmd
}

func newRecycle() *cobra.Command {
	i := newIntervention("recycle SERVER", "Replace a server's machine: its replacement comes first, and it drains", cobra.ExactArgs(1))
	return i.begins(serverOrder(func(s pool.Server) handler.Order { return handler.Recycle(s, i.by) }))
}

func newEndDrain() *cobra.Command {
	i := newIntervention("end-drain SERVER", "End the meetings of a draining server, so that its machine can go", cobra.ExactArgs(1))
	var name string
	var discard bool
	i.cmd.Flags().StringVar(&name, "confirm", "", "the server's host name or domain")
	i.cmd.Flags().BoolVar(&discard, "discard-recordings", false, "let the machine go whatever recordings may be on it")
	_ = i.cmd.MarkFlagRequired("confirm")
	return i.begins(serverOrder(func(s pool.Server) handler.Order { return handler.EndDrain(s, name, discard, i.by) }))
}

func newKeep() *cobra.Command {
	i := newIntervention("keep SERVER", "Take recycle and end-drain back, as far as nothing was done yet", cobra.ExactArgs(1))
	return i.order(serverOrder(func(s pool.Server) handler.Order { return handler.Keep(s, i.by) }))
}

func newForce() *cobra.Command {
	i := newIntervention("force SERVERS", "Let a number of servers without a tag be required for a while, whatever the policies say", cobra.ExactArgs(1))
	var lasting time.Duration
	i.cmd.Flags().DurationVar(&lasting, "for", 0, "how long, for example 4h")
	_ = i.cmd.MarkFlagRequired("for")
	return i.begins(func(p *handler.Pool, arguments []string) (handler.Order, error) {
		servers, err := strconv.Atoi(arguments[0])
		if err != nil {
			return handler.Order{}, fmt.Errorf("%q servers: say how many", arguments[0])
		}
		now, err := p.Now(i.cmd.Context())
		return handler.Force(servers, now.Add(lasting), i.by), err
	})
}

func newUnforce() *cobra.Command {
	i := newIntervention("unforce", "Leave it to the policies again how many servers without a tag are required", cobra.NoArgs)
	return i.order(func(*handler.Pool, []string) (handler.Order, error) { return handler.Unforce(i.by), nil })
}
