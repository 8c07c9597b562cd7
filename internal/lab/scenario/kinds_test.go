package scenario

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// testKinds are kinds of events for tests of reading and timing. Those that begin and end
// add a line to log.
func testKinds(log *[]string) []kind {
	begin := func(h *happening) error {
		*log = append(*log, fmt.Sprintf("%s %v", h.Text, h.Servers))
		h.atEnd(func() { *log = append(*log, "end of "+h.Text) })
		return nil
	}
	return []kind{
		{
			name: "zone-down", begin: begin, happens: "the zone fails", example: "zone=fr-par-1 for=2h",
			keys: []key{{name: "zone", required: true}},
		},
		{
			name: "bbb-stops", begin: begin, happens: "BBB does not answer", example: "servers=3 answer=502",
			keys: []key{{name: "servers"}, {name: "answer", words: []string{"hang", "refuse", "502"}}},
		},
		{
			name: "dns", begin: begin, happens: "the domain leads elsewhere", example: "servers=1 to=2",
			keys: []key{{name: "servers"}, {name: "to", required: true, check: func(value string) error {
				_, err := strconv.Atoi(value)
				return err
			}}},
			check: func(e *Event, servers int) error {
				if to, _ := strconv.Atoi(e.Values["to"]); to > servers {
					return fmt.Errorf("there is no server %d", to)
				}
				return nil
			},
		},
		{
			name: "operator", instant: true, begin: begin, happens: "an order", example: `do="force 8"`,
			keys: []key{{name: "do", required: true}},
		},
		{name: "poller-stops", begin: begin, happens: "the poller stops"},
		{name: "broken", happens: "it fails", begin: func(*happening) error { return errors.New("no such image") }},
		{name: "noted", happens: "it has notes", begin: func(h *happening) error {
			h.note("server 5 has no machine")
			h.note("server 6 neither")
			return nil
		}},
	}
}

// mondayMorning is the start of the runs of these tests: Monday 2 March 2026, 06:00.
func mondayMorning() time.Time { return time.Date(2026, time.March, 2, 6, 0, 0, 0, paris()) }

func paris() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return zone
}

// testOptions are those of a run with 12 servers.
func testOptions() Options {
	return Options{Start: mondayMorning(), Zone: paris(), Servers: 12, Seed: 1}
}
