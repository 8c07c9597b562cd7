// Package migrate turns the predecessor's configuration into settings. In go its
// config.php files, which are read as data, and its list of servers in maintenance;
// out come settings, and what became of each of the old ones.
package migrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"divims/internal/config"
)

// Outcome says what became of an old setting.
type Outcome string

// Outcomes, in the order in which a person should look at them.
const (
	Decide Outcome = "decide" // a person has to
	Mapped Outcome = "mapped"
	None   Outcome = "no counterpart"
)

// Row is one line of the table that tells what became of what.
type Row struct {
	Outcome Outcome `json:"outcome"`
	// Old is the predecessor's setting; empty for one that is new.
	Old string `json:"old,omitempty"`
	// Setting is ours, and Value what it is set to. Of secrets it tells nothing.
	Setting string `json:"setting,omitempty"`
	Value   string `json:"value,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Result is the new configuration.
type Result struct {
	// Pool is the pool's name; empty if it is to be decided.
	Pool string `json:"pool,omitempty"`
	Rows []Row  `json:"table"`
	// Maintenance are the servers in maintenance, which is a part of the state now.
	Maintenance []int `json:"maintenance,omitempty"`
	// values are those of the settings, without the prefix. They hold secrets.
	values map[string]string
}

// Files are what is read.
type Files struct {
	// Configs are config.php files: what the later ones say, counts.
	Configs []*Array
	// Maintenance are the numbers of the servers in maintenance.
	Maintenance []int
	// Pool names the pool; empty if it is to be found out.
	Pool string
}

var poolName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// Translate makes the settings.
func Translate(files Files) Result {
	old := map[string]Value{}
	for _, file := range files.Configs {
		for _, key := range file.Keys() {
			old[key], _ = file.Get(key)
		}
	}
	r := Result{Maintenance: files.Maintenance, values: map[string]string{}}
	r.name(files.Pool, old)
	for _, rule := range rules {
		r.follow(rule, old)
	}
	for _, pair := range pairs {
		r.pair(pair, old)
	}
	r.dnsProvider(old)
	for _, key := range slices.Sorted(maps.Keys(old)) {
		r.row(Row{Decide, key, "", "", "this setting is not known: see what it was for"})
	}
	r.settle()
	r.advise()
	r.verify()
	slices.SortStableFunc(r.Rows, func(a, b Row) int { return rank(a.Outcome) - rank(b.Outcome) })
	return r
}

func rank(o Outcome) int { return slices.Index([]Outcome{Decide, Mapped, None}, o) }

func (r *Result) row(row Row) { r.Rows = append(r.Rows, row) }

// set gives one of our settings a value. What it was is told, unless it is a secret.
func (r *Result) set(old, setting, value, note string, secret bool) {
	if !config.Known(setting) {
		r.row(Row{None, old, setting, "", "this version has no such setting"})
		return
	}
	r.values[setting] = value
	if secret {
		value = "[secret]"
	}
	r.row(Row{Mapped, old, setting, value, note})
}

// name finds the pool's name: the one that is given, or that of the project.
func (r *Result) name(given string, old map[string]Value) {
	if project, ok := old["project"].(string); given == "" && ok {
		given = strings.ToLower(project)
	}
	if !poolName.MatchString(given) {
		r.row(Row{Decide, "(project)", "POOL", "", "say the pool's name with --pool: 1 to 40 of a-z, 0-9 and -"})
		return
	}
	r.Pool = given
	r.set("(project)", "POOL", given, "", false)
}

// follow applies a rule to the old settings that it is about, and takes them out.
func (r *Result) follow(rule rule, old map[string]Value) {
	for _, name := range rule.old {
		value, said := old[name]
		if !said {
			continue
		}
		delete(old, name)
		_, taken := r.values[rule.setting]
		if rule.turn == nil || taken {
			r.row(Row{None, name, "", "", rule.note})
			continue
		}
		turned, err := rule.turn(value)
		if err == nil && strings.ContainsFunc(turned, unicode.IsControl) {
			err = errors.New("has a character that no setting can have")
		}
		switch {
		case err != nil:
			r.row(Row{Decide, name, rule.setting, "", strings.TrimSuffix(err.Error()+"; "+rule.note, "; ")})
		case rule.setting == "" || turned == "":
			r.row(Row{None, name, "", "", notSet(rule, value)})
		default:
			r.set(name, rule.setting, turned, rule.note, rule.secret)
		}
	}
}

func notSet(rule rule, value Value) string {
	if value == nil || value == "" {
		return "it is empty"
	}
	return rule.note
}

// pair makes a setting of two numbers.
func (r *Result) pair(pair pairRule, old map[string]Value) {
	texts := []string{pair.unset, pair.unset}
	var said []string
	for i, name := range []string{pair.participants, pair.meetings} {
		value, ok := old[name]
		if !ok {
			continue
		}
		delete(old, name)
		n, err := number(value)
		if err != nil {
			r.row(Row{Decide, name, pair.setting, "", err.Error()})
			return
		}
		texts[i] = decimalText(n)
		said = append(said, name)
	}
	if len(said) == 2 {
		said = []string{strings.Replace(pair.participants, "participants", "{participants,meetings}", 1)}
	}
	if len(said) > 0 {
		r.set(said[0], pair.setting, strings.Join(slices.Compact(texts), ","), "", false)
	}
}

// dnsProvider is made of whether records were made, and where.
func (r *Result) dnsProvider(old map[string]Value) {
	makes, said := old["clone_dns_create_entry"]
	provider, _ := old["clone_dns_entry_api"].(string)
	delete(old, "clone_dns_create_entry")
	delete(old, "clone_dns_entry_api")
	switch {
	case !said && provider == "":
	case makes == false:
		r.set("clone_dns_create_entry", "DNS_PROVIDER", "none", "", false)
	case strings.EqualFold(provider, "ovh"):
		r.set("clone_dns_entry_api", "DNS_PROVIDER", "ovh", "", false)
	default:
		r.row(Row{Decide, "clone_dns_entry_api", "DNS_PROVIDER", "", "scaleway, ovh or none"})
	}
}

// settle takes out what does not go together here.
func (r *Result) settle() {
	if strings.Contains(r.values["POLICIES"], "schedule") && r.values["CALENDAR_URL"] == "" {
		r.values["POLICIES"] = "load"
		r.change("POLICIES", "load", "there is no calendar, so there is no schedule")
	}
	if r.values["DNS_PROVIDER"] == "none" {
		for setting := range r.values {
			if strings.HasPrefix(setting, "OVH_") || strings.HasPrefix(setting, "DNS_") && setting != "DNS_PROVIDER" {
				delete(r.values, setting)
				r.change(setting, "", "it is not needed where no records are written")
			}
		}
	}
	if r.values["DNS_CNAME"] != "true" && r.values["DNS_SUBDOMAIN"] != "" {
		delete(r.values, "DNS_SUBDOMAIN")
		r.change("DNS_SUBDOMAIN", "", "the domain has the address itself, without DNS_CNAME")
	}
	if r.values["REGISTER_ENTRIES"] == "true" && r.values["BBB_SECRET"] == "" {
		delete(r.values, "REGISTER_ENTRIES")
		r.change("REGISTER_ENTRIES", "", "it needs BBB_SECRET")
	}
}

// change tells that a setting got another value, or none.
func (r *Result) change(setting, value, note string) {
	for i, row := range r.Rows {
		if row.Outcome == Mapped && row.Setting == setting {
			r.Rows[i].Value, r.Rows[i].Note = value, note
			if value == "" {
				r.Rows[i].Outcome = None
			}
		}
	}
}

// advise adds what the predecessor did not need, and how to begin beside it.
func (r *Result) advise() {
	r.set("", "ADOPT", "true", "the predecessor's machines lack the pool's tag; take it out once all of them have been replaced", false)
	r.set("", "DRY_RUN", "true", "so that both can run side by side; take it out when the predecessor is stopped", false)
	for _, missing := range []struct{ setting, note string }{
		{"SCALELITE_URL", "Scalelite's address; there was no scalelite_host"},
		{"SCALELITE_SECRET", "Scalelite's LOADBALANCER_SECRET, in place of SSH to its host"},
		{"SCALEWAY_ACCESS_KEY", "the access key that goes with the secret key"},
		{"STORAGE_BUCKET", "a bucket for what is remembered"},
		{"STATS_URLS", "where servers tell their figures, in place of SSH to them: docs/stats.md; for example https://{domain}/node_exporter/metrics"},
		{"STATS_USER", "user of the stats endpoint"},
		{"STATS_PASSWORD", "password of the stats endpoint"},
	} {
		if r.values[missing.setting] == "" && config.Known(missing.setting) {
			r.row(Row{Decide, "", missing.setting, "", missing.note})
		}
	}
	if len(r.Maintenance) > 0 {
		texts := make([]string, len(r.Maintenance))
		for i, number := range r.Maintenance {
			texts[i] = fmt.Sprint(number)
		}
		r.row(Row{Decide, "(maintenance file)", "", strings.Join(texts, ", "), "it is a part of the state now: divims maintenance start NUMBER --reason … for each, before DRY_RUN is taken out"})
	}
}

// verify has the settings looked at as they will be. A value that cannot be used
// is left for a person, and then those are looked at that go with it.
func (r *Result) verify() {
	for range len(r.values) {
		_, err := config.Load(r.Environ())
		var problems config.Problems
		if !errors.As(err, &problems) || !r.leave(problems) {
			return
		}
	}
}

// leave leaves problems to a person, and tells whether that took a value out.
func (r *Result) leave(problems config.Problems) (changed bool) {
	for _, problem := range problems {
		setting := strings.TrimPrefix(problem.Variable, "DIVIMS_")
		if _, written := r.values[setting]; written {
			delete(r.values, setting)
			r.change(setting, "", "its value cannot be used here")
			changed = true
		}
		if !slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Outcome == Decide && row.Setting == setting }) {
			r.row(Row{Decide, "", setting, "", problem.Wrong})
		}
	}
	return changed
}

// Environ is the settings as an environment. It holds secrets.
func (r *Result) Environ() []string {
	var environ []string
	for _, setting := range slices.Sorted(maps.Keys(r.values)) {
		environ = append(environ, "DIVIMS_"+setting+"="+r.values[setting])
	}
	return environ
}

// mostServers is more than any pool has.
const mostServers = 10_000

// ReadMaintenance reads the list of servers in maintenance: a JSON list of their
// numbers, or nothing at all.
func ReadMaintenance(file string, source []byte) ([]int, error) {
	if strings.TrimSpace(string(source)) == "" {
		return nil, nil
	}
	var list []json.Number
	if err := json.Unmarshal(source, &list); err != nil {
		return nil, fmt.Errorf("%s: no JSON list of server numbers", file)
	}
	var numbers []int
	for _, text := range list {
		n, err := text.Int64()
		if err != nil || n < 1 || n > mostServers {
			return nil, fmt.Errorf("%s: %.40q is no number of a server", file, text.String())
		}
		if !slices.Contains(numbers, int(n)) {
			numbers = append(numbers, int(n))
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
