package migrate

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"divims/internal/config"
)

// read reads settings in the form of a config.php.
func read(t *testing.T, elements string) *Array {
	t.Helper()
	array, err := ReadPHP("config.php", []byte("<?php\n$config = array(\n"+elements+"\n);\n?>"))
	if err != nil {
		t.Fatal(err)
	}
	return array
}

// project has the settings that every project's file has.
const project = `
	'scw_zone' => "fr-par-1", 'scw_auth_token' => '11111111-2222-4333-8444-555555555555', 'scw_project_id' => '11111111-2222-4333-8444-666666666666',
	'pool_size' => 30, 'clone_image_name' => 'bbb-', 'clone_commercial_type' => 'GP1-M', 'clone_bbb_secret' => 'the secret of BBB',
	'clone_hostname_template' => 'acme-p-bbb-wX', 'clone_domain_template' => 'bbb-wX.example.com', 'scalelite_host' => 'scalelite.example.com',`

// row returns the row of an old setting, or of a new one.
func row(r Result, name string) Row {
	i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Old == name || row.Old == "" && row.Setting == name })
	if i < 0 {
		return Row{}
	}
	return r.Rows[i]
}

// TestTranslate checks the value of each setting in our form.
func TestTranslate(t *testing.T) {
	for element, want := range map[string]string{
		"'pool_size' => 12":                                       "POOL_SIZE=12",
		"'pool_capacity' => 10000":                                "POOL_CAPACITY=10000",
		"'bare_metal_servers_count' => 2":                         "BARE_METAL_COUNT=2",
		"'clone_hostname_template' => 'company-p-bbb-wX'":         "HOSTNAME_TEMPLATE=company-p-bbb-w{n}",
		"'clone_domain_template' => 'bbb-wX.example.org'":         "DOMAIN_TEMPLATE=bbb-w{n}.example.org",
		"'capacity_adaptation_policy' => 'load'":                  "POLICIES=load",
		"'controller_run_frequency' => 5":                         "INTERVAL=5m",
		"'load_adaptation_server_participants_capacity' => 250":   "SERVER_PARTICIPANTS=250",
		"'load_adaptation_server_meetings_capacity' => 15":        "SERVER_MEETINGS=15",
		"'load_adaptation_active_servers_minimum_ratio' => 0.01":  "MINIMUM_RATIO=1%",
		"'load_adaptation_active_servers_minimum_ratio' => 0.075": "MINIMUM_RATIO=7.5%",
		"'load_adaptation_participants_capacity_factor_1' => 2.5": "LOAD_FACTOR_STEADY=2.5,2",
		"'load_adaptation_meetings_capacity_factor_2' => 4":       "LOAD_FACTOR_GROWING=3,4",
		"'load_adaptation_participants_variation_ratio_threshold' => 1.2, 'load_adaptation_meetings_variation_ratio_threshold' => 1.2": "LOAD_GROWTH_THRESHOLD=1.2",
		"'ical_stream' => 'https://example.com/a.ics?key=1'":                                                                           "CALENDAR_URL=https://example.com/a.ics?key=1",
		"'ical_stream' => 'webcal://example.com/a.ics?export'":                                                                         "CALENDAR_URL=https://example.com/a.ics?export",
		"'ical_stream' => 'HTTP://example.com/a.ics'":                                                                                  "CALENDAR_URL=https://example.com/a.ics",
		"'ical_stream' => 'webcals://example.com/b.ics'":                                                                               "POLICIES=load,schedule",
		"'ical_stream' => 'https://example.com/b.ics', 'capacity_adaptation_policy' => 'schedule'":                                     "POLICIES=schedule",
		"'meetings_max_duration_minutes' => 600":                                                                                       "MEETING_MAX_DURATION=10h",
		"'meetings_max_duration' => 90":                                                                                                "MEETING_MAX_DURATION=90m",
		"'recordings_max_processing_duration_minutes' => 300":                                                                          "RECORDING_MAX_PROCESSING=5h",
		"'server_max_recycling_uptime_seconds' => 60*60*24*7":                                                                          "RECYCLE_AFTER=7d",
		"'server_min_available_uptime_seconds' => 90":                                                                                  "GRACE=90s",
		"'ssl_certificate_validity_warning_days' => 15":                                                                                "CERTIFICATE_WARNING=15d",
		"'ssl_certificate_validity_alert_days' => 5":                                                                                   "CERTIFICATE_ALERT=5d",
		"'ssl_certificate_validity_days_error' => 7, 'ssl_certificate_validity_days_alert' => 1":                                       "CERTIFICATE_ALERT=7d",
		"'poll_max_workers' => 100":                                                                                                    "OBSERVE_PARALLEL=100",
		"'clone_max_workers' => '5'":                                                                                                   "ACT_PARALLEL=5",
		"'clone_image_name' => 'bbb-' . '2.7'":                                                                                         "IMAGE_NAME=bbb-2.7",
		"'clone_commercial_type' => 'GP1-S'":                                                                                           "COMMERCIAL_TYPES=GP1-S",
		"'scw_zone' => 'nl-ams-1'":                                                                                                     "ZONES=nl-ams-1",
		"'scw_project_id' => '22222222-2222-4333-8444-666666666666'":                                                                   "SCALEWAY_PROJECT_ID=22222222-2222-4333-8444-666666666666",
		"'scw_auth_token' => '22222222-2222-4333-8444-666666666666'":                                                                   "SCALEWAY_SECRET_KEY=22222222-2222-4333-8444-666666666666",
		"'clone_add_to_scalelite' => true":                                                                                             "REGISTER_ENTRIES=true",
		"'clone_bbb_secret' => 'it\\'s'":                                                                                               "BBB_SECRET=it's",
		"'scalelite_host' => 'Scalelite.example.org'":                                                                                  "SCALELITE_URL=https://scalelite.example.org",
		"'log_level' => \\Monolog\\Level::Debug":                                                                                       "LOG_LEVEL=debug",
		"'log_level' => \\Monolog\\Logger::WARNING":                                                                                    "LOG_LEVEL=warn",
		"'log_level' => 400":                                                                                                           "LOG_LEVEL=error",
		"'log_mail_warning_frequency_minutes' => 1440":                                                                                 "NOTIFY_EVERY_WARNING=1d",
		"'log_mail_error_frequency_minutes' => 480":                                                                                    "NOTIFY_EVERY_ERROR=8h",
		"'log_mail_critical_frequency_minutes' => 60":                                                                                  "NOTIFY_EVERY_CRITICAL=1h",
		"'clone_dns_create_entry' => false, 'clone_dns_entry_api' => 'OVH'":                                                            "DNS_PROVIDER=none",
		dns:                                     "DNS_PROVIDER=ovh",
		dns + "'clone_dns_create_ipv6' => true": "DNS_IPV6=true",
		dns + "'clone_dns_create_cname' => true, 'clone_dns_entry_subdomain' => 'ext'": "DNS_SUBDOMAIN=ext",
		dns + "'ovh_endpoint' => 'ovh-ca'":                                             "OVH_ENDPOINT=ovh-ca",
	} {
		t.Run(element, func(t *testing.T) {
			result := Translate(Files{Configs: []*Array{read(t, project), read(t, element)}, Pool: "acme"})
			if !slices.Contains(result.Environ(), "DIVIMS_"+want) {
				t.Errorf("%s is missing in %q", want, result.Environ())
			}
		})
	}
}

// dns has the settings of a zone at OVH.
const dns = `'clone_dns_create_entry' => true, 'clone_dns_entry_api' => 'OVH', 'clone_dns_entry_zone' => 'example.com',
	'ovh_application_key' => 'sesame-key', 'ovh_application_secret' => 'sesame-secret', 'ovh_consumer_key' => 'sesame-consumer', `

// TestUnmappedSettingsAreLeftToDecide checks that a value that cannot be mapped is left out,
// with a row that says why.
func TestUnmappedSettingsAreLeftToDecide(t *testing.T) {
	for element, setting := range map[string]string{
		"'clone_hostname_template' => 'bbb'":                                 "clone_hostname_template",
		"'clone_domain_template' => 'XX.example.com'":                        "clone_domain_template",
		"'pool_size' => 'many'":                                              "pool_size",
		"'pool_size' => 2.5":                                                 "pool_size",
		"'ical_stream' => 'ftp://example.com/a.ics'":                         "ical_stream",
		"'log_level' => 'loud'":                                              "log_level",
		"'log_mail_to' => 'nobody'":                                          "log_mail_to",
		"'capacity_adaptation_policy' => 'none'":                             "capacity_adaptation_policy",
		"'hoster_api' => 'DOC'":                                              "hoster_api",
		"'clone_dns_create_entry' => true, 'clone_dns_entry_api' => 'GANDI'": "clone_dns_entry_api",
		"'clone_dns_create_ipv6' => 'yes'":                                   "clone_dns_create_ipv6",
		"'load_adaptation_meetings_capacity_factor_1' => 'two'":              "load_adaptation_meetings_capacity_factor_1",
		"'digitalocean_secret' => 'x'":                                       "digitalocean_secret",
		"'clone_bbb_secret' => \"two\\nlines\"":                              "clone_bbb_secret",
		"'pool_size' => 0":                                                   "POOL_SIZE",
		"'scw_zone' => 'par1'":                                               "ZONES",
		"'clone_dns_create_entry' => true, 'clone_dns_entry_api' => 'OVH', 'clone_dns_entry_zone' => 'example.org'": "DNS_ZONE",
		"": "SCALELITE_SECRET",
	} {
		t.Run(element, func(t *testing.T) {
			result := Translate(Files{Configs: []*Array{read(t, project), read(t, element)}, Pool: "acme"})
			if got := row(result, setting); got.Outcome != Decide || got.Note == "" || got.Value != "" {
				t.Errorf("row of %s: %+v", setting, got)
			}
		})
	}
}

// TestResultIsValidOnceDecided checks that the settings load once the operator has added
// the settings that are left to decide.
func TestResultIsValidOnceDecided(t *testing.T) {
	result := Translate(Files{Configs: []*Array{read(t, project), read(t, dns)}, Pool: "acme"})
	environ := append(result.Environ(), "DIVIMS_SCALELITE_SECRET=s", "DIVIMS_SCALEWAY_ACCESS_KEY=SCWXXXXXXXXXXXXXXXXX", "DIVIMS_STORAGE_BUCKET=acme-divims",
		"DIVIMS_STATS_URLS=https://{domain}/node_exporter/metrics", "DIVIMS_STATS_USER=divims", "DIVIMS_STATS_PASSWORD=p")
	settings, err := config.Load(environ)
	if err != nil || !settings.Scaleway.Adopt || !settings.Evaluation.DryRun || settings.Pool.Name != "acme" {
		t.Errorf("%v: %+v", err, settings)
	}
	for _, setting := range []string{"SCALELITE_SECRET", "SCALEWAY_ACCESS_KEY", "STORAGE_BUCKET", "STATS_URLS", "STATS_USER", "STATS_PASSWORD"} {
		if row(result, setting).Outcome != Decide {
			t.Errorf("%s is not marked to decide", setting)
		}
	}
}

// TestLaterFilesOverrideEarlierOnes checks that a project's file overrides the defaults.
func TestLaterFilesOverrideEarlierOnes(t *testing.T) {
	result := Translate(Files{Configs: []*Array{read(t, "'poll_max_workers' => 100, 'clone_max_workers' => 5"), read(t, project+"'clone_max_workers' => 7")}, Pool: "acme"})
	if row(result, "clone_max_workers").Value != "7" || row(result, "poll_max_workers").Value != "100" {
		t.Errorf("table: %+v", result.Rows)
	}
}

// TestSecretsAreOnlyInTheFile checks that the table hides the values of secrets.
func TestSecretsAreOnlyInTheFile(t *testing.T) {
	result := Translate(Files{Configs: []*Array{read(t, project), read(t, dns+"'ical_stream' => 'https://example.com/private-4711.ics'")}, Pool: "acme"})
	var table strings.Builder
	if err := result.Table(&table); err != nil {
		t.Fatal(err)
	}
	file := result.EnvFile()
	for _, secret := range []string{"the secret of BBB", "11111111-2222-4333-8444-555555555555", "sesame-key", "sesame-secret", "sesame-consumer", "private-4711"} {
		if strings.Contains(table.String(), secret) {
			t.Errorf("the table shows %q", secret)
		}
		if !strings.Contains(file, "'"+secret+"'") && !strings.Contains(file, secret+".ics'") {
			t.Errorf("the file lacks %q", secret)
		}
	}
	if !strings.Contains(table.String(), "DIVIMS_BBB_SECRET=[secret]") {
		t.Errorf("table:\n%s", table.String())
	}
}

// TestReadMaintenance accepts a list of numbers, or an empty file, which the predecessor
// also wrote.
func TestReadMaintenance(t *testing.T) {
	for source, want := range map[string][]int{"": nil, "\n": nil, "[]": nil, "[7, 3, 7]": {3, 7}, `["12"]`: {12}} {
		if got, err := ReadMaintenance("acme_ServersInMaintenance.json", []byte(source)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v (%v), want %v", source, got, err, want)
		}
	}
	for _, source := range []string{"{}", "[0]", "[-1]", "[1.5]", `["a"]`, "[1", "[99999999999999999999]", "[[1]]", "[10001]"} {
		if got, err := ReadMaintenance("m.json", []byte(source)); err == nil {
			t.Errorf("%q is read as %v", source, got)
		}
	}
}

// TestShellReadsQuotedValues checks that a shell reads each value as it was.
func TestShellReadsQuotedValues(t *testing.T) {
	for _, value := range []string{"", "plain", "$HOME `id` \\ \"", `it's $HOME, "x" \ ` + "`id`", "a=b # c"} {
		output, err := exec.CommandContext(t.Context(), "sh", "-c", "A="+quote(value)+"; printf %s \"$A\"").Output()
		if err != nil || string(output) != value {
			t.Errorf("%q is read as %q (%v)", value, output, err)
		}
	}
}
