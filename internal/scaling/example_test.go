package scaling_test

import (
	"fmt"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// Two of three servers are enabled when 300 people are in meetings. The load policy
// plans twice the load, so the third server is enabled and gets a machine.
func ExampleDecide() {
	now := time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)
	config := scaling.Config{
		Size: 3, Capacity: 750, ServerParticipants: 250, ServerMeetings: 15,
		Policies: []scaling.Policy{scaling.PolicyLoad},
		Interval: 5 * time.Minute, BootTime: 7 * time.Minute, Grace: 6 * time.Minute,
		SteadyFactor:    scaling.Pair{Participants: 2, Meetings: 2},
		GrowingFactor:   scaling.Pair{Participants: 3, Meetings: 3},
		GrowthThreshold: scaling.Pair{Participants: 1.2, Meetings: 1.2},
		MaxCreations:    10, MaxDeletions: 10, MaxCordons: 20, MaxEnds: 10, UnresponsiveMillionths: 300_000,
	}

	running := func(n, people int) pool.ServerObservation {
		name := fmt.Sprintf("bbb-w%d", n)
		return pool.ServerObservation{
			Server:   pool.Server{Number: n, Hostname: name, Domain: name + ".example.com"},
			Entry:    pool.Seen(&pool.Entry{ID: name, State: pool.Enabled, Online: true, LoadMultiplier: 1}),
			Machine:  pool.Seen(&pool.Machine{ID: name, Name: name, State: pool.Running, Since: now.Add(-time.Hour), Created: now.Add(-time.Hour)}),
			Meetings: pool.Seen([]pool.Meeting{{ID: "lecture", Created: now.Add(-time.Hour), Participants: people}}),
		}
	}
	resting := pool.ServerObservation{
		Server:  pool.Server{Number: 3, Hostname: "bbb-w3", Domain: "bbb-w3.example.com"},
		Entry:   pool.Seen(&pool.Entry{ID: "bbb-w3", State: pool.Disabled, LoadMultiplier: 1}),
		Machine: pool.Seen[*pool.Machine](nil),
	}
	seen := pool.Observation{
		Servers: []pool.ServerObservation{running(1, 180), running(2, 120), resting},
		Entries: pool.Seen([]pool.Entry{}), Machines: pool.Seen([]pool.Machine{}),
	}

	plan, _ := scaling.Decide(now, config, seen, pool.State{})

	servers, _ := plan.Required.Servers.Get()
	fmt.Println("required:", servers)
	for _, reason := range plan.Required.Policies[0].Why {
		fmt.Println(" ", reason)
	}
	for _, action := range plan.Actions {
		fmt.Printf("%s server %d: %s\n", action.Kind, action.Server, action.Reason)
	}
	// Output:
	// required: 3
	//   no load of the previous evaluation to compare with
	//   participants: ceil(2 × 300 / 250) = 3
	//   meetings: ceil(2 × 2 / 15) = 1
	//   at least 0
	// create server 3: short of 1 server; it has no machine
	// enable server 3: short of 1 server; it has no machine
}
