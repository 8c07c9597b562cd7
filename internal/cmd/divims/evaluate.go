package main

import (
	"encoding/json"
	"errors"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/report"
)

func newEvaluate() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Make one evaluation with the settings of the environment",
		Args:  cobra.NoArgs,
		RunE: command(func(cmd *cobra.Command) error {
			p, err := openPool(cmd)
			if err != nil {
				return err
			}
			record, err := p.Evaluate(cmd.Context(), "command line", dryRun)
			if len(record.Servers) == 0 { // it did not come so far as to have anything to show
				return err
			}
			if record.Blind {
				err = errors.Join(err, errors.New("the pool could not be seen well enough to act"))
			}
			if asJSON(cmd) {
				return errors.Join(err, json.NewEncoder(cmd.OutOrStdout()).Encode(record))
			}
			return errors.Join(err, report.Summary(cmd.OutOrStdout(), record))
		}),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "decide and say so, but change nothing")
	return cmd
}

func newStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the pool as its last evaluation saw it, with the settings of the environment",
		Args:  cobra.NoArgs,
		RunE: command(func(cmd *cobra.Command) error {
			p, err := openPool(cmd)
			if err != nil {
				return err
			}
			status, err := p.Status(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON(cmd) {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(status)
			}
			return status.Text(cmd.OutOrStdout())
		}),
	}
}

// openPool wires up the pool of the environment's settings.
func openPool(cmd *cobra.Command) (*handler.Pool, error) {
	settings, err := config.Load(os.Environ())
	if err != nil {
		return nil, err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(baseMemory + int64(settings.Decision.Size)*memoryPerServer)
	}
	return handler.Open(settings, newLog(cmd.ErrOrStderr(), settings.Function.LogLevel))
}

// The memory from which on garbage is collected sooner, in bytes, which takes hardly
// more CPU time: 5,000 servers need 190 MB instead of 220 MB, 100 servers 47 MB
// instead of 50 MB, some 20 MB of which are the program.
const (
	baseMemory      = 27 << 20
	memoryPerServer = 28 << 10
)
