package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"divims/internal/cycle"
	"divims/internal/report"
)

const (
	jsonType = "application/json"
	cronBody = `{"source":"cron"}`
)

// refusedCalls are mistakes of callers. None of them has an effect.
func refusedCalls() []call {
	calls := []call{
		{name: "a misspelt field", method: "POST", path: "/evaluate", body: `{"dryrun":true}`, status: http.StatusBadRequest},
		{name: "a form instead of JSON", method: "POST", path: "/", body: `source=cron`, status: http.StatusBadRequest},
		{name: "two JSON values", method: "POST", path: "/", body: cronBody + `{}`, status: http.StatusBadRequest},
		{name: "a brace too many", method: "POST", path: "/", body: cronBody + `}`, status: http.StatusBadRequest},
		{name: "a body too long", method: "POST", path: "/", body: `{"source":"` + strings.Repeat("x", 1<<20) + `"}`, status: http.StatusBadRequest},
		{name: "a source with a line break", method: "POST", path: "/", body: `{"source":"a\nb"}`, status: http.StatusBadRequest},
		{name: "an unknown path", method: "GET", path: "/nowhere", status: http.StatusNotFound},
		{name: "an unknown method", method: "PATCH", path: "/", status: http.StatusMethodNotAllowed},
		{name: "GET of an action", method: "GET", path: "/evaluate", status: http.StatusMethodNotAllowed},
		{name: "maintenance without a reason", method: "PUT", path: "/servers/1/maintenance", body: `{"author":"Ada"}`, status: http.StatusBadRequest},
		{name: "maintenance with a control character", method: "PUT", path: "/servers/1/maintenance", body: `{"reason":"\u0007","author":"Ada"}`, status: http.StatusBadRequest},
		{name: "a number forced for too long", method: "PUT", path: "/required", body: `{"servers":2,"until":"2027-03-02T08:00:00Z","reason":"r","author":"a"}`, status: http.StatusBadRequest},
		{name: "no number forced", method: "PUT", path: "/required", body: `{"until":"2026-03-02T09:00:00Z","reason":"r","author":"a"}`, status: http.StatusBadRequest},
		{name: "end-drain of server 0", method: "PUT", path: "/servers/0/end-drain", body: `{"confirm":"bbb-w0","reason":"r","author":"a"}`, status: http.StatusNotFound},
		{name: "maintenance of a server beyond the pool", method: "PUT", path: "/servers/9/maintenance", body: `{"reason":"r","author":"a"}`, status: http.StatusNotFound},
		{name: "maintenance of a word", method: "DELETE", path: "/servers/one/maintenance", status: http.StatusBadRequest},
	}
	for i := range calls {
		calls[i].accept = jsonType
	}
	return calls
}

// servedCalls are an operator's morning: each call builds on those before.
func servedCalls() []call {
	return []call{
		{name: "healthz", method: "GET", path: "/healthz", status: http.StatusOK, check: has("ok\n")},
		{
			name: "dry run", method: "POST", path: "/evaluate", body: `{"dry_run":true}`,
			status: http.StatusOK, contentType: jsonType, check: record("http", "create 2, enable 2"),
		},
		{
			name: "cron", method: "POST", path: "/", body: cronBody,
			status: http.StatusOK, contentType: jsonType, check: record("cron", "create 2 done, enable 2 done"),
		},
		{name: "status as JSON", method: "GET", path: "/", accept: jsonType, status: http.StatusOK, contentType: jsonType, check: status},
		{
			name: "status as a page", method: "GET", path: "/", accept: "text/html", status: http.StatusOK,
			contentType: "text/html; charset=utf-8",
			check:       has("<b>200</b>", "bbb-w2.sandbox.test", "enable server 2", "create server 2"),
		},
		{
			name: "metrics", method: "GET", path: "/metrics", accept: "*/*", status: http.StatusOK, contentType: report.MetricsContentType,
			check: has(`divims_participants{pool="sandbox"} 200`, `divims_servers_required{pool="sandbox"} 2`),
		},
		{
			name: "maintenance", method: "PUT", path: "/servers/3/maintenance", body: `{"reason":"neue Platte: 2 TB für Ada","author":"Ada"}`,
			accept: jsonType, status: http.StatusOK,
		},
		{
			name: "status with maintenance", method: "GET", path: "/", accept: jsonType, status: http.StatusOK,
			check: has("neue Platte: 2 TB für Ada"),
		},
		{name: "end of maintenance", method: "DELETE", path: "/servers/3/maintenance", accept: jsonType, status: http.StatusOK},
		{
			name: "status without maintenance", method: "GET", path: "/", accept: jsonType, status: http.StatusOK,
			check: func(body []byte) error {
				var got report.Status
				if err := json.Unmarshal(body, &got); err != nil {
					return err
				}
				if hold := got.Last.Servers[2].Maintenance; hold != nil {
					return fmt.Errorf("server 3 is still in maintenance: %+v", hold)
				}
				return nil
			},
		},
	}
}

// has requires that the body contains texts.
func has(texts ...string) func([]byte) error {
	return func(body []byte) error {
		for _, text := range texts {
			if !strings.Contains(string(body), text) {
				return fmt.Errorf("the answer lacks %q", text)
			}
		}
		return nil
	}
}

// record requires a decision record of an evaluation with 200 participants, a source,
// and a plan in the words of Planned.
func record(source, plan string) func([]byte) error {
	return func(body []byte) error {
		var got cycle.Record
		if err := json.Unmarshal(body, &got); err != nil {
			return err
		}
		if got.Source != source || got.Participants != 200 || Planned(got) != plan {
			return fmt.Errorf("evaluated for %q, %d participants, planned %q; want %q, 200, %q",
				got.Source, got.Participants, Planned(got), source, plan)
		}
		return nil
	}
}

// Planned lists a record's actions with their servers and, if they were carried out,
// results: "create 2 done, enable 2 done".
func Planned(record cycle.Record) string {
	var list []string
	for i, action := range record.Plan.Actions {
		text := fmt.Sprintf("%s %d", action.Kind, action.Server)
		if i < len(record.Outcomes) {
			text += " " + string(record.Outcomes[i].Result)
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// status requires that the status shows the evaluation of cron, and no other decision.
func status(body []byte) error {
	var got report.Status
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	if got.Last == nil || got.Last.Source != "cron" || len(got.Decisions) != 1 || len(got.Last.Servers) != 3 {
		return fmt.Errorf("status %+v; want one decision, cron's, about 3 servers", got)
	}
	return nil
}
