package migrate

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// rule maps one of the predecessor's settings.
type rule struct {
	// old are the setting's names in the predecessor's versions.
	old []string
	// setting is our setting without DIVIMS_, empty if there is none.
	setting string
	// convert returns our value for an old one. Its error says what to decide.
	convert func(Value) (string, error)
	// note says why there is no setting, or what else changes.
	note string
	// changed returns what to say about a value that is not written as it was, or nothing.
	changed func(old, converted string) string
	// secret is set if the value must not be shown.
	secret bool
}

// rules are in the order of our settings. Settings made from two old ones are in pairs.
var rules = []rule{
	{old: []string{"pool_size"}, setting: "POOL_SIZE", convert: whole},
	{old: []string{"pool_capacity"}, setting: "POOL_CAPACITY", convert: whole},
	{old: []string{"bare_metal_servers_count"}, setting: "BARE_METAL_COUNT", convert: whole},
	{old: []string{"clone_hostname_template"}, setting: "HOSTNAME_TEMPLATE", convert: template, changed: renamed},
	{old: []string{"clone_domain_template"}, setting: "DOMAIN_TEMPLATE", convert: template, changed: lowered},
	{old: []string{"capacity_adaptation_policy"}, setting: "POLICIES", convert: oneOf(map[string]string{"load": "load", "schedule": "schedule", "both": "load,schedule"})},
	{old: []string{"controller_run_frequency"}, setting: "INTERVAL", convert: timeIn("m"), note: "it must divide an hour to be deployed"},
	{old: []string{"load_adaptation_server_participants_capacity"}, setting: "SERVER_PARTICIPANTS", convert: whole},
	{old: []string{"load_adaptation_server_meetings_capacity"}, setting: "SERVER_MEETINGS", convert: whole},
	{old: []string{"load_adaptation_active_servers_minimum_ratio"}, setting: "MINIMUM_RATIO", convert: percentage},
	{old: []string{"ical_stream"}, setting: "CALENDAR_URL", convert: webAddress, changed: rescheme, secret: true},
	{old: []string{"ical_default_file"}, note: "the last good calendar is kept in the bucket"},
	{old: []string{"meetings_max_duration_minutes", "meetings_max_duration"}, setting: "MEETING_MAX_DURATION", convert: timeIn("m")},
	{old: []string{"recordings_max_processing_duration_minutes", "recordings_max_processing_duration"}, setting: "RECORDING_MAX_PROCESSING", convert: timeIn("m")},
	{old: []string{"server_max_recycling_uptime_seconds", "server_max_recycling_uptime"}, setting: "RECYCLE_AFTER", convert: timeIn("s")},
	{old: []string{"server_min_available_uptime_seconds", "server_min_available_uptime"}, setting: "GRACE", convert: timeIn("s")},
	{old: []string{"ssl_certificate_validity_warning_days", "ssl_certificate_validity_days_warning"}, setting: "CERTIFICATE_WARNING", convert: timeIn("d")},
	{old: []string{"ssl_certificate_validity_days_error", "ssl_certificate_validity_error_days"}, setting: "CERTIFICATE_ALERT", convert: timeIn("d")},
	{old: []string{"ssl_certificate_validity_alert_days", "ssl_certificate_validity_days_alert"}, setting: "CERTIFICATE_ALERT", convert: timeIn("d"), note: "there is only one error level"},
	{old: []string{"poll_max_workers"}, setting: "OBSERVE_PARALLEL", convert: whole},
	{old: []string{"clone_max_workers"}, setting: "ACT_PARALLEL", convert: whole},
	{old: []string{"scalelite_host"}, setting: "SCALELITE_URL", convert: host, changed: lowered},
	{old: []string{"clone_add_to_scalelite"}, setting: "REGISTER_ENTRIES", convert: boolean},
	{old: []string{"clone_enable_in_scalelite"}, note: "evaluations enable a server when it is required"},
	{old: []string{"clone_bbb_secret"}, setting: "BBB_SECRET", convert: plain, secret: true},
	{old: []string{"scw_project_id"}, setting: "SCALEWAY_PROJECT_ID", convert: plain},
	{old: []string{"scw_auth_token"}, setting: "SCALEWAY_SECRET_KEY", convert: plain, secret: true, note: "better use a separate key with few permissions"},
	{old: []string{"scw_organization_id"}, note: "not needed with a project ID"},
	{old: []string{"scw_zone"}, setting: "ZONES", convert: plain, note: "may be a list, preferred first"},
	{old: []string{"clone_commercial_type"}, setting: "COMMERCIAL_TYPES", convert: plain, note: "may be a list, preferred first"},
	{old: []string{"clone_image_name"}, setting: "IMAGE_NAME", convert: plain, note: "prefix of the name; the newest image is used"},
	{old: []string{"clone_dns_entry_zone", "clone_dns_zone"}, setting: "DNS_ZONE", convert: plain},
	{old: []string{"clone_dns_create_cname", "clone_dns_cname"}, setting: "DNS_CNAME", convert: boolean},
	{old: []string{"clone_dns_entry_subdomain", "clone_dns_subdomain"}, setting: "DNS_SUBDOMAIN", convert: plain},
	{old: []string{"clone_dns_create_ipv6", "clone_dns_ipv6"}, setting: "DNS_IPV6", convert: boolean},
	{old: []string{"ovh_endpoint"}, setting: "OVH_ENDPOINT", convert: plain},
	{old: []string{"ovh_application_key"}, setting: "OVH_APPLICATION_KEY", convert: plain, secret: true},
	{old: []string{"ovh_application_secret"}, setting: "OVH_APPLICATION_SECRET", convert: plain, secret: true},
	{old: []string{"ovh_consumer_key"}, setting: "OVH_CONSUMER_KEY", convert: plain, secret: true},
	{old: []string{"log_level"}, setting: "LOG_LEVEL", convert: level},
	{old: []string{"log_mail_warning_frequency_minutes"}, setting: "NOTIFY_EVERY_WARNING", convert: timeIn("m")},
	{old: []string{"log_mail_error_frequency_minutes"}, setting: "NOTIFY_EVERY_ERROR", convert: timeIn("m")},
	{old: []string{"log_mail_critical_frequency_minutes"}, setting: "NOTIFY_EVERY_CRITICAL", convert: timeIn("m")},
	{old: []string{"hoster_api"}, convert: oneOf(map[string]string{"SCW": ""}), note: "only Scaleway is supported"},
	{old: []string{"bbb_version"}, note: "read from the servers"},
	{old: []string{"clone_old_domain", "clone_old_external_ipv4", "clone_old_external_ipv6", "clone_old_internal_ipv4", "clone_old_commercial_type", "clone_reuse_public_ip"},
		note: "machines are created from the image, with their server's reserved address"},
	{old: []string{"clone_use_wildcard_cert"}, note: "certificates are part of the image, or the machine gets its own"},
	{old: []string{"clone_enable_routed_ip"}, note: "all addresses are routed"},
	{old: []string{"recordings_path_source", "recordings_path_target"}, note: "a server's stats say which recordings are left on it: docs/stats.md"},
	{old: []string{"maintenance_file_suffix", "reboot_file_suffix", "ical_cached_file_suffix", "load_adaptation_data_file_suffix"}, note: "state is kept in the bucket"},
	{old: []string{"ssh_rsa", "ssh_port", "ssh_user", "ssh_timeout"}, note: "SSH is not used"},
	{old: []string{"zabbix_api_url", "zabbix_username", "zabbix_password"}, note: "GET /metrics is for Prometheus"},
	{old: []string{"project", "project_directory", "base_directory"}, note: "replaced by the pool's name"},
}

// pairRule makes one setting from a number for participants and one for meetings.
type pairRule struct {
	participants, meetings, setting string
	// fallback is the predecessor's default for either number.
	fallback string
}

var pairs = []pairRule{
	{"load_adaptation_participants_capacity_factor_1", "load_adaptation_meetings_capacity_factor_1", "LOAD_FACTOR_STEADY", "2"},
	{"load_adaptation_participants_capacity_factor_2", "load_adaptation_meetings_capacity_factor_2", "LOAD_FACTOR_GROWING", "3"},
	{"load_adaptation_participants_variation_ratio_threshold", "load_adaptation_meetings_variation_ratio_threshold", "LOAD_GROWTH_THRESHOLD", "1.2"},
}

// plain accepts a string. An empty result means that the setting is not set.
func plain(value Value) (string, error) {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v), nil
	case nil:
		return "", nil
	}
	return "", fmt.Errorf("must be a string")
}

// number accepts a number, which may be in quotes.
func number(value Value) (float64, error) {
	switch v := value.(type) {
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	case string:
		if n, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("must be a number")
}

func decimalText(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// whole accepts a whole number.
func whole(value Value) (string, error) {
	n, err := number(value)
	if err == nil && n != math.Trunc(n) {
		err = fmt.Errorf("must be a whole number")
	}
	if err != nil {
		return "", err
	}
	return decimalText(n), nil
}

// timeIn returns a conversion of a number of seconds (s), minutes (m) or days (d).
func timeIn(unit string) func(Value) (string, error) {
	seconds := map[string]float64{"s": 1, "m": 60, "d": 86400}[unit]
	return func(value Value) (string, error) {
		n, err := number(value)
		if err != nil || n < 0 || n > 1e9 {
			return "", fmt.Errorf("must be a duration as a number, 0 or more")
		}
		return duration(int64(math.Round(n * seconds))), nil
	}
}

// duration writes seconds in the largest unit that divides them.
func duration(seconds int64) string {
	for _, unit := range []struct {
		name string
		long int64
	}{{"d", 86400}, {"h", 3600}, {"m", 60}} {
		if seconds != 0 && seconds%unit.long == 0 {
			return strconv.FormatInt(seconds/unit.long, 10) + unit.name
		}
	}
	return strconv.FormatInt(seconds, 10) + "s"
}

// percentage turns a ratio into a percentage: 0.01 into 1%.
func percentage(value Value) (string, error) {
	n, err := number(value)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(n*100, 'f', 4, 64), "0"), ".") + "%", nil
}

// template replaces the X in a template, the placeholder for the server's number, by {n}.
// The result is in lower case.
func template(value Value) (string, error) {
	name, err := plain(value)
	if err != nil || name == "" {
		return "", err
	}
	if strings.Count(name, "X") != 1 {
		return "", fmt.Errorf("must contain exactly one X, for the server's number")
	}
	return strings.ToLower(strings.Replace(name, "X", "{n}", 1)), nil
}

// oneOf returns a conversion of known words.
func oneOf(words map[string]string) func(Value) (string, error) {
	return func(value Value) (string, error) {
		name, err := plain(value)
		if word, known := words[name]; err == nil && (known || name == "") {
			return word, nil
		}
		return "", fmt.Errorf("has an unknown value")
	}
}

func boolean(value Value) (string, error) {
	switch v := value.(type) {
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatBool(v != 0), nil
	case nil:
		return "", nil
	}
	return "", fmt.Errorf("must be true or false")
}

// lowered says that a name was written in lower case.
func lowered(old, converted string) string {
	name := strings.Replace(old, "X", "{n}", 1)
	if strings.Contains(converted, old) || strings.Contains(converted, name) {
		return ""
	}
	return fmt.Sprintf("it was %s, and is in lower case now", old)
}

// renamed says that the names of machines were written in lower case.
func renamed(old, converted string) string {
	note := lowered(old, converted)
	if note != "" {
		note += ": rename the machines that exist, or they are not adopted"
	}
	return note
}

// webAddress accepts the address of a feed. What was read by webcal:// or http:// is read
// by https://.
func webAddress(value Value) (string, error) {
	address, err := plain(value)
	if err != nil || address == "" {
		return "", err
	}
	scheme, rest, _ := strings.Cut(address, "://")
	switch strings.ToLower(scheme) {
	case "https", "http", "webcal", "webcals":
		return "https://" + rest, nil
	}
	return "", fmt.Errorf("must be an https:// address")
}

// rescheme says that a feed is read by another scheme than before.
func rescheme(old, converted string) string {
	if scheme, rest, _ := strings.Cut(old, "://"); scheme != "https" && converted == "https://"+rest {
		return fmt.Sprintf("it was %s://: run check to see whether the feed can be read by https://", scheme)
	}
	return ""
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// host turns a host name into an https:// URL.
func host(value Value) (string, error) {
	name, err := plain(value)
	if err != nil || name == "" {
		return "", err
	}
	if !hostName.MatchString(name) {
		return "", fmt.Errorf("must be a host name")
	}
	return "https://" + strings.ToLower(name), nil
}

// levels maps Monolog's levels, by name and by number, to ours.
var levels = map[string]string{
	"debug": "debug", "100": "debug", "info": "info", "200": "info", "notice": "info", "250": "info", "warning": "warn", "300": "warn",
	"error": "error", "400": "error", "critical": "error", "500": "error", "alert": "error", "550": "error", "emergency": "error", "600": "error",
}

func level(value Value) (string, error) {
	name, _ := asText(value)
	if constant, ok := value.(Name); ok {
		name = string(constant)
	}
	if level, known := levels[strings.ToLower(name[strings.LastIndexAny(name, `:\`)+1:])]; known {
		return level, nil
	}
	return "", fmt.Errorf("has an unknown level")
}
