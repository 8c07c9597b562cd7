package migrate

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// rule says what becomes of one of the predecessor's settings.
type rule struct {
	// old are its names: it has had several.
	old []string
	// setting is ours, without the prefix; empty if there is none.
	setting string
	// turn makes our value of the old one. The error says what to decide.
	turn func(Value) (string, error)
	// note says why there is no setting, or what else changes.
	note string
	// secret tells that the value must not be shown.
	secret bool
}

// rules are in the order of the settings. Those that go together are in pairs.
var rules = []rule{
	{old: []string{"pool_size"}, setting: "POOL_SIZE", turn: whole},
	{old: []string{"pool_capacity"}, setting: "POOL_CAPACITY", turn: whole},
	{old: []string{"bare_metal_servers_count"}, setting: "BARE_METAL_COUNT", turn: whole},
	{old: []string{"clone_hostname_template"}, setting: "HOSTNAME_TEMPLATE", turn: template},
	{old: []string{"clone_domain_template"}, setting: "DOMAIN_TEMPLATE", turn: template},
	{old: []string{"capacity_adaptation_policy"}, setting: "POLICIES", turn: oneOf(map[string]string{"load": "load", "schedule": "schedule", "both": "load,schedule"})},
	{old: []string{"controller_run_frequency"}, setting: "INTERVAL", turn: times("m"), note: "the cron in serverless.yml has to say the same"},
	{old: []string{"load_adaptation_server_participants_capacity"}, setting: "SERVER_PARTICIPANTS", turn: whole},
	{old: []string{"load_adaptation_server_meetings_capacity"}, setting: "SERVER_MEETINGS", turn: whole},
	{old: []string{"load_adaptation_active_servers_minimum_ratio"}, setting: "MINIMUM_RATIO", turn: percentage},
	{old: []string{"ical_stream"}, setting: "CALENDAR_URL", turn: webAddress, secret: true},
	{old: []string{"ical_default_file"}, note: "the last good calendar is kept in the bucket"},
	{old: []string{"meetings_max_duration_minutes", "meetings_max_duration"}, setting: "MEETING_MAX_DURATION", turn: times("m")},
	{old: []string{"recordings_max_processing_duration_minutes", "recordings_max_processing_duration"}, setting: "RECORDING_MAX_PROCESSING", turn: times("m")},
	{old: []string{"server_max_recycling_uptime_seconds", "server_max_recycling_uptime"}, setting: "RECYCLE_AFTER", turn: times("s")},
	{old: []string{"server_min_available_uptime_seconds", "server_min_available_uptime"}, setting: "GRACE", turn: times("s")},
	{old: []string{"ssl_certificate_validity_warning_days", "ssl_certificate_validity_days_warning"}, setting: "CERTIFICATE_WARNING", turn: times("d")},
	{old: []string{"ssl_certificate_validity_days_error", "ssl_certificate_validity_error_days"}, setting: "CERTIFICATE_ALERT", turn: times("d")},
	{old: []string{"ssl_certificate_validity_alert_days", "ssl_certificate_validity_days_alert"}, setting: "CERTIFICATE_ALERT", turn: times("d"), note: "there is one level of error"},
	{old: []string{"poll_max_workers"}, setting: "OBSERVE_PARALLEL", turn: whole},
	{old: []string{"clone_max_workers"}, setting: "ACT_PARALLEL", turn: whole},
	{old: []string{"scalelite_host"}, setting: "SCALELITE_URL", turn: host},
	{old: []string{"clone_add_to_scalelite"}, setting: "REGISTER_ENTRIES", turn: boolean},
	{old: []string{"clone_enable_in_scalelite"}, note: "evaluations enable a server when it is required"},
	{old: []string{"clone_bbb_secret"}, setting: "BBB_SECRET", turn: plain, secret: true},
	{old: []string{"scw_project_id"}, setting: "SCALEWAY_PROJECT_ID", turn: plain},
	{old: []string{"scw_auth_token"}, setting: "SCALEWAY_SECRET_KEY", turn: plain, secret: true, note: "a key of its own with few permissions is better"},
	{old: []string{"scw_organization_id"}, note: "the project says it"},
	{old: []string{"scw_zone"}, setting: "ZONES", turn: plain, note: "it may be a list, preferred first"},
	{old: []string{"clone_commercial_type"}, setting: "COMMERCIAL_TYPES", turn: plain, note: "it may be a list, preferred first"},
	{old: []string{"clone_image_name"}, setting: "IMAGE_NAME", turn: plain, note: "how its name begins; the newest counts"},
	{old: []string{"clone_dns_entry_zone", "clone_dns_zone"}, setting: "DNS_ZONE", turn: plain},
	{old: []string{"clone_dns_create_cname", "clone_dns_cname"}, setting: "DNS_CNAME", turn: boolean},
	{old: []string{"clone_dns_entry_subdomain", "clone_dns_subdomain"}, setting: "DNS_SUBDOMAIN", turn: plain},
	{old: []string{"clone_dns_create_ipv6", "clone_dns_ipv6"}, setting: "DNS_IPV6", turn: boolean},
	{old: []string{"ovh_endpoint"}, setting: "OVH_ENDPOINT", turn: plain},
	{old: []string{"ovh_application_key"}, setting: "OVH_APPLICATION_KEY", turn: plain, secret: true},
	{old: []string{"ovh_application_secret"}, setting: "OVH_APPLICATION_SECRET", turn: plain, secret: true},
	{old: []string{"ovh_consumer_key"}, setting: "OVH_CONSUMER_KEY", turn: plain, secret: true},
	{old: []string{"log_level"}, setting: "LOG_LEVEL", turn: level},
	{old: []string{"log_mail_warning_frequency_minutes"}, setting: "NOTIFY_EVERY_WARNING", turn: times("m")},
	{old: []string{"log_mail_error_frequency_minutes"}, setting: "NOTIFY_EVERY_ERROR", turn: times("m")},
	{old: []string{"log_mail_critical_frequency_minutes"}, setting: "NOTIFY_EVERY_CRITICAL", turn: times("m")},
	{old: []string{"log_mail_to"}, setting: "NOTIFY_URLS", turn: mail, note: "mail goes by SMTP"},
	{old: []string{"log_mail_from"}, note: "the sender is in NOTIFY_URLS"},
	{old: []string{"hoster_api"}, turn: oneOf(map[string]string{"SCW": ""}), note: "Scaleway is the only one"},
	{old: []string{"bbb_version"}, note: "servers say it themselves"},
	{old: []string{"clone_old_domain", "clone_old_external_ipv4", "clone_old_external_ipv6", "clone_old_internal_ipv4", "clone_old_commercial_type", "clone_reuse_public_ip"},
		note: "machines are made of the image, with their server's reserved address"},
	{old: []string{"clone_use_wildcard_cert"}, note: "certificates are in the image, or the machine's own matter"},
	{old: []string{"clone_enable_routed_ip"}, note: "all addresses are routed"},
	{old: []string{"recordings_path_source", "recordings_path_target"}, note: "a server's own figures say what recordings are left on it: docs/stats.md"},
	{old: []string{"maintenance_file_suffix", "reboot_file_suffix", "ical_cached_file_suffix", "load_adaptation_data_file_suffix"}, note: "all that is remembered is in the bucket"},
	{old: []string{"ssh_rsa", "ssh_port", "ssh_user", "ssh_timeout"}, note: "nothing goes by SSH"},
	{old: []string{"zabbix_api_url", "zabbix_username", "zabbix_password"}, note: "GET /metrics is for Prometheus"},
	{old: []string{"project", "project_directory", "base_directory"}, note: "it is the pool's name"},
}

// pairRule makes one setting of a number for participants and one for meetings.
type pairRule struct {
	participants, meetings, setting string
	// unset is what the predecessor took for either that is missing.
	unset string
}

var pairs = []pairRule{
	{"load_adaptation_participants_capacity_factor_1", "load_adaptation_meetings_capacity_factor_1", "LOAD_FACTOR_STEADY", "2"},
	{"load_adaptation_participants_capacity_factor_2", "load_adaptation_meetings_capacity_factor_2", "LOAD_FACTOR_GROWING", "3"},
	{"load_adaptation_participants_variation_ratio_threshold", "load_adaptation_meetings_variation_ratio_threshold", "LOAD_GROWTH_THRESHOLD", "1.2"},
}

// plain takes a string as it is; an empty one is not set.
func plain(value Value) (string, error) {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v), nil
	case nil:
		return "", nil
	}
	return "", fmt.Errorf("has to be a string")
}

// number takes a number, which may be in quotes.
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
	return 0, fmt.Errorf("has to be a number")
}

func decimalText(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func whole(value Value) (string, error) {
	n, err := number(value)
	if err == nil && n != math.Trunc(n) {
		err = fmt.Errorf("has to be a whole number")
	}
	if err != nil {
		return "", err
	}
	return decimalText(n), nil
}

// times takes a number of a unit: s, m or d.
func times(unit string) func(Value) (string, error) {
	seconds := map[string]float64{"s": 1, "m": 60, "d": 86400}[unit]
	return func(value Value) (string, error) {
		n, err := number(value)
		if err != nil || n < 0 || n > 1e9 {
			return "", fmt.Errorf("has to be a number of time")
		}
		return duration(int64(math.Round(n * seconds))), nil
	}
}

// duration writes seconds in the largest unit that fits.
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

func percentage(value Value) (string, error) {
	n, err := number(value)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(n*100, 'f', 4, 64), "0"), ".") + "%", nil
}

// template turns the X of a template, which is the server's number, into {n}.
func template(value Value) (string, error) {
	name, err := plain(value)
	if err != nil || name == "" {
		return "", err
	}
	if strings.Count(name, "X") != 1 {
		return "", fmt.Errorf("has to have one X in it, for the server's number")
	}
	return strings.ToLower(strings.Replace(name, "X", "{n}", 1)), nil
}

func oneOf(words map[string]string) func(Value) (string, error) {
	return func(value Value) (string, error) {
		name, err := plain(value)
		if word, known := words[name]; err == nil && (known || name == "") {
			return word, nil
		}
		return "", fmt.Errorf("has a value that is not known")
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
	return "", fmt.Errorf("has to be true or false")
}

func webAddress(value Value) (string, error) {
	address, err := plain(value)
	if err == nil && address != "" && !strings.HasPrefix(address, "https://") {
		err = fmt.Errorf("has to be an https:// address")
	}
	return address, err
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

func host(value Value) (string, error) {
	name, err := plain(value)
	if err != nil || name == "" {
		return "", err
	}
	if !hostName.MatchString(name) {
		return "", fmt.Errorf("has to be a host name")
	}
	return "https://" + strings.ToLower(name), nil
}

// levels are Monolog's, by name and by number.
var levels = map[string]string{
	"debug": "debug", "100": "debug", "info": "info", "200": "info", "notice": "info", "250": "info", "warning": "warn", "300": "warn",
	"error": "error", "400": "error", "critical": "error", "500": "error", "alert": "error", "550": "error", "emergency": "error", "600": "error",
}

func level(value Value) (string, error) {
	name, _ := inText(value)
	if constant, ok := value.(Name); ok {
		name = string(constant)
	}
	if level, known := levels[strings.ToLower(name[strings.LastIndexAny(name, `:\`)+1:])]; known {
		return level, nil
	}
	return "", fmt.Errorf("has a level that is not known")
}

// mail cannot be translated: the predecessor handed its mail to the system.
func mail(value Value) (string, error) {
	to, err := plain(value)
	if err == nil && to != "" {
		err = fmt.Errorf("say the mail server, too: smtp://USER:PASSWORD@HOST:587/?fromaddress=FROM&toaddresses=%s", to)
	}
	return "", err
}
