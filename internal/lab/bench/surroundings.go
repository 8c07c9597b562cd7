package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// Surroundings describes a fully used pool and the services around it.
type Surroundings struct {
	Servers int
	// Participants is the number of people on each server.
	Participants int
	// Latency is the delay before every answer.
	Latency time.Duration
	// HungPercent is the percentage of servers that accept connections and never answer.
	HungPercent int
	// HTTP2 sets whether the servers offer HTTP/2.
	HTTP2 bool
}

// meetingSize is the number of people in each meeting.
const meetingSize = 25

// begin is when the world begins. Each evaluation is step later than the one before. All
// evaluations are within the grace time (DIVIMS_GRACE), so no action is planned for hung
// servers.
var begin = time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)

const step = 5 * time.Second

// hello is the first line that the surroundings write. Environment has the settings of a
// function that uses them.
type hello struct{ Environment []string }

// Traffic is the traffic that evaluations caused so far.
type Traffic struct {
	sandbox.Traffic
	Requests int64 `json:"requests"`
}

// Serve runs the surroundings until in ends. First it writes their settings to out. Then,
// for each line from in, it closes the connections, advances the world by step and
// writes the traffic so far.
func (s Surroundings) Serve(in io.Reader, out io.Writer) error {
	answers := &answers{surroundings: s}
	around, err := s.open(answers)
	if err != nil {
		return err
	}
	defer func() { _ = around.Close() }() // again; the first error counts
	output := json.NewEncoder(out)
	if err := output.Encode(hello{around.Environment()}); err != nil {
		return fmt.Errorf("write the settings of the surroundings: %w", err)
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		around.CloseIdleConnections()
		around.AdvanceTo(around.Now().Add(step))
		if err := output.Encode(Traffic{around.Traffic(), answers.requests.Load()}); err != nil {
			return fmt.Errorf("write the traffic: %w", err)
		}
	}
	return errors.Join(lines.Err(), around.Close())
}

func (s Surroundings) open(answers *answers) (*sandbox.Sandbox, error) {
	around, err := sandbox.Start(sandbox.Config{
		Middleware: answers.around, HTTP2: s.HTTP2,
		World: world.Config{
			Start: begin, Meetings: s.demand(), Running: s.Servers,
			Servers:            pool.Servers(s.Servers, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
			ServerParticipants: s.Participants, ServerMeetings: s.Participants,
			RecordingWork: 1, Shipped: true,
		},
	})
	if err != nil {
		return nil, err
	}
	around.AdvanceTo(begin.Add(time.Minute))
	return around, nil
}

// demand returns meetings that fill all servers for a day, longer than any measurement.
func (s Surroundings) demand() []demand.Meeting {
	meetings := make([]demand.Meeting, s.Servers*s.Participants/meetingSize)
	for i := range meetings {
		meetings[i] = demand.Meeting{Start: begin, Duration: 24 * time.Hour, Participants: meetingSize}
	}
	return meetings
}

// hangs reports whether a server never answers. These servers are spread evenly.
func (s Surroundings) hangs(server int) bool {
	return server*s.HungPercent/100 > (server-1)*s.HungPercent/100
}

// hung returns the number of servers that never answer.
func (s Surroundings) hung() int { return s.Servers * s.HungPercent / 100 }
