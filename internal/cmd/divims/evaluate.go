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
		Short: "Make one evaluation of the pool",
		Long: `Make one evaluation of the pool: look at it, decide, act and record, as the deployed
function does. The settings come from DIVIMS_ environment variables.

With --dry-run nothing is changed or recorded, and nobody is notified.`,
		Args: cobra.NoArgs,
		RunE: command(func(cmd *cobra.Command) error {
			p, err := openPool(cmd)
			if err != nil {
				return err
			}
			record, err := p.Evaluate(cmd.Context(), "command line", dryRun)
			if len(record.Servers) == 0 { // the evaluation failed before there was anything to show
				return err
			}
			if record.Blind {
				err = errors.Join(err, errors.New("too little of the pool could be read to act"))
			}
			if asJSON(cmd) {
				return errors.Join(err, json.NewEncoder(cmd.OutOrStdout()).Encode(record))
			}
			return errors.Join(err, report.Summary(cmd.OutOrStdout(), record))
		}),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be done, and change nothing")
	return cmd
}

func newStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the pool as its last evaluation saw it",
		Long: `Show the pool as its last evaluation saw it. It is read from the bucket, with the
settings of DIVIMS_ environment variables.`,
		Args: cobra.NoArgs,
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

// openPool opens the pool whose settings are in the command's context or, without them,
// in the environment.
func openPool(cmd *cobra.Command) (*handler.Pool, error) {
	if settings, given := cmd.Context().Value(settingsKey{}).(config.Settings); given {
		return handler.Open(settings, newLog(cmd.ErrOrStderr(), settings.Function.LogLevel))
	}
	settings, err := config.Load(os.Environ())
	if err != nil {
		return nil, err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(baseMemory + int64(settings.Decision.Size)*memoryPerServer)
	}
	return handler.Open(settings, newLog(cmd.ErrOrStderr(), settings.Function.LogLevel))
}

// Go's memory limit is baseMemory + servers × memoryPerServer, in bytes. Close to it
// Go collects garbage more often, which costs hardly any CPU time and saves memory:
// 5,000 servers need 190 MB instead of 220 MB, 100 servers 47 MB instead of 50 MB. Of
// that, some 20 MB are the program.
const (
	baseMemory      = 27 << 20
	memoryPerServer = 28 << 10
)
