package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"divims/internal/lab/bench"
)

// benchOptions are the flags of the command.
type benchOptions struct {
	around   bench.Surroundings
	sizes    []int
	runs     int
	function bool
	quota    bench.Quota
}

func newBench() *cobra.Command {
	var o benchOptions
	var megabytes int
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the time and memory of evaluations of fully used pools",
		Long:  benchHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.quota.Memory = int64(megabytes) << 20
			if err := o.check(); err != nil {
				return err
			}
			if err := o.run(cmd.Context(), cmd.OutOrStdout()); err != nil {
				return runError{err}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.IntSliceVar(&o.sizes, "servers", []int{10, 100, 1000, 5000}, "sizes of the pools")
	flags.IntVar(&o.runs, "runs", 5, "how often each size is measured; the shortest time and the most memory count")
	flags.BoolVar(&o.function, "function", false, "also build the function from the source in this folder, and measure it")
	flags.Float64Var(&o.quota.CPU, "cpu", 0, "share of one CPU for the function, for example 0.14; needs root and --memory")
	flags.IntVar(&megabytes, "memory", 0, "memory for the function in MiB, for example 256; needs root and --cpu")
	surroundingsFlags(flags, &o.around)
	return cmd
}

const benchHelp = `Measure the time and memory of evaluations of fully used pools.

A sandbox runs in a process of its own, with TLS, meetings with all their attendees,
stats as long as a real node_exporter's, and a fixed latency. Each evaluation is
also a process, so that the system reports its CPU time and memory. With --function the
deployed function is measured as well, in a process that keeps running: an evaluation
right after its start, and another one after all its connections have been closed.`

// surroundingsFlags adds the flags that both processes have.
func surroundingsFlags(flags *pflag.FlagSet, s *bench.Surroundings) {
	flags.IntVar(&s.Participants, "participants", 200, "participants on each server")
	flags.DurationVar(&s.Latency, "latency", 30*time.Millisecond, "time before each answer")
	flags.IntVar(&s.HungPercent, "hung", 0, "percentage of servers that accept connections and never answer")
	flags.BoolVar(&s.HTTP2, "http2", false, "let the servers offer HTTP/2")
}

func (o benchOptions) check() error {
	var problems []error
	for _, size := range o.sizes {
		if size < 1 || size > 10_000 {
			problems = append(problems, fmt.Errorf("--servers %d: must be 1 to 10000", size))
		}
	}
	if o.around.HungPercent < 0 || o.around.HungPercent > 100 {
		problems = append(problems, fmt.Errorf("--hung %d: must be 0 to 100", o.around.HungPercent))
	}
	if (o.quota.CPU > 0) != (o.quota.Memory > 0) || o.quota != (bench.Quota{}) && !o.function {
		problems = append(problems, errors.New("--cpu and --memory must be set together, and with --function"))
	}
	return errors.Join(append(problems, atLeastOne("runs", o.runs), atLeastOne("participants", o.around.Participants))...)
}

// newBenchSurroundings creates the command of the sandbox process. It ends with its
// standard input.
func newBenchSurroundings() *cobra.Command {
	var s bench.Surroundings
	cmd := &cobra.Command{
		Use:    "bench-surroundings",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   command(func(cmd *cobra.Command) error { return s.Serve(cmd.InOrStdin(), cmd.OutOrStdout()) }),
	}
	cmd.Flags().IntVar(&s.Servers, "servers", 10, "size of the pool")
	surroundingsFlags(cmd.Flags(), &s)
	return cmd
}

func (o benchOptions) run(ctx context.Context, out io.Writer) error {
	program := ""
	if o.function {
		folder, err := os.MkdirTemp("", "divims-bench-")
		if err != nil {
			return fmt.Errorf("create a folder for the function: %w", err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		if program, err = bench.BuildFunction(ctx, folder); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprint(out, "| servers | what | wall | CPU | peak RSS | requests | TLS handshakes, resumed | received | sent |\n"+
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"); err != nil {
		return err
	}
	for _, size := range o.sizes {
		if err := o.runSize(ctx, out, size, program); err != nil {
			return fmt.Errorf("%d servers: %w", size, err)
		}
	}
	return nil
}

func (o benchOptions) runSize(ctx context.Context, out io.Writer, size int, program string) (err error) {
	o.around.Servers = size
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	around, err := bench.Start(o.around, exec.CommandContext(ctx, self, "bench-surroundings",
		"--servers", strconv.Itoa(size), "--participants", strconv.Itoa(o.around.Participants),
		"--latency", o.around.Latency.String(), "--hung", strconv.Itoa(o.around.HungPercent),
		"--http2="+strconv.FormatBool(o.around.HTTP2)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, around.Close()) }()
	if err := around.Check(ctx, self); err != nil {
		return err
	}
	if program != "" {
		return o.runFunction(ctx, out, around, program)
	}
	var best bench.Cost
	for range o.runs {
		cost, err := around.Evaluate(ctx, self)
		if err != nil {
			return err
		}
		best = best.Best(cost)
	}
	return row(out, size, "evaluate", best)
}

func (o benchOptions) runFunction(ctx context.Context, out io.Writer, around *bench.Process, program string) error {
	var start, cold, warm bench.Cost
	for range o.runs {
		function, err := around.StartFunction(ctx, program, o.quota)
		if err != nil {
			return err
		}
		first, err := function.Evaluate(ctx)
		var second bench.Cost
		if err == nil {
			second, err = function.Evaluate(ctx)
		}
		first.Memory = function.Stop()
		if err != nil {
			return err
		}
		start, cold, warm = start.Best(bench.Cost{Wall: function.ColdStart}), cold.Best(first), warm.Best(second)
	}
	return errors.Join(
		row(out, around.Servers(), "start", start),
		row(out, around.Servers(), "first evaluation", cold),
		row(out, around.Servers(), "next evaluation", warm),
	)
}

// row writes a line of the table. A figure that was not measured is left empty.
func row(out io.Writer, servers int, what string, cost bench.Cost) error {
	memory, cpu := "", ""
	if cost.Memory > 0 {
		memory = fmt.Sprintf("%.0f MB", float64(cost.Memory)/1e6)
	}
	if cost.CPU > 0 {
		cpu = fmt.Sprintf("%.3f s", cost.CPU.Seconds())
	}
	t := cost.Traffic
	if t.Requests == 0 {
		_, err := fmt.Fprintf(out, "| %d | %s | %.3f s | %s | %s | | | | |\n", servers, what, cost.Wall.Seconds(), cpu, memory)
		return err
	}
	_, err := fmt.Fprintf(out, "| %d | %s | %.2f s | %s | %s | %d | %d, %d | %.1f MB | %.2f MB |\n", servers, what, cost.Wall.Seconds(), cpu, memory,
		t.Requests, t.Handshakes, t.Resumed, float64(t.Sent)/1e6, float64(t.Received)/1e6)
	return err
}
