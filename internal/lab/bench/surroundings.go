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

// Surroundings is a pool that is used to the full, and what is around it.
type Surroundings struct {
	Servers int
	// Participants is how many people there are on each server.
	Participants int
	// Latency comes before every answer.
	Latency time.Duration
	// HungPercent of the servers take connections and answer nothing.
	HungPercent int
	// HTTP2 is offered by the servers.
	HTTP2 bool
}

// perMeeting is how many people a meeting has: a seminar.
const perMeeting = 25

// Timing of the world: it begins before a day does, and each evaluation comes a
// little later than the one before. All of them come within the grace time, so
// that hung servers are waited for and not acted on.
var begin = time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)

const step = 5 * time.Second

// hello is the first line that surroundings say: the settings that lead to them.
type hello struct{ Environment []string }

// Traffic is what evaluations have caused so far.
type Traffic struct {
	sandbox.Traffic
	Requests int64 `json:"requests"`
}

// Serve runs the surroundings until in ends. It says where they are, and then,
// for each line that comes in, hangs up, lets a little time go by and says what
// has gone over its connections.
func (s Surroundings) Serve(in io.Reader, out io.Writer) error {
	answers := &answers{surroundings: s}
	around, err := s.open(answers)
	if err != nil {
		return err
	}
	defer around.Close()
	say := json.NewEncoder(out)
	if err := say.Encode(hello{around.Environment()}); err != nil {
		return fmt.Errorf("say where the surroundings are: %w", err)
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		around.CloseIdleConnections()
		around.AdvanceTo(around.Now().Add(step))
		if err := say.Encode(Traffic{around.Traffic(), answers.requests.Load()}); err != nil {
			return fmt.Errorf("say what the traffic was: %w", err)
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

// demand is enough to fill all servers, for longer than anybody measures.
func (s Surroundings) demand() []demand.Meeting {
	meetings := make([]demand.Meeting, s.Servers*s.Participants/perMeeting)
	for i := range meetings {
		meetings[i] = demand.Meeting{Start: begin, Duration: 24 * time.Hour, Participants: perMeeting}
	}
	return meetings
}

// hangs tells whether a server is one of those that answer nothing. They are
// spread evenly.
func (s Surroundings) hangs(server int) bool {
	return server*s.HungPercent/100 > (server-1)*s.HungPercent/100
}

// hung is how many servers answer nothing.
func (s Surroundings) hung() int { return s.Servers * s.HungPercent / 100 }
