package figures_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/figures"
	"divims/internal/lab/world"
	"divims/internal/scaling"
)

// The JSON has every figure by its name, the ones that were there before first.
func TestJSONNames(t *testing.T) {
	text, err := json.Marshal(figures.NewAccount(settings).Figures(ten, ten.Add(36*time.Hour), world.Tally{}, 2))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(`virtual_hours evaluations failed_evaluations machines_created machines_deleted server_hours
		peak_participants overloaded_participant_minutes_pct refused_meetings interrupted_meetings lost_recordings leftover_volumes
		interrupted_participants split_meetings reboots duplicate_machines unserved_participant_minutes minutes_below_required
		longest_freeze_minutes peak_machines entries_doubled deleted_by_hand_volumes alerts messages`)
	var got map[string]json.RawMessage
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	position := 0
	for _, name := range want {
		next := strings.Index(string(text), `"`+name+`":`)
		if next < position {
			t.Errorf("%s is missing or out of order in %s", name, text)
		}
		position = next
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("figures that nobody asked for: %v", got)
	}
	for name, value := range map[string]string{"virtual_hours": "36", "alerts": "{}", "messages": "2"} {
		if !strings.Contains(string(text), `"`+name+`":`+value) {
			t.Errorf("%s is not %s in %s", name, value, text)
		}
	}
}

// Every figure that the world counts arrives.
func TestTallyArrives(t *testing.T) {
	tally := world.Tally{
		MachinesCreated: 1, MachinesDeleted: 2, ServerHours: 3, PeakParticipants: 4, ParticipantMinutes: 100, OverloadedParticipantMinutes: 5,
		RefusedMeetings: 6, InterruptedMeetings: 7, InterruptedParticipants: 8, SplitMeetings: 9, LostRecordings: 10, LeftoverVolumes: 11,
		Reboots: 12, DuplicateMachines: 13, PeakMachines: 14, EntriesDoubled: 15, DeletedByHandVolumes: 16,
	}
	want := figures.Figures{
		MachinesCreated: 1, MachinesDeleted: 2, ServerHours: 3, PeakParticipants: 4, OverloadedPercent: 5,
		RefusedMeetings: 6, InterruptedMeetings: 7, InterruptedParticipants: 8, SplitMeetings: 9, LostRecordings: 10, LeftoverVolumes: 11,
		Reboots: 12, DuplicateMachines: 13, PeakMachines: 14, EntriesDoubled: 15, DeletedByHandVolumes: 16, Alerts: map[string]int{},
	}
	if got := figures.NewAccount(settings).Figures(ten, ten, tally, 0); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// An evaluation counts once for each subject.
func TestAlerts(t *testing.T) {
	account := figures.NewAccount(settings)
	record := requires(1)
	record.Plan.Alerts = []scaling.Alert{
		{Subject: "server 3", Server: 3}, {Subject: "server 3", Server: 3}, {Subject: "certificate 3", Server: 3}, {Subject: "network"},
	}
	network := requires(1)
	network.Plan.Alerts = []scaling.Alert{{Subject: "network"}}
	account.Evaluation(figures.Evaluation{Record: record})
	account.Evaluation(figures.Evaluation{Record: network})
	account.Evaluation(figures.Evaluation{Failed: true})
	want := map[string]int{
		"server 3": 1, "certificate 3": 1, "network": 2,
	}
	if got := figuresOf(account).Alerts; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
