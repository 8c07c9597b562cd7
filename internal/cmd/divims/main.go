// Command divims is the command line of DiViMS. It sets pools up, makes evaluations,
// carries out operators' orders, and runs the sandbox and backtests. Exit status: 0 done,
// 1 failed, 2 bad usage or configuration, 3 another evaluation holds the pool's lease.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"divims/internal/config"
	"divims/internal/fact"
	"divims/internal/pool"
)

// Exit statuses.
const (
	failed    = 1
	badUsage  = 2
	leaseHeld = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs a command line and returns its exit status.
func run(ctx context.Context, arguments []string, out, errOut io.Writer) int {
	root := newRoot() //nolint:contextcheck // commands get the context from ExecuteContext
	root.SetArgs(arguments)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(errOut, "divims:", errorText(err))
	return exitStatus(err)
}

// errorText returns an error for a terminal. The lines after the first are indented, so that
// none that comes from outside looks like one of ours.
func errorText(err error) string {
	return strings.ReplaceAll(fact.CleanLines(err.Error()), "\n", "\n  ")
}

// runError is an error of a command whose usage was right.
type runError struct{ error }

func (e runError) Unwrap() error { return e.error }

// usageError is an error in what the user gave, found while the command ran.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func exitStatus(err error) int {
	var problems config.Problems
	var usage usageError
	var held *pool.LeaseHeldError
	var ran runError
	switch {
	case errors.As(err, &problems), errors.As(err, &usage):
		return badUsage
	case errors.As(err, &held):
		return leaseHeld
	case errors.As(err, &ran):
		return failed
	}
	return badUsage
}

const rootHelp = `Keep a pool of BigBlueButton servers behind Scalelite as small as its users allow.

Most commands work on one pool, whose settings they take from DIVIMS_ environment
variables. To load a pool's file into a shell:
  set -a; . pools/campus.env; set +a

Exit status: 0 done, 1 failed, 2 bad usage or configuration, 3 another evaluation
holds the pool's lease.`

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "divims",
		Short:         "Keep a pool of BigBlueButton servers behind Scalelite as small as its users allow",
		Long:          rootHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("no command given; divims --help lists the commands")
		},
	}
	root.PersistentFlags().Bool("json", false, "print JSON instead of text")
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		newProvision(), newCheck(), newDeploy(), newMigrate(), newUserData(),
		newEvaluate(), newStatus(), newPage(), newCalendar(),
		newPause(), newResume(), newForce(), newUnforce(), newMaintenance(), newRecycle(), newEndDrain(), newKeep(), newTakeOver(),
		newSandbox(), newBacktest(), newTrace(), newBench(), newBenchSurroundings(),
	)
	return root
}

// asJSON reports whether --json is set.
func asJSON(cmd *cobra.Command) bool {
	wanted, _ := cmd.Flags().GetBool("json")
	return wanted
}

// command wraps do so that its errors count as failures, not as bad usage.
func command(do func(*cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if err := do(cmd); err != nil {
			return runError{err}
		}
		return nil
	}
}
