package scalewayapi_test

import (
	"net/http"
	"testing"
	"time"
)

// The API shows the reported state and filters by it. The server still runs and can be
// acted on.
func TestReportedStateChangesNothingElse(t *testing.T) {
	s := newSandbox(t)
	id := s.create("bbb-w1", map[string]any{"public_ips": []string{s.address(1)}})
	s.act(id, "poweron")
	s.wait(time.Hour)
	endFirst := s.world.ReportState(1, "error")
	endSecond := s.world.ReportState(1, "locked")
	if state := s.state(id); state != "locked" {
		t.Errorf("the state is %v, want the last one reported", state)
	}
	endSecond()
	if state := s.state(id); state != "error" {
		t.Errorf("the state is %v, want the one that is still reported", state)
	}
	for state, want := range map[string]int{"error": 1, "running": 0} {
		if found := s.call("GET", zone+"/servers?state="+state, nil).at("servers").([]any); len(found) != want {
			t.Errorf("%d servers are listed as %s, want %d", len(found), state, want)
		}
	}
	if answer := s.act(id, "reboot"); answer.status != http.StatusAccepted {
		t.Errorf("reboot: status %d: %v", answer.status, answer.body)
	}
	endFirst()
	if state := s.state(id); state != "stopping" {
		t.Errorf("in the end the state is %v, want stopping", state)
	}
	if s.world.ReportState(2, "error") != nil {
		t.Error("a state is reported for no machine")
	}
}
