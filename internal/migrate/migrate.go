// Package migrate turns the predecessor's configuration into settings. ReadPHP reads its
// config.php files as data. Translate returns the new settings, and a table that says how
// each old setting was mapped.
package migrate

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"divims/internal/config"
)

// Outcome says how an old setting was mapped.
type Outcome string

// The outcomes, in the order in which the operator should look at them.
const (
	Decide Outcome = "decide" // the operator must decide
	Mapped Outcome = "mapped"
	None   Outcome = "no counterpart"
)

// Row is one line of the table of old and new settings.
type Row struct {
	Outcome Outcome `json:"outcome"`
	// Old is the predecessor's setting, empty for a new one.
	Old string `json:"old,omitempty"`
	// Setting is our setting, without DIVIMS_, and Value its value, or a draft of it that the
	// operator must complete. Secrets are hidden.
	Setting string `json:"setting,omitempty"`
	Value   string `json:"value,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Result is the new configuration.
type Result struct {
	// Pool is the pool's name, empty if the operator must decide it.
	Pool string `json:"pool,omitempty"`
	Rows []Row  `json:"table"`
	// Maintenance are the numbers of the servers in maintenance.
	Maintenance []int `json:"maintenance,omitempty"`
	// values are the values of our settings, by name without DIVIMS_. They hold secrets.
	values map[string]string
}

// Files is the predecessor's configuration.
type Files struct {
	// Configs are config.php files. Later ones override earlier ones.
	Configs []*Array
	// Maintenance are the numbers of the servers in maintenance.
	Maintenance []int
	// Pool is the pool's name. If it is empty, the setting "project" is used.
	Pool string
}

var poolName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// Translate maps the old settings to ours.
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
		r.apply(rule, old)
	}
	for _, pair := range pairs {
		r.applyPair(pair, old)
	}
	r.dnsProvider(old)
	r.mail(old)
	for _, key := range slices.Sorted(maps.Keys(old)) {
		r.row(Row{Decide, key, "", "", "unknown setting: find out what it was for"})
	}
	r.removeConflicts()
	r.addNew()
	r.verify()
	slices.SortStableFunc(r.Rows, func(a, b Row) int { return rank(a.Outcome) - rank(b.Outcome) })
	return r
}

func rank(o Outcome) int { return slices.Index([]Outcome{Decide, Mapped, None}, o) }

func (r *Result) row(row Row) { r.Rows = append(r.Rows, row) }

// set gives one of our settings a value. The table hides the value if it is secret.
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

// name sets the pool's name to the given one or, if that is empty, to the project's. It is
// in lower case.
func (r *Result) name(given string, old map[string]Value) {
	if project, ok := old["project"].(string); given == "" && ok {
		given = project
	}
	name := strings.ToLower(given)
	if !poolName.MatchString(name) {
		r.row(Row{Decide, "(project)", "POOL", "", "set the pool's name with --pool: 1 to 40 characters of a-z, 0-9 and -"})
		return
	}
	r.Pool = name
	r.set("(project)", "POOL", name, lowered(given, name), false)
}

// apply applies a rule, and removes its settings from old.
func (r *Result) apply(rule rule, old map[string]Value) {
	for _, name := range rule.old {
		value, isSet := old[name]
		if !isSet {
			continue
		}
		delete(old, name)
		_, mapped := r.values[rule.setting] // by another old name of the setting
		if rule.convert == nil || mapped {
			r.row(Row{None, name, "", "", rule.note})
			continue
		}
		converted, err := rule.convert(value)
		if err == nil && strings.ContainsFunc(converted, unicode.IsControl) {
			err = errors.New("contains a character that no setting may have")
		}
		switch {
		case err != nil:
			r.row(Row{Decide, name, rule.setting, "", strings.TrimSuffix(err.Error()+"; "+rule.note, "; ")})
		case rule.setting == "" || converted == "":
			r.row(Row{None, name, "", "", notSet(rule, value)})
		default:
			r.set(name, rule.setting, converted, rule.noteFor(value, converted), rule.secret)
		}
	}
}

// noteFor returns the note for a value, with what changed in it.
func (r rule) noteFor(value Value, converted string) string {
	old, isText := value.(string)
	if !isText || r.changed == nil {
		return r.note
	}
	return strings.TrimPrefix(r.note+"; "+r.changed(strings.TrimSpace(old), converted), "; ")
}

// notSet says why no setting was made from a value.
func notSet(rule rule, value Value) string {
	if value == nil || value == "" {
		return "it is empty"
	}
	return rule.note
}

// applyPair makes one setting from two numbers.
func (r *Result) applyPair(pair pairRule, old map[string]Value) {
	texts := []string{pair.fallback, pair.fallback}
	var names []string
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
		names = append(names, name)
	}
	if len(names) == 2 {
		names = []string{strings.Replace(pair.participants, "participants", "{participants,meetings}", 1)}
	}
	if len(names) > 0 {
		r.set(names[0], pair.setting, strings.Join(slices.Compact(texts), ","), "", false)
	}
}

// dnsProvider makes one setting from two: whether records were written, and where.
func (r *Result) dnsProvider(old map[string]Value) {
	writes, isSet := old["clone_dns_create_entry"]
	provider, _ := old["clone_dns_entry_api"].(string)
	delete(old, "clone_dns_create_entry")
	delete(old, "clone_dns_entry_api")
	switch {
	case !isSet && provider == "":
	case writes == false:
		r.set("clone_dns_create_entry", "DNS_PROVIDER", "none", "", false)
	case strings.EqualFold(provider, "ovh"):
		r.set("clone_dns_entry_api", "DNS_PROVIDER", "ovh", "", false)
	default:
		r.row(Row{Decide, "clone_dns_entry_api", "DNS_PROVIDER", "", "must be scaleway, ovh or none"})
	}
}

// removeConflicts removes settings that are not valid together.
func (r *Result) removeConflicts() {
	r.matchPolicies()
	if r.values["DNS_PROVIDER"] == "none" {
		for setting := range r.values {
			if strings.HasPrefix(setting, "OVH_") || strings.HasPrefix(setting, "DNS_") && setting != "DNS_PROVIDER" {
				delete(r.values, setting)
				r.change(setting, "", "not needed if no records are written")
			}
		}
	}
	if r.values["DNS_CNAME"] != "true" && r.values["DNS_SUBDOMAIN"] != "" {
		delete(r.values, "DNS_SUBDOMAIN")
		r.change("DNS_SUBDOMAIN", "", "not used without DNS_CNAME")
	}
	if r.values["REGISTER_ENTRIES"] == "true" && r.values["BBB_SECRET"] == "" {
		delete(r.values, "REGISTER_ENTRIES")
		r.change("REGISTER_ENTRIES", "", "it needs BBB_SECRET")
	}
}

// matchPolicies makes the policies and the calendar fit. By default, the predecessor followed
// both the load and the calendar.
func (r *Result) matchPolicies() {
	policies, hasCalendar := r.values["POLICIES"], r.values["CALENDAR_URL"] != ""
	switch reads := strings.Contains(policies, "schedule"); {
	case hasCalendar && policies == "":
		r.set("", "POLICIES", "load,schedule", "the predecessor's default; forecast,schedule would learn from the pool's own history", false)
	case hasCalendar && !reads:
		r.row(Row{Decide, "capacity_adaptation_policy", "POLICIES", "", "no policy reads the calendar: add schedule, or remove DIVIMS_CALENDAR_URL"})
	case !hasCalendar && reads:
		r.values["POLICIES"] = "load"
		r.change("POLICIES", "load", "the policy schedule needs a calendar, and there is none")
	}
}

// change updates the row of a mapped setting. An empty value means that the setting was
// removed.
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

// addNew adds settings that the predecessor did not have, and those for a time in which
// both run side by side.
func (r *Result) addNew() {
	r.set("", "ADOPT", "true", "the predecessor's machines lack the pool's tag; remove this once all of them have been replaced", false)
	r.set("", "DRY_RUN", "true", "both can run side by side; remove this once the predecessor is stopped", false)
	for _, missing := range []struct{ setting, note string }{
		{"SCALELITE_URL", "Scalelite's URL; there was no scalelite_host"},
		{"SCALELITE_SECRET", "Scalelite's LOADBALANCER_SECRET; it replaces SSH to its host"},
		{"SCALEWAY_ACCESS_KEY", "the access key of the secret key"},
		{"STORAGE_BUCKET", "a bucket for state, history and decisions"},
		{"STATS_URLS", "the servers' stats endpoints, which replace SSH (docs/stats.md), for example https://{domain}/node_exporter/metrics"},
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
		r.row(Row{Decide, "(maintenance file)", "", strings.Join(texts, ", "), "run divims maintenance start NUMBER --reason … for each of them, before you remove DRY_RUN"})
	}
}

// verify loads the settings. It removes invalid values, which the operator must then
// decide, and repeats this until no further value is invalid.
func (r *Result) verify() {
	for range len(r.values) {
		_, err := config.Load(r.Environ())
		var problems config.Problems
		if !errors.As(err, &problems) || !r.removeInvalid(problems) {
			return
		}
	}
}

// removeInvalid removes the values that have problems, and reports whether there were any.
// Every problem becomes a row to decide.
func (r *Result) removeInvalid(problems config.Problems) (changed bool) {
	for _, problem := range problems {
		setting := strings.TrimPrefix(problem.Variable, "DIVIMS_")
		if _, isSet := r.values[setting]; isSet {
			delete(r.values, setting)
			r.change(setting, "", "its value is not valid here")
			changed = true
		}
		if !slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Outcome == Decide && row.Setting == setting }) {
			r.row(Row{Decide, "", setting, "", problem.Wrong})
		}
	}
	return changed
}

// Environ returns the settings as environment variables. It holds secrets.
func (r *Result) Environ() []string {
	var environ []string
	for _, setting := range slices.Sorted(maps.Keys(r.values)) {
		environ = append(environ, "DIVIMS_"+setting+"="+r.values[setting])
	}
	return environ
}
