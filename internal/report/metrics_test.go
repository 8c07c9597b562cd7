package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// monitoring is the folder of the rules and the dashboard.
const monitoring = "../../docs/monitoring/"

func metricsOf(t *testing.T, c campus) string {
	t.Helper()
	var text strings.Builder
	if err := c.status().Metrics(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// everyMetric is a pool that has a value for every metric.
func everyMetric() campus {
	c := alarmed(busyPool(12, 1200))
	c.past.State.Forced = &pool.Forced{Hold: pool.Hold{Reason: "exams", Author: "Ada"}, Servers: 9, Until: tuesday.Add(time.Hour)}
	c.past.Last.Outcomes = c.past.Records[0].Outcomes
	return c
}

func TestMetricsShowTheStatus(t *testing.T) {
	text := metricsOf(t, everyMetric())
	for _, wanted := range []string{
		`divims_participants{pool="campus"} 1250`, `divims_capacity_participants{pool="campus"} 2500`,
		`divims_servers_required{pool="campus"} 10`, `divims_pool_servers{pool="campus"} 12`,
		`divims_forced_servers{pool="campus"} 9`, `divims_paused{pool="campus"} 0`, `divims_blind{pool="campus"} 0`,
		`divims_alerts{level="critical",pool="campus"} 1`, `divims_actions{kind="create",pool="campus",result="failed"} 1`,
		`divims_policy_servers{policy="schedule",pool="campus"} 3`, `divims_server_maintenance{pool="campus",server="5"} 1`,
		`divims_server_state{entry="enabled",health="to recycle",machine="running",online="true",pool="campus",server="1"} 1`,
		`divims_server_recordings_backlog{pool="campus",server="5",stage="archived"} 2`,
	} {
		if !strings.Contains(text, wanted+"\n") {
			t.Errorf("the metrics lack %s", wanted)
		}
	}
}

// TestBlindMetricsHaveNoFigures checks the metrics of an evaluation that could not
// read the pool: no figures, but its time and its alerts.
func TestBlindMetricsHaveNoFigures(t *testing.T) {
	text := metricsOf(t, blinded(busyPool(12, 1200)))
	for _, wanted := range []string{"divims_blind{pool=\"campus\"} 1", "divims_last_evaluation_timestamp_seconds", "divims_alerts{level=\"critical\""} {
		if !strings.Contains(text, wanted) {
			t.Errorf("the metrics lack %s", wanted)
		}
	}
	for _, unwanted := range []string{"divims_participants", "divims_servers_enabled", "divims_server_state", "divims_capacity"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("the metrics have %s, which is unknown", unwanted)
		}
	}
}

func TestMonitoringUsesExistingMetrics(t *testing.T) {
	text := metricsOf(t, everyMetric())
	names := regexp.MustCompile(`divims_[a-z0-9_]+`)
	for _, name := range []string{"rules.yml", "rules_test.yml", "dashboard.json"} {
		file, err := os.ReadFile(monitoring + name)
		if err != nil {
			t.Fatal(err)
		}
		used := names.FindAllString(string(file), -1)
		if len(used) == 0 {
			t.Errorf("%s uses no metric", name)
		}
		for _, metric := range used {
			if !strings.Contains(text, "# TYPE "+metric+" gauge\n") {
				t.Errorf("%s uses %s, which does not exist", name, metric)
			}
		}
	}
}

// dashboard is the part of Grafana's format that the tests read.
type dashboard struct {
	Panels []struct {
		ID      int
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ Expr string }
	}
}

// TestPromtool checks the metrics, the rules with their tests and the dashboard's
// expressions with promtool.
func TestPromtool(t *testing.T) {
	program := os.Getenv("DIVIMS_TEST_PROMTOOL")
	if program == "" {
		t.Skip("DIVIMS_TEST_PROMTOOL is not set; .ci/monitoring sets it")
	}
	check := func(in string, arguments ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), program, arguments...)
		command.Stdin = strings.NewReader(in)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(arguments, " "), err, out)
		}
	}
	check(metricsOf(t, everyMetric()), "check", "metrics")
	check("", "check", "rules", monitoring+"rules.yml")
	check("", "test", "rules", monitoring+"rules_test.yml")
	file := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(file, expressions(t), 0o644); err != nil {
		t.Fatal(err)
	}
	check("", "check", "rules", file)
}

// expressions returns the dashboard's expressions as recording rules for promtool.
func expressions(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(monitoring + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board dashboard
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatalf("read the dashboard: %v", err)
	}
	rules := bytes.NewBufferString("groups: [{name: dashboard, rules: [\n")
	for _, panel := range board.Panels {
		if panel.Title == "" || len(panel.Targets) == 0 || panel.GridPos.X+panel.GridPos.W > 24 {
			t.Errorf("panel %d is incomplete: %+v", panel.ID, panel)
		}
		for i, target := range panel.Targets {
			rule, err := json.Marshal(map[string]any{"record": "panel", "expr": target.Expr, "labels": map[string]any{
				"panel": panel.Title, "target": string(rune('a' + i))}})
			if err != nil {
				t.Fatal(err)
			}
			rules.Write(append(rule, ",\n"...))
		}
	}
	rules.WriteString("]}]\n")
	return rules.Bytes()
}
