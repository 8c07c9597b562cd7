package migrate

import (
	"cmp"
	"os"
	"strings"
	"testing"
)

// Every value that is not written as before is said in its row, and no other.
func TestChangesAreSaid(t *testing.T) {
	for name, c := range map[string]struct{ element, old, note string }{
		"a host name template": {"'clone_hostname_template' => 'Campus-bbb-wX'", "clone_hostname_template",
			"it was Campus-bbb-wX, and is in lower case now: rename the machines that exist, or they are not adopted"},
		"a domain":              {"'clone_domain_template' => 'BBB-wX.example.org'", "clone_domain_template", "it was BBB-wX.example.org, and is in lower case now"},
		"Scalelite's host":      {"'scalelite_host' => 'Scalelite.example.org'", "scalelite_host", "it was Scalelite.example.org, and is in lower case now"},
		"a webcal feed":         {"'ical_stream' => 'webcal://example.org/a.ics'", "ical_stream", "it was webcal://: run check to see whether the feed can be read by https://"},
		"an http feed":          {"'ical_stream' => ' http://example.org/a.ics '", "ical_stream", "it was http://: run check to see whether the feed can be read by https://"},
		"an https feed":         {"'ical_stream' => 'https://example.org/a.ics'", "ical_stream", ""},
		"a name in lower case":  {"'clone_hostname_template' => ' campus-bbb-wX'", "clone_hostname_template", ""},
		"the pool":              {"", "(project)", "it was Campus, and is in lower case now"},
		"a setting with a note": {"'scw_zone' => 'fr-par-2'", "scw_zone", "may be a list, preferred first"},
	} {
		t.Run(name, func(t *testing.T) {
			result := Translate(Files{Configs: []*Array{read(t, project), read(t, c.element)}, Pool: "Campus"})
			if got := row(result, c.old); got.Outcome != Mapped || got.Note != c.note {
				t.Errorf("row %+v; want the note %q", got, c.note)
			}
		})
	}
}

// All addresses of log_mail_to are kept for NOTIFY_URLS, in each form that PHP allows.
func TestMailAddresses(t *testing.T) {
	const server = "smtp://USER:PASSWORD@HOST:587/?fromaddress="
	for element, want := range map[string]string{
		"'log_mail_to' => 'ops@example.org'": server + "FROM&toaddresses=ops@example.org",
		"'log_mail_to' => ['ops@example.org', 'ada@example.org'], 'log_mail_from' => 'b@example.org'":  server + "b@example.org&toaddresses=ops@example.org,ada@example.org",
		"'log_mail_to' => 'ops@example.org, ada@example.org;'":                                         server + "FROM&toaddresses=ops@example.org,ada@example.org",
		"'log_mail_to' => array('Ops <ops@example.org>', 'a@example.org,b@example.org')":               server + "FROM&toaddresses=ops@example.org,a@example.org,b@example.org",
		"'log_mail_to' => 'ada+ops@example.org', 'log_mail_from' => 'DiViMS <divims+ops@example.org>'": server + "divims%2Bops@example.org&toaddresses=ada%2Bops@example.org",
		"'log_mail_to' => '\"Lovelace, Ada\" <ada@example.org>, \"Ops\" <ops@example.org>'":            server + "FROM&toaddresses=ada@example.org,ops@example.org",
		"'log_mail_to' => 'nobody'": "must be mail addresses",
		"'log_mail_to' => [1, 2]":   "must be mail addresses",
		"'log_mail_to' => true":     "must be mail addresses",
	} {
		t.Run(element, func(t *testing.T) {
			result := Translate(Files{Configs: []*Array{read(t, project), read(t, element)}, Pool: "acme"})
			got := row(result, "log_mail_to")
			if got.Outcome != Decide || got.Setting != "NOTIFY_URLS" || cmp.Or(got.Value, got.Note) != want {
				t.Errorf("row %+v; want %q", got, want)
			}
			draft := ""
			if got.Value != "" {
				draft = "'" + want + "'"
			}
			if !strings.Contains(result.EnvFile(), "# "+got.Note+"\n# DIVIMS_NOTIFY_URLS="+draft+"\n") {
				t.Errorf("the file lacks the note:\n%s", result.EnvFile())
			}
		})
	}
	for _, element := range []string{"'log_mail_to' => ''", "'log_mail_to' => null", "'log_mail_to' => []", "'log_mail_to' => ' , '"} {
		result := Translate(Files{Configs: []*Array{read(t, project), read(t, element)}, Pool: "acme"})
		if got := row(result, "log_mail_to"); got.Outcome != None || got.Note != "it is empty" {
			t.Errorf("%s: row %+v; want that it is empty", element, got)
		}
	}
}

// A calendar that no policy reads is left to decide. It and the policy are kept.
func TestUnreadCalendarIsLeftToDecide(t *testing.T) {
	const feed = "'ical_stream' => 'https://example.com/a.ics', "
	for policy, want := range map[string]bool{"load": true, "schedule": false, "both": false} {
		result := Translate(Files{Configs: []*Array{read(t, project), read(t, feed+"'capacity_adaptation_policy' => '"+policy+"'")}, Pool: "acme"})
		told := false
		for _, row := range result.Rows {
			told = told || row.Outcome == Decide && strings.Contains(row.Note, "no policy reads the calendar")
		}
		if told != want || result.values["POLICIES"] == "" || result.values["CALENDAR_URL"] == "" {
			t.Errorf("policy %s: told %t, want %t; rows %+v", policy, told, want, result.Rows)
		}
	}
}

// TestSharedCase reads a configuration with a webcal feed and a list of mail addresses.
func TestSharedCase(t *testing.T) {
	const file = "../../../shared/data/cases/other/migrate-webcal.php"
	source, err := os.ReadFile(file)
	if err != nil {
		t.Skip(file + " is not there")
	}
	config, err := ReadPHP(file, source)
	if err != nil {
		t.Fatal(err)
	}
	result := Translate(Files{Configs: []*Array{config}})
	if got := result.values["CALENDAR_URL"]; got != "https://cloud.example.com/remote.php/dav/public-calendars/abc?export" {
		t.Errorf("CALENDAR_URL is %q", got)
	}
	if !strings.Contains(result.values["POLICIES"], "schedule") {
		t.Errorf("POLICIES is %q, want schedule in it", result.values["POLICIES"])
	}
	if draft := row(result, "log_mail_to").Value; !strings.Contains(draft, "fromaddress=divims@example.com&toaddresses=ops@example.com,helpdesk@example.com") {
		t.Errorf("the draft of NOTIFY_URLS is %q", draft)
	}
	if note := row(result, "clone_hostname_template").Note; !strings.Contains(note, "it was Acme-p-bbb-wX, and is in lower case now") {
		t.Errorf("the note of clone_hostname_template is %q", note)
	}
}
