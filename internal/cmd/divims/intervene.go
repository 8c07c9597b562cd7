package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"divims/handler"
	"divims/internal/config/setting"
	"divims/internal/fact"
	"divims/internal/pool"
)

// intervention is a command that gives an operator's order.
type intervention struct {
	cmd *cobra.Command
	// by holds who gives the order and why.
	by     pool.Hold
	dryRun bool
	// wait is how long to wait for the lease.
	wait time.Duration
}

// newIntervention creates a command with the flags that all orders have.
func newIntervention(use, short, long string, arguments cobra.PositionalArgs) *intervention {
	i := &intervention{cmd: &cobra.Command{Use: use, Short: short, Long: strings.TrimSpace(short + ".\n\n" + long), Args: arguments}}
	i.cmd.Flags().StringVar(&i.by.Reason, "reason", "", "why; shown on the page and in the record")
	i.cmd.Flags().StringVar(&i.by.Author, "author", userName(), "who gives the order")
	i.cmd.Flags().BoolVar(&i.dryRun, "dry-run", false, "show what would be changed, and change nothing")
	i.cmd.Flags().DurationVar(&i.wait, "wait", defaultWait, "how long to wait while an evaluation runs or another operator gives an order; 0 does not wait")
	return i
}

// userName returns the name of the user, "" if it is not known.
func userName() string {
	if me, err := user.Current(); err == nil {
		return me.Username
	}
	return os.Getenv("USER")
}

// newOrder makes an order from the arguments of a command.
type newOrder func(p *handler.Pool, arguments []string) (handler.Order, error)

// gives makes the command give an order that takes another one back, and so needs no
// reason. It returns the command.
func (i *intervention) gives(order newOrder) *cobra.Command { return i.run(order, false) }

// givesWithReason is like gives, for an order that needs a reason.
func (i *intervention) givesWithReason(order newOrder) *cobra.Command {
	_ = i.cmd.MarkFlagRequired("reason")
	return i.run(order, true)
}

func (i *intervention) run(newOrder newOrder, reason bool) *cobra.Command {
	return i.carriesOut(reason, func(cmd *cobra.Command, p *handler.Pool, arguments []string) (func() (handler.Effect, error), error) {
		order, err := newOrder(p, arguments)
		return func() (handler.Effect, error) { return p.Intervene(cmd.Context(), order, i.dryRun) }, err
	})
}

// preparation makes, from the arguments of a command, a function that changes the state.
type preparation func(cmd *cobra.Command, p *handler.Pool, arguments []string) (func() (handler.Effect, error), error)

// carriesOut makes the command do what prepare returns, again and again while the lease is
// held. It returns the command.
func (i *intervention) carriesOut(reason bool, prepare preparation) *cobra.Command {
	i.cmd.RunE = func(cmd *cobra.Command, arguments []string) error {
		if i.by.Author == "" {
			return errors.New("--author is missing")
		}
		if err := handler.CheckBy(i.by, reason); err != nil {
			return err
		}
		p, err := openPool(cmd)
		if err != nil {
			return err
		}
		do, err := prepare(cmd, p, arguments)
		if err != nil {
			return err
		}
		var done handler.Effect
		err = retryWhileHeld(cmd.Context(), i.wait, cmd.ErrOrStderr(), func() error {
			done, err = do()
			return err
		})
		if err != nil {
			return runError{err}
		}
		return i.print(done)
	}
	return i.cmd
}

func (i *intervention) print(done handler.Effect) error {
	if asJSON(i.cmd) {
		return json.NewEncoder(i.cmd.OutOrStdout()).Encode(done)
	}
	when := "applies from the next evaluation"
	if i.dryRun || done.Unchanged {
		when = "nothing was changed"
	}
	if done.Note != "" {
		when += "; " + done.Note
	}
	_, err := fmt.Fprintln(i.cmd.OutOrStdout(), fact.Clean(fmt.Sprintf("%s (%s)", done, when)))
	return err
}

// serverOrder returns a function that makes an order about the server whose number is
// the first argument.
func serverOrder(order func(pool.Server) handler.Order) func(*handler.Pool, []string) (handler.Order, error) {
	return func(p *handler.Pool, arguments []string) (handler.Order, error) {
		server, err := serverOf(p, arguments[0])
		return order(server), err
	}
}

// serverOf returns the server whose number is the argument.
func serverOf(p *handler.Pool, argument string) (pool.Server, error) {
	number, err := setting.ParseNumber(argument)
	if err != nil {
		return pool.Server{}, fmt.Errorf("server %q: must be the number of a server, for example 3", argument)
	}
	return p.Server(number)
}

func newPause() *cobra.Command {
	i := newIntervention("pause", "Stop DiViMS from changing the pool", "Evaluations still look, decide and record what they would do. resume ends the pause.", cobra.NoArgs)
	return i.givesWithReason(func(*handler.Pool, []string) (handler.Order, error) { return handler.Pause(i.by), nil })
}

func newResume() *cobra.Command {
	i := newIntervention("resume", "End a pause", "", cobra.NoArgs)
	return i.gives(func(*handler.Pool, []string) (handler.Order, error) { return handler.Resume(i.by), nil })
}

func newMaintenance() *cobra.Command {
	cmd := &cobra.Command{Use: "maintenance", Short: "Start or end the maintenance of a server"}
	start := newIntervention("start SERVER", "Start the maintenance of a server", "DiViMS neither changes the server nor counts it until the maintenance ends.", cobra.ExactArgs(1))
	end := newIntervention("end SERVER", "End the maintenance of a server", "", cobra.ExactArgs(1))
	cmd.AddCommand(
		start.givesWithReason(serverOrder(func(s pool.Server) handler.Order { return handler.StartMaintenance(s, start.by) })),
		end.gives(serverOrder(func(s pool.Server) handler.Order { return handler.EndMaintenance(s, end.by) })),
	)
	return cmd
}

func newRecycle() *cobra.Command {
	i := newIntervention("recycle SERVER", "Replace a server's machine", "Another server takes its place first. Then it drains, and its machine is deleted when\nnobody needs it any more. keep takes the order back.", cobra.ExactArgs(1))
	return i.givesWithReason(serverOrder(func(s pool.Server) handler.Order { return handler.Recycle(s, i.by) }))
}

func newEndDrain() *cobra.Command {
	i := newIntervention("end-drain SERVER", "End the meetings of a draining server now",
		"Its machine is deleted as soon as its recordings are done. keep takes the order back.", cobra.ExactArgs(1))
	var name string
	var discard bool
	i.cmd.Flags().StringVar(&name, "confirm", "", "host name or domain of the server, to confirm that it is the right one")
	i.cmd.Flags().BoolVar(&discard, "discard-recordings", false, "delete the machine even if recordings on it are lost")
	_ = i.cmd.MarkFlagRequired("confirm")
	return i.givesWithReason(serverOrder(func(s pool.Server) handler.Order { return handler.EndDrain(s, name, discard, i.by) }))
}

func newKeep() *cobra.Command {
	i := newIntervention("keep SERVER", "Take back recycle and end-drain for a server", "What has been done already is not undone.", cobra.ExactArgs(1))
	return i.gives(serverOrder(func(s pool.Server) handler.Order { return handler.Keep(s, i.by) }))
}

func newForce() *cobra.Command {
	i := newIntervention("force SERVERS", "Set the number of required servers for a while",
		"It applies to servers without a tag, and replaces what the policies say.", cobra.ExactArgs(1))
	var duration time.Duration
	i.cmd.Flags().DurationVar(&duration, "for", 0, "how long, for example 4h")
	_ = i.cmd.MarkFlagRequired("for")
	return i.givesWithReason(func(p *handler.Pool, arguments []string) (handler.Order, error) {
		servers, err := setting.ParseNumber(arguments[0])
		if err != nil {
			return handler.Order{}, fmt.Errorf("%q: must be a number of servers", arguments[0])
		}
		now, err := p.Now(i.cmd.Context())
		return handler.Force(servers, now.Add(duration), i.by), err
	})
}

func newUnforce() *cobra.Command {
	i := newIntervention("unforce", "Let the policies set the number of required servers again", "", cobra.NoArgs)
	return i.gives(func(*handler.Pool, []string) (handler.Order, error) { return handler.Unforce(i.by), nil })
}

func newTakeOver() *cobra.Command {
	i := newIntervention("take-over", "Make the state of another pool the state of this one",
		"Use it when the address of Scalelite or the project of the pool has changed, so that\nevaluations stop with the error that the state belongs to another pool. Never use it\nif that other pool still exists: give one of the two another name or prefix.", cobra.NoArgs)
	var from string
	i.cmd.Flags().StringVar(&from, "from", "", "address of the Scalelite that the error names as the state's, to confirm")
	_ = i.cmd.MarkFlagRequired("from")
	_ = i.cmd.MarkFlagRequired("reason")
	return i.carriesOut(true, func(cmd *cobra.Command, p *handler.Pool, _ []string) (func() (handler.Effect, error), error) {
		return func() (handler.Effect, error) { return p.TakeOver(cmd.Context(), from, i.by, i.dryRun) }, nil
	})
}
