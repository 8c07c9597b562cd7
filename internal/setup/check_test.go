package setup

import (
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// only returns the findings' levels and texts about one subject.
func only(findings []Finding, subject string) (texts []string) {
	for _, f := range findings {
		if f.Subject == subject {
			texts = append(texts, string(f.Level)+" "+f.What+"; "+f.Fix)
		}
	}
	return texts
}

// TestCheckPace compares what check says about how fast a pool grows, for several pools.
func TestCheckPace(t *testing.T) {
	for name, test := range map[string]struct {
		size, minimum, creations int
		want                     string
	}{
		"large":                  {1000, 10, 10, "warning growing from the minimum of 10 to the pool's size of 1000 takes 8h15m: 99 evaluations, each creating 10 machines at most, one every 5m; set DIVIMS_MAX_CREATIONS to 83 or more: then it takes 1h at most"},
		"large and quick":        {1000, 10, 83, "ok growing from the minimum of 10 to the pool's size of 1000 takes 1h: 12 evaluations, each creating 83 machines at most, one every 5m; "},
		"a machine too little":   {1000, 10, 82, "warning growing from the minimum of 10 to the pool's size of 1000 takes 1h5m: 13 evaluations, each creating 82 machines at most, one every 5m; set DIVIMS_MAX_CREATIONS to 83 or more: then it takes 1h at most"},
		"small":                  {20, 1, 10, "ok growing from the minimum of 1 to the pool's size of 20 takes 10m: 2 evaluations, each creating 10 machines at most, one every 5m; "},
		"bare metal only":        {4, 4, 0, "ok all servers are always enabled; "},
		"nothing may be created": {4, 1, 0, "warning growing from the minimum of 1 to the pool's size of 4 is impossible: DIVIMS_MAX_CREATIONS is 0; set DIVIMS_MAX_CREATIONS to 1 or more"},
	} {
		c := checker{Config: Config{Servers: make([]pool.Server, test.size), Minimum: test.minimum, MaxCreations: test.creations, Interval: 5 * time.Minute}}
		c.checkPace()
		if got := only(c.findings, "pace"); len(got) != 1 || got[0] != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestCheckIdentity has answers for the domain of server 1 with what is wrong with them.
func TestCheckIdentity(t *testing.T) {
	servers := pool.Servers(2, 0, "bbb-w{n}", "bbb-w{n}.example.com")
	for name, test := range map[string]struct {
		stats pool.Stats
		want  string
	}{
		"the machine itself":       {pool.Stats{MachineID: pool.Seen("m1"), Nodename: pool.Seen("bbb-w1")}, ""},
		"an answer without either": {pool.Stats{}, ""},
		"a name of no server":      {pool.Stats{Nodename: pool.Seen("ubuntu")}, ""},
		"another machine":          {pool.Stats{MachineID: pool.Seen("m2")}, `another machine answers for its domain: "m2" instead of m1`},
		"another server":           {pool.Stats{Nodename: pool.Seen("bbb-w2")}, "another server answers for its domain: bbb-w2"},
	} {
		c := checker{Config: Config{Servers: servers}}
		seen := ServerSight{ServerObservation: pool.ServerObservation{Server: servers[0], Machine: pool.Seen(&pool.Machine{ID: "m1"})}, Asked: true}
		c.checkIdentity(&seen, "server 1", test.stats)
		got := ""
		if len(c.findings) > 0 {
			got = c.findings[0].What
		}
		if got != test.want || len(c.findings) > 1 || got != "" && c.findings[0].Level != Error {
			t.Errorf("%s: %+v, want %q", name, c.findings, test.want)
		}
	}
}

// TestCheckListsMaintenanceAboveTheSize: an order for a server that the pool no longer has
// is kept, and not forgotten by operators.
func TestCheckListsMaintenanceAboveTheSize(t *testing.T) {
	hold := &pool.Hold{Reason: "new disk", Author: "Ada", Since: time.Date(2026, 3, 16, 8, 0, 0, 0, time.UTC)}
	state := pool.State{Servers: map[int]*pool.ServerMemory{1: {Maintenance: hold}, 2: {}, 4: {Maintenance: hold}}}
	c := checker{Config: Config{Servers: make([]pool.Server, 3)}, seen: Sight{State: pool.Seen(state)}}
	c.noteMaintenance()
	want := "ok in maintenance by Ada since 2026-03-16T08:00:00Z: new disk; the pool has 3 servers, and the order is kept until it has this one again; "
	if got := only(c.findings, "server 4"); len(c.findings) != 1 || len(got) != 1 || got[0] != want {
		t.Errorf("%+v, want %q", c.findings, want)
	}
}

// TestCheckShowsScalelitesHealth has answers of /health_check.
func TestCheckShowsScalelitesHealth(t *testing.T) {
	for name, test := range map[string]struct {
		health pool.Reading[string]
		want   string
	}{
		"well": {pool.Seen("success"), `ok Scalelite: its health check answers "success"`},
		"no database": {pool.Seen("Health Check Failure: \x1b[31mRedis\nis down"),
			`error Scalelite: its health check answers "Health Check Failure: \x1b[31mRedis\nis down"`},
		"no answer": {pool.Unknown[string]("refused"), "warning Scalelite: its health check cannot be read: refused"},
	} {
		c := checker{seen: Sight{Entries: pool.Seen([]pool.Entry{}), Health: test.health}}
		c.checkScalelite()
		var text strings.Builder
		if err := newReport(c.findings).Text(&text); err != nil || !strings.Contains(strings.Join(strings.Fields(text.String()), " "), test.want) {
			t.Errorf("%s: %v\n%s\nwant %s", name, err, &text, test.want)
		}
	}
}

// TestCheckComparesClocks: a service whose answers have no date is no finding.
func TestCheckComparesClocks(t *testing.T) {
	for name, test := range map[string]struct {
		clock pool.Reading[*time.Duration]
		want  string
	}{
		"together":  {pool.Seen(new(time.Second)), "ok the clock of S agrees with ours"},
		"behind":    {pool.Seen(new(-time.Minute)), "warning the clock of S is 1m0s behind ours"},
		"ahead":     {pool.Seen(new(time.Hour)), "error the clock of S is 1h0m0s ahead of ours"},
		"no answer": {pool.Unknown[*time.Duration]("refused"), "unknown the clock of S: refused"},
		"no date":   {pool.Seen[*time.Duration](nil), ""},
	} {
		c := checker{seen: Sight{Clocks: map[string]pool.Reading[*time.Duration]{"S": test.clock}}}
		c.checkClocks()
		got := ""
		for _, f := range c.findings {
			got += string(f.Level) + " " + f.What
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
