package cycle

import (
	"maps"
	"testing"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// TestSampleMatchesTheRecord checks machines, prices and policies; what is unknown in
// the record is unknown in the sample.
func TestSampleMatchesTheRecord(t *testing.T) {
	server := func(state pool.MachineState, price pool.Reading[float64]) ServerRecord {
		return ServerRecord{Machine: &MachineRecord{State: state, HourlyPrice: price}}
	}
	cheap, unknown := pool.Seen(0.213), pool.Unknown[float64]("no price list")
	for name, test := range map[string]struct {
		servers []ServerRecord
		idle    int
		price   pool.Reading[float64]
	}{
		"no machine":                           {[]ServerRecord{{}}, 0, pool.Seen(0.0)},
		"two run, one starts, one is stopped":  {[]ServerRecord{server(pool.Running, cheap), server(pool.Running, cheap), server(pool.Starting, cheap), server(pool.Stopped, cheap)}, 2, pool.Seen(0.426)},
		"a running machine's price is unknown": {[]ServerRecord{server(pool.Running, cheap), server(pool.Running, unknown)}, 0, unknown},
		"a stopped machine's price is unknown": {[]ServerRecord{server(pool.Running, cheap), server(pool.Stopped, unknown)}, 1, cheap},
	} {
		t.Run(name, func(t *testing.T) {
			record := Record{Servers: test.servers}
			record.Plan.Required.Policies = []scaling.Answer{
				{Policy: scaling.PolicyLoad, Servers: pool.Seen(3)},
				{Policy: scaling.PolicySchedule, Servers: pool.Unknown[int]("no calendar")},
			}
			sample, _ := record.sample()
			price, known := sample.Price.Get()
			wanted, wantedKnown := test.price.Get()
			if price != wanted || known != wantedKnown {
				t.Errorf("price %v %v, want %v %v", price, known, wanted, wantedKnown)
			}
			if idle, _ := sample.Idle.Get(); idle != test.idle {
				t.Errorf("%d machines idle, want %d", idle, test.idle)
			}
			if !maps.Equal(sample.Asked, map[string]int{"load": 3}) {
				t.Errorf("policies %v, want only that of load", sample.Asked)
			}
		})
	}
}

func TestBriefRecordHasNoOutlook(t *testing.T) {
	var record Record
	record.Plan.Required.Policies = []scaling.Answer{{Outlook: []scaling.Expected{{Servers: pool.Seen(3)}}}}
	if brief := record.brief(); len(brief.Plan.Required.Policies[0].Outlook) != 0 {
		t.Error("the brief record has an outlook")
	}
	if len(record.Plan.Required.Policies[0].Outlook) != 1 {
		t.Error("the whole record has lost its outlook")
	}
}

// TestTotalsIncludeTaggedServers checks also that a total is unknown if a group's value
// is.
func TestTotalsIncludeTaggedServers(t *testing.T) {
	answer := func(servers pool.Reading[int]) scaling.Required {
		return scaling.Required{Servers: servers, Policies: []scaling.Answer{{Policy: scaling.PolicyLoad, Servers: servers}}}
	}
	var record Record
	record.Plan.Required = answer(pool.Seen(3))
	record.Plan.Tagged = []scaling.Group{{Tag: "exams", Required: answer(pool.Seen(2))}}
	record.Enabled, record.Plan.Required.Capacity, record.Plan.Tagged[0].Required.Capacity = 4, pool.Seen(3.), pool.Seen(0.5)
	if sample, _ := record.sample(); sample.WeightedEnabled() != 3.5 {
		t.Errorf("the sample's capacity is %g; want 3 + 0.5", sample.WeightedEnabled())
	}
	if servers, _ := record.Required().Get(); servers != 5 || record.Asked()["load"] != 5 {
		t.Errorf("%d required, by policies %v; want 3 + 2", servers, record.Asked())
	}
	record.Plan.Tagged[0].Required = answer(pool.Unknown[int]("no answer"))
	if record.Required().Known() || len(record.Asked()) != 0 {
		t.Errorf("%v required, by policies %v, although a group is unknown", record.Required(), record.Asked())
	}
}

func TestNoSampleIfTheLoadOfATagIsUnknown(t *testing.T) {
	var record Record
	record.Plan.Tagged = []scaling.Group{{Tag: "exams"}}
	if _, ok := record.sample(); !ok {
		t.Error("everything is known, but there is no sample")
	}
	record.Plan.Tagged[0].Load.Missing = []int{3}
	if _, ok := record.sample(); ok {
		t.Error("there is a sample, although the load of a tag is unknown")
	}
}

// TestRecordOfAnEarlierVersion reads a record as the first version with this layout
// wrote it: fields that came later are missing, and one is there that is gone.
func TestRecordOfAnEarlierVersion(t *testing.T) {
	const text = `{"at":"2026-03-16T12:00:00Z","source":"cron","took_ns":3240000000,"participants":100,"meetings":2,
		"plan":{"actions":null},"outcomes":[{"kind":"reboot","server":1,"reason":"r","result":"failed"}],
		"servers":[{"number":1,"hostname":"bbb-w1","domain":"bbb-w1.example.com","entry":"enabled","online":true,"meetings":null,"health":"healthy","left":"x"}]}`
	record, err := LastRecord(pool.State{Record: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	server := record.Servers[0]
	if !record.At.Equal(noon) || record.Participants != 100 || record.Outcomes[0].Kind != scaling.Reboot || server.Number != 1 || server.Meetings.Known() || server.Load1.Known() {
		t.Errorf("record %+v", record)
	}
}

func TestLastRecord(t *testing.T) {
	if record, err := LastRecord(pool.State{}); record != nil || err != nil {
		t.Errorf("before the first evaluation: %+v, %v", record, err)
	}
	if _, err := LastRecord(pool.State{Record: []byte(`{"at":1}`)}); err == nil {
		t.Error("a damaged record is no error")
	}
}

// TestRecordHasTheFactsOfItsTexts checks that the reasons, alerts and advice of a record that
// was read from JSON can be shown in French, and that a brief record has only its own.
func TestRecordHasTheFactsOfItsTexts(t *testing.T) {
	f, c, _ := newFakeWithInbox()
	f.next(t, c)
	f.next(t, c) // it cordons a server that is late for the second time
	last, err := LastRecord(f.committed[1])
	if err != nil {
		t.Fatal(err)
	}
	book := fact.NewBook(last.Facts)
	var texts []fact.Text
	for _, alert := range last.Plan.Alerts {
		texts = append(texts, alert.Text, alert.Advice)
	}
	for _, outcome := range last.Outcomes {
		texts = append(texts, fact.Verbatim(outcome.Reason))
	}
	for _, server := range last.Servers {
		texts = append(texts, fact.Verbatim(server.Why), fact.Verbatim(server.LeftAlone))
	}
	if len(texts) == 0 || len(last.Outcomes) == 0 {
		t.Fatal("the record has no texts")
	}
	for _, text := range texts {
		if !text.IsZero() && !book.Of(text).Has(fact.French) {
			t.Errorf("%q cannot be shown in French", text)
		}
	}

	record := Record{Plan: scaling.Plan{Verdicts: []scaling.Verdict{
		{Health: scaling.Healthy, Why: fact.New("server %d is up already", 1)}, {Health: scaling.Unseen, Why: fact.New("server %d is up already", 2)},
	}}}
	if facts := record.brief().Facts; len(facts) != 1 || facts[0].String() != "server 2 is up already" {
		t.Errorf("the facts of a brief record: %v", facts)
	}
}
