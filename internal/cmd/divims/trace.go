package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"divims/internal/lab/demand"
)

// traceStart is the first day of every synthetic trace, a Monday.
var traceStart = time.Date(2026, time.February, 2, 0, 0, 0, 0, paris())

// paris returns the time zone of the profiles.
func paris() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic("time zones are embedded: " + err.Error())
	}
	return zone
}

func newTrace() *cobra.Command {
	var profile string
	var weeks, peak int
	var seed uint64
	cmd := &cobra.Command{
		Use:   "trace",
		Short: "Write a synthetic trace of meetings as CSV, for backtests",
		Long: `Write a synthetic trace of meetings as CSV, for backtests. There is one row for each
meeting: start,duration_s,participants,join_s,leave_s,recorded. Participants join evenly
over the first join_s seconds, and leave evenly over the last leave_s.`,
		Example: `  divims trace --profile school --weeks 8 >school.csv
  divims backtest --trace school.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(checkProfile(profile), atLeastOne("weeks", weeks), atLeastOne("peak", peak)); err != nil {
				return err
			}
			meetings, err := demand.Generate(demand.Profile(profile), traceStart, traceStart.AddDate(0, 0, 7*weeks), seed, peak)
			if err == nil {
				err = demand.WriteTrace(cmd.OutOrStdout(), meetings)
			}
			if err != nil {
				return runError{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "university", "kind of demand: university, school or company")
	cmd.Flags().IntVar(&weeks, "weeks", 10, "length in weeks")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the random demand")
	cmd.Flags().IntVar(&peak, "peak", 1500, "participants at the peak of an ordinary day")
	return cmd
}

func checkProfile(profile string) error {
	if !slices.Contains(demand.Profiles(), demand.Profile(profile)) {
		return fmt.Errorf("--profile %q: must be one of %v", profile, demand.Profiles())
	}
	return nil
}

func atLeastOne(flag string, value int) error {
	if value < 1 {
		return fmt.Errorf("--%s %d: must be at least 1", flag, value)
	}
	return nil
}
