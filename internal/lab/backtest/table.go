package backtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// WriteTable writes the results as a table for people, one line each. If there are
// several traces, the means of each list of policies follow. At the end it writes which
// policies were replaced by the load rule, how often and why.
func WriteTable(to io.Writer, results []Result) error {
	var rows, notes bytes.Buffer
	fmt.Fprintln(&rows, "trace\tpolicy\tserver-hours\tlower bound\tratio\toverloaded %\trefused\tstarts a day\tutilization\tdrain p95\tworst creations\teuros")
	for _, r := range results {
		fmt.Fprintf(&rows, "%s\t%s\t%.0f\t%.0f\t%.2f\t%.2f\t%d\t%.1f\t%.2f\t%.0fm\t%d\t%.0f\n", r.Trace, r.Policy, r.ServerHours, r.LowerBoundHours,
			r.Ratio, r.OverloadedPercent, r.RefusedMeetings, r.StartsPerDay, r.MeanUtilization, r.DrainToDelete95, r.MostCreations, r.CostEuros)
	}
	for _, mean := range means(results) {
		fmt.Fprintf(&rows, "mean of %s\t%s\t\t\t%.3f\t%.2f\t%d\t%.1f\t%.2f\n", mean.Trace, mean.Policy, mean.Ratio, mean.OverloadedPercent,
			mean.RefusedMeetings, mean.StartsPerDay, mean.MeanUtilization)
	}
	for _, r := range results {
		if r.StandIns > 0 {
			fmt.Fprintf(&notes, "%s, %s: the rule of the policy load stood in at %d of %d evaluations: %s\n", r.Trace, r.Policy, r.StandIns, r.Evaluations, r.StandIn)
		}
	}
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	_, err := out.Write(rows.Bytes())
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	_, err = to.Write(notes.Bytes())
	return err
}

// means returns the mean figures of each list of policies over all traces, or nil for a
// single trace. Each trace has the same weight. Trace is the number of traces, and
// RefusedMeetings is the sum of all.
func means(results []Result) []Result {
	var sums []Result
	counts := map[string]int{}
	for _, r := range results {
		i := slices.IndexFunc(sums, func(sum Result) bool { return sum.Policy == r.Policy })
		if i < 0 {
			i = len(sums)
			sums = append(sums, Result{Policy: r.Policy})
		}
		counts[r.Policy]++
		sum := &sums[i]
		sum.Ratio += r.Ratio
		sum.OverloadedPercent += r.OverloadedPercent
		sum.RefusedMeetings += r.RefusedMeetings
		sum.StartsPerDay += r.StartsPerDay
		sum.MeanUtilization += r.MeanUtilization
	}
	if len(results) == len(sums) {
		return nil
	}
	for i := range sums {
		n := counts[sums[i].Policy]
		sums[i].Trace = fmt.Sprintf("%d traces", n)
		sums[i].Ratio /= float64(n)
		sums[i].OverloadedPercent /= float64(n)
		sums[i].StartsPerDay /= float64(n)
		sums[i].MeanUtilization /= float64(n)
	}
	return sums
}
