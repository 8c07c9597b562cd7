package setup

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"divims/internal/pool"
)

// zone is a DNS zone in memory.
type zone struct{ records []pool.DNSRecord }

func (z *zone) Records(context.Context, []string) ([]pool.DNSRecord, error) { return z.records, nil }

func (z *zone) Write(_ context.Context, record pool.DNSRecord) error {
	z.records = append(z.records, record)
	return nil
}

func (z *zone) Delete(context.Context, pool.DNSRecord) error { return nil }

// TestRunReplacesNoRecordWrittenAfterThePlan checks that a record which somebody
// writes between the plan and its steps is kept.
func TestRunReplacesNoRecordWrittenAfterThePlan(t *testing.T) {
	wanted := pool.DNSRecord{Name: server1.Domain, Type: pool.RecordA, Data: ip1.String()}
	for name, c := range map[string]struct {
		written []pool.DNSRecord
		want    Result
	}{
		"nothing":         {nil, Done},
		"the same":        {[]pool.DNSRecord{wanted}, Done},
		"another address": {[]pool.DNSRecord{{Name: server1.Domain, Type: pool.RecordA, Data: other.String()}}, Failed},
		"an alias":        {[]pool.DNSRecord{{Name: server1.Domain, Type: pool.RecordCNAME, Data: "www.example.com"}}, Failed},
		"another name":    {[]pool.DNSRecord{{Name: "www.example.com", Type: pool.RecordA, Data: other.String()}}, Done},
		"another family":  {[]pool.DNSRecord{{Name: server1.Domain, Type: pool.RecordAAAA, Data: net6.String()}}, Done},
	} {
		t.Run(name, func(t *testing.T) {
			z := &zone{records: c.written}
			run := Run{Services: Services{Zone: z}, Config: Config{CallTimeout: time.Minute}, Parallel: 1, Report: func(Outcome) {},
				Pause: func(context.Context, time.Duration) error { return nil }}
			outcomes := run.Do(t.Context(), Plan{{Server: server1, Steps: []Step{{Kind: Write, Family: pool.IPv4, Record: wanted}}}})
			if len(outcomes) != 1 || outcomes[0].Result != c.want {
				t.Fatalf("%v, want %s", outcomes, c.want)
			}
			if c.want == Failed && (len(z.records) != 1 || !strings.Contains(outcomes[0].Detail, "by now")) {
				t.Errorf("written: %v (%s)", z.records, outcomes[0].Detail)
			}
		})
	}
}

// silentBBB is a BBB whose address drops packets.
type silentBBB struct {
	BBB
	// asked is the URL that was asked.
	asked *string
}

func (b silentBBB) Version(ctx context.Context, at pool.Endpoint) (string, error) {
	*b.asked = at.URL
	<-ctx.Done()
	return "", ctx.Err()
}

// TestSilentServersAreUnregistered checks that asking a server whether it answers leaves
// time for the step itself, and that it is asked at its entry's URL, as by Scalelite.
func TestSilentServersAreUnregistered(t *testing.T) {
	const url = "http://bbb-w1.example.com:8080/bigbluebutton/api"
	removed, asked := false, ""
	balancer := removals{remove: func(ctx context.Context) error { removed = ctx.Err() == nil; return ctx.Err() }}
	run := Run{Services: Services{BBB: silentBBB{asked: &asked}, LoadBalancer: balancer}, Config: Config{CallTimeout: time.Minute, AnswerTimeout: time.Millisecond},
		Parallel: 1, Report: func(Outcome) {}, Pause: func(context.Context, time.Duration) error { return nil }}
	outcomes := run.Do(t.Context(), Plan{{Server: server1, Steps: []Step{{Kind: Unregister, EntryID: "1", EntryURL: url}}}})
	if len(outcomes) != 1 || outcomes[0].Result != Done || !removed || asked != url {
		t.Errorf("%v, asked at %q, want the entry removed after its URL was asked", outcomes, asked)
	}
}

// slowEntries is a load balancer whose changes take a second, and that counts how many are
// in work at most.
type slowEntries struct {
	LoadBalancer
	inWork, most atomic.Int32
}

func (e *slowEntries) Entries(context.Context) ([]pool.Entry, error) { return nil, nil }

func (e *slowEntries) Register(context.Context, string, pool.Secret) (pool.Entry, error) {
	e.most.Store(max(e.most.Load(), e.inWork.Add(1)))
	time.Sleep(time.Second)
	e.inWork.Add(-1)
	return pool.Entry{}, nil
}

func TestEntriesAreChangedOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var plan Plan
		for _, server := range pool.Servers(20, 0, "bbb-w{n}", "bbb-w{n}.example.com") {
			plan = append(plan, ServerPlan{Server: server, Steps: []Step{{Kind: Register}}})
		}
		entries := &slowEntries{}
		run := Run{Services: Services{LoadBalancer: entries}, Config: Config{CallTimeout: 2 * time.Second}, Parallel: 20, Report: func(Outcome) {}}
		for _, outcome := range run.Do(t.Context(), plan) {
			if outcome.Result != Done {
				t.Errorf("%v; the wait for its turn must not count for its timeout", outcome)
			}
		}
		if most := entries.most.Load(); most != 1 {
			t.Errorf("%d changes were in work at the same time, want 1", most)
		}
	})
}

// removals is a load balancer that only removes entries.
type removals struct {
	LoadBalancer
	remove func(context.Context) error
}

func (r removals) Unregister(ctx context.Context, _ string) error { return r.remove(ctx) }
