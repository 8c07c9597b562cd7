package backtest

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteTable writes the results for people, one line each.
func WriteTable(to io.Writer, results []Result) error {
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "trace\tpolicy\tserver-hours\tlower bound\tratio\toverloaded %\trefused\tstarts a day\tutilization\tdrain p95\tworst creations\teuros")
	for _, r := range results {
		fmt.Fprintf(out, "%s\t%s\t%.0f\t%.0f\t%.2f\t%.2f\t%d\t%.1f\t%.2f\t%.0fm\t%d\t%.0f\n", r.Trace, r.Policy, r.ServerHours, r.LowerBoundHours,
			r.Ratio, r.OverloadedPercent, r.RefusedMeetings, r.StartsPerDay, r.MeanUtilization, r.DrainToDelete95, r.MostCreations, r.CostEuros)
	}
	return out.Flush()
}
