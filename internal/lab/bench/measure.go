// Package bench measures the wall time, CPU time, memory and traffic of one evaluation of
// a pool of a given size. The measured evaluation and the services around it are separate
// processes. This process stays small, because Linux counts the peak memory of the
// parent for a new process.
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

// Cost is the cost of one evaluation.
type Cost struct {
	Wall time.Duration
	// CPU is the sum of user and system time.
	CPU time.Duration
	// Memory is the largest resident set in bytes, or 0 if it is unknown.
	Memory  int64
	Traffic Traffic
}

// Best returns the smaller times of two costs and the larger memory. Other processes on
// the machine can only make an evaluation slower, and the memory that a process needs is
// the most it ever used. The traffic is taken from the cost with the smaller CPU time.
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

// Process is a separate process that runs Surroundings.
type Process struct {
	surroundings Surroundings
	process      *exec.Cmd
	in           io.WriteCloser
	out          *bufio.Reader
	environment  []string
	before       Traffic
}

// Start starts the surroundings with a command that calls Surroundings.Serve.
func Start(surroundings Surroundings, command *exec.Cmd) (*Process, error) {
	p := &Process{surroundings: surroundings, process: command}
	var out io.ReadCloser
	var err error
	if p.in, err = command.StdinPipe(); err == nil {
		out, err = command.StdoutPipe()
	}
	command.Stderr = os.Stderr
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start the surroundings: %w", err)
	}
	p.out = bufio.NewReader(out)
	var at hello
	if err := p.read(&at); err != nil {
		return nil, fmt.Errorf("read the settings of the surroundings: %w", err)
	}
	p.environment = append(slices.DeleteFunc(os.Environ(), isReserved), at.Environment...)
	return p, nil
}

// isReserved reports whether an environment variable would change the settings of DiViMS
// or the behaviour of Go's runtime.
func isReserved(variable string) bool {
	return strings.HasPrefix(variable, "DIVIMS_") || strings.HasPrefix(variable, "GO")
}

func (p *Process) read(value any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(line, value)
}

// Servers returns the number of servers.
func (p *Process) Servers() int { return p.surroundings.Servers }

// Close stops the process and waits for its end.
func (p *Process) Close() error {
	_ = p.in.Close()
	return p.process.Wait()
}

// nextTraffic returns the traffic since the last call and has the surroundings close all idle
// connections.
func (p *Process) nextTraffic() (Traffic, error) {
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		return Traffic{}, fmt.Errorf("request the traffic: %w", err)
	}
	var now Traffic
	if err := p.read(&now); err != nil {
		return Traffic{}, fmt.Errorf("read the traffic: %w", err)
	}
	since := Traffic{sandbox.Traffic{
		Connections: now.Connections - p.before.Connections,
		Handshakes:  now.Handshakes - p.before.Handshakes, Resumed: now.Resumed - p.before.Resumed,
		Received: now.Received - p.before.Received, Sent: now.Sent - p.before.Sent,
	}, now.Requests - p.before.Requests}
	p.before = now
	return since, nil
}

// Check runs an evaluation and compares what it saw with the pool. It also fills the cache
// of answers.
func (p *Process) Check(ctx context.Context, divims string) error {
	command := exec.CommandContext(ctx, divims, "evaluate", "--json")
	command.Env = p.environment
	var said, errorOutput bytes.Buffer
	command.Stdout, command.Stderr = &said, &errorOutput
	if err := command.Run(); err != nil {
		return fmt.Errorf("evaluate: %w: %.1000s", err, errorOutput.Bytes())
	}
	var record cycle.Record
	if err := json.Unmarshal(said.Bytes(), &record); err != nil {
		return fmt.Errorf("read the decision record: %w", err)
	}
	return p.check(record)
}

// check returns an error if an evaluation did not see every server that answers, or if
// it planned an action.
func (p *Process) check(record cycle.Record) error {
	answering := p.surroundings.Servers - p.surroundings.hung()
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
		return fmt.Errorf("the evaluation saw the meetings of %d servers and the stats of %d, want %d of both", seen, stats, answering)
	}
	if len(record.Plan.Actions) > 0 {
		return fmt.Errorf("the evaluation planned %d actions, want none", len(record.Plan.Actions))
	}
	return nil
}

// Evaluate measures a process of `divims evaluate` from its start to its end.
func (p *Process) Evaluate(ctx context.Context, divims string) (Cost, error) {
	if _, err := p.nextTraffic(); err != nil {
		return Cost{}, err
	}
	command := exec.CommandContext(ctx, divims, "evaluate")
	command.Env = p.environment
	var errorOutput bytes.Buffer
	command.Stderr = &errorOutput
	begun := time.Now()
	if err := command.Run(); err != nil {
		return Cost{}, fmt.Errorf("evaluate: %w: %.1000s", err, errorOutput.Bytes())
	}
	wall := time.Since(begun)
	traffic, err := p.nextTraffic()
	return Cost{
		Wall: wall, CPU: command.ProcessState.UserTime() + command.ProcessState.SystemTime(),
		Memory: peakMemory(command.ProcessState), Traffic: traffic,
	}, err
}
