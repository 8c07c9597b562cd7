// Command divims is DiViMS by hand: the sandbox, one evaluation, the status,
// backtests, synthetic traces, user data. Exit status: 0 done, 1 failed, 2 bad usage or configuration,
// 3 another evaluation holds the pool's lease.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"divims/internal/config"
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

// run carries out a command line and gives the exit status.
func run(ctx context.Context, arguments []string, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(arguments)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(errOut, "divims:", err)
	return exitStatus(err)
}

// runError is an error of a command that was understood.
type runError struct{ error }

func (e runError) Unwrap() error { return e.error }

func exitStatus(err error) int {
	var problems config.Problems
	var held *pool.LeaseHeldError
	var ran runError
	switch {
	case errors.As(err, &problems):
		return badUsage
	case errors.As(err, &held):
		return leaseHeld
	case errors.As(err, &ran):
		return failed
	}
	return badUsage
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "divims",
		Short:         "Keeps a pool of BigBlueButton servers behind Scalelite as large as its users need",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("which command? divims --help lists them")
		},
	}
	root.PersistentFlags().Bool("json", false, "print JSON instead of text")
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newSandbox(), newProvision(), newCheck(), newMigrate(), newEvaluate(), newStatus(), newPage(), newBacktest(), newTrace(), newUserData(), newBench(), newBenchSurroundings(),
		newPause(), newResume(), newForce(), newUnforce(), newMaintenance(), newRecycle(), newEndDrain(), newKeep())
	return root
}

// asJSON tells whether the answer is wanted as JSON.
func asJSON(cmd *cobra.Command) bool {
	wanted, _ := cmd.Flags().GetBool("json")
	return wanted
}

// command makes a command's errors tell whether it was understood.
func command(do func(*cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if err := do(cmd); err != nil {
			return runError{err}
		}
		return nil
	}
}
