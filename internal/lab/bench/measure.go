// Package bench measures what an evaluation costs. In go the size of a pool and
// what is around it; out come the wall time, CPU time, memory and traffic of one
// evaluation. Whatever is measured, and what is around it, are processes of their
// own: this one stays small, for a process begins with the peak of its parent.
package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"divims/internal/cycle"
	"divims/internal/lab/sandbox"
)

// Cost is what one evaluation took.
type Cost struct {
	Wall time.Duration
	// CPU is user and system time together.
	CPU time.Duration
	// Memory is the largest resident set, in bytes; 0 where it is not known.
	Memory  int64
	Traffic Traffic
}

// Best takes the least of two costs, but the most of memory: others on the machine
// can only add to times, and what a process needs is what it needs at worst.
func (c Cost) Best(other Cost) Cost {
	if c == (Cost{}) {
		return other
	}
	if other.CPU < c.CPU {
		c.CPU, c.Traffic = other.CPU, other.Traffic
	}
	c.Wall, c.Memory = min(c.Wall, other.Wall), max(c.Memory, other.Memory)
	return c
}

// Around is a process that runs Surroundings.
type Around struct {
	surroundings Surroundings
	process      *exec.Cmd
	in           io.WriteCloser
	out          *bufio.Reader
	environment  []string
	before       Traffic
}

// Start runs the surroundings by a command that ends up in Surroundings.Serve.
func Start(surroundings Surroundings, command *exec.Cmd) (*Around, error) {
	a := &Around{surroundings: surroundings, process: command}
	var out io.ReadCloser
	var err error
	if a.in, err = command.StdinPipe(); err == nil {
		out, err = command.StdoutPipe()
	}
	command.Stderr = os.Stderr
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start the surroundings: %w", err)
	}
	a.out = bufio.NewReader(out)
	var at hello
	if err := a.hear(&at); err != nil {
		return nil, fmt.Errorf("hear where the surroundings are: %w", err)
	}
	a.environment = append(slices.DeleteFunc(os.Environ(), isOurs), at.Environment...)
	return a, nil
}

// isOurs knows the variables that lead DiViMS elsewhere, or change Go's runtime.
func isOurs(variable string) bool {
	return strings.HasPrefix(variable, "DIVIMS_") || strings.HasPrefix(variable, "GO")
}

func (a *Around) hear(value any) error {
	line, err := a.out.ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(line, value)
}

// Servers is how many there are.
func (a *Around) Servers() int { return a.surroundings.Servers }

// Close ends the surroundings.
func (a *Around) Close() error {
	_ = a.in.Close()
	return a.process.Wait()
}

// next tells what the traffic was since it was last asked for, and has all
// connections that nobody uses ended.
func (a *Around) next() (Traffic, error) {
	if _, err := io.WriteString(a.in, "\n"); err != nil {
		return Traffic{}, fmt.Errorf("ask for the traffic: %w", err)
	}
	var now Traffic
	if err := a.hear(&now); err != nil {
		return Traffic{}, fmt.Errorf("hear of the traffic: %w", err)
	}
	since := Traffic{sandbox.Traffic{
		Connections: now.Connections - a.before.Connections,
		Handshakes:  now.Handshakes - a.before.Handshakes, Resumed: now.Resumed - a.before.Resumed,
		Received: now.Received - a.before.Received, Sent: now.Sent - a.before.Sent,
	}, now.Requests - a.before.Requests}
	a.before = now
	return since, nil
}

// Check makes an evaluation and compares what it saw with what there is. From then
// on, all answers are rendered.
func (a *Around) Check(ctx context.Context, divims string) error {
	command := exec.CommandContext(ctx, divims, "evaluate", "--json")
	command.Env = a.environment
	var said, complaints bytes.Buffer
	command.Stdout, command.Stderr = &said, &complaints
	if err := command.Run(); err != nil {
		return fmt.Errorf("evaluate: %w: %.1000s", err, complaints.Bytes())
	}
	var record cycle.Record
	if err := json.Unmarshal(said.Bytes(), &record); err != nil {
		return fmt.Errorf("read the decision record: %w", err)
	}
	return a.check(record)
}

// check refuses an evaluation that did not see all that there is, or acted.
func (a *Around) check(record cycle.Record) error {
	answering := a.surroundings.Servers - a.surroundings.hung()
	seen, stats := 0, 0
	for _, server := range record.Servers {
		if server.Meetings.Known() {
			seen++
		}
		if server.Load1.Known() && server.Backlog.Known() {
			stats++
		}
	}
	if seen != answering || stats != answering {
		return fmt.Errorf("the meetings of %d servers and the figures of %d were seen, of %d that answer", seen, stats, answering)
	}
	if len(record.Plan.Actions) > 0 {
		return fmt.Errorf("%d actions were planned, and nothing is to be done", len(record.Plan.Actions))
	}
	return nil
}

// Evaluate measures `divims evaluate` as a whole process.
func (a *Around) Evaluate(ctx context.Context, divims string) (Cost, error) {
	if _, err := a.next(); err != nil {
		return Cost{}, err
	}
	command := exec.CommandContext(ctx, divims, "evaluate")
	command.Env = a.environment
	var complaints bytes.Buffer
	command.Stderr = &complaints
	begun := time.Now()
	if err := command.Run(); err != nil {
		return Cost{}, fmt.Errorf("evaluate: %w: %.1000s", err, complaints.Bytes())
	}
	wall := time.Since(begun)
	traffic, err := a.next()
	return Cost{
		Wall: wall, CPU: command.ProcessState.UserTime() + command.ProcessState.SystemTime(),
		Memory: peakMemory(command.ProcessState), Traffic: traffic,
	}, err
}
