package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/client/checksum"
	"divims/internal/client/cloudinit"
	"divims/internal/client/httpclient"
	"divims/internal/config/setting"
	"divims/internal/scaling"
)

const (
	projectID = "5f2a7d0c-1111-4222-8333-0123456789ab"
	accessKey = "SCWABCDEFGHJKLMNPQRS"
	secretKey = "0b8d5a3e-1111-4222-8333-0123456789ab"
)

// requiredSettings returns a valid value for each required setting.
func requiredSettings() map[string]string {
	return map[string]string{
		"POOL": "campus", "POOL_SIZE": "20",
		"HOSTNAME_TEMPLATE": "bbb-w{n}", "DOMAIN_TEMPLATE": "bbb-w{n}.example.com",
		"SCALELITE_URL": "https://scalelite.example.com", "SCALELITE_SECRET": "loadbalancer",
		"STATS_URLS":          "https://{domain}/node_exporter/metrics",
		"SCALEWAY_PROJECT_ID": projectID, "SCALEWAY_ACCESS_KEY": accessKey, "SCALEWAY_SECRET_KEY": secretKey,
		"ZONES": "fr-par-1, fr-par-2", "COMMERCIAL_TYPES": "POP2-HC-8C-16G", "IMAGE_NAME": "bbb-",
		"STORAGE_BUCKET": "example-divims",
	}
}

// environ returns the minimal environment, for an image that needs no setup, with
// changes. An empty value counts as not set.
func environ(changes map[string]string) []string {
	variables := requiredSettings()
	variables["SERVER_SETUP"] = "false"
	maps.Copy(variables, changes)
	list := []string{"PATH=/bin", "SCW_POOL=not ours"}
	for name, value := range variables {
		list = append(list, "DIVIMS_"+name+"="+value)
	}
	return list
}

// setup returns the changes for an image that needs setup, with stats at an address.
func setup(statsURL string) map[string]string {
	return map[string]string{"SERVER_SETUP": "true", "STATS_URLS": statsURL, "STATS_USER": "divims", "STATS_PASSWORD": "sesame"}
}

func load(t *testing.T, changes map[string]string) Settings {
	t.Helper()
	settings, err := Load(environ(changes))
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// problems returns the problems of an environment. It fails if there are none.
func problems(t *testing.T, environ []string) Problems {
	t.Helper()
	settings, err := Load(environ)
	var found Problems
	if !errors.As(err, &found) {
		t.Fatalf("error = %v; want Problems", err)
	}
	if !reflect.DeepEqual(settings, Settings{}) {
		t.Error("Load returned settings together with problems")
	}
	return found
}

func TestDefaults(t *testing.T) {
	s := load(t, nil)
	for name, c := range map[string]struct{ got, want any }{
		"BARE_METAL_COUNT":          {s.BareMetal, 0},
		"POOL_CAPACITY":             {s.Capacity, 20 * 250},
		"POLICIES":                  {s.Policies, []scaling.Policy{"forecast"}},
		"INTERVAL":                  {s.Interval, 5 * time.Minute},
		"BOOT_TIME":                 {s.BootTime, 7 * time.Minute},
		"MINIMUM_RATIO":             {s.MinimumMillionths, setting.Percentage(10_000)},
		"LOAD_FACTOR_STEADY":        {s.SteadyFactor, scaling.Pair{Participants: 2, Meetings: 2}},
		"LOAD_FACTOR_GROWING":       {s.GrowingFactor, scaling.Pair{Participants: 3, Meetings: 3}},
		"LOAD_GROWTH_THRESHOLD":     {s.GrowthThreshold, scaling.Pair{Participants: 1.2, Meetings: 1.2}},
		"TIMEZONE":                  {s.Timezone.String(), "Europe/Paris"},
		"MEETING_MAX_DURATION":      {s.MeetingMaxDuration, 10 * time.Hour},
		"ROLL_OUT_HOURS":            {s.RollOutHours, scaling.Hours{From: 19 * time.Hour, To: 6 * time.Hour}},
		"TAG_MINIMUMS":              {len(s.TagMinimums), 0},
		"ROLL_OUT_PARALLEL":         {s.RollOutParallel, 2},
		"RECYCLE_AFTER":             {s.RecycleAfter, 168 * time.Hour},
		"CERTIFICATE_WARNING":       {s.CertificateWarning, 360 * time.Hour},
		"CERTIFICATE_ALERT":         {s.CertificateAlert, 120 * time.Hour},
		"UNRESPONSIVE_SHARE":        {s.UnresponsiveMillionths, setting.Percentage(300_000)},
		"UNRESPONSIVE_DELETE_AFTER": {s.UnresponsiveDeleteAfter, time.Duration(0)},
		"TIMEOUT":                   {s.Timeout, 4 * time.Minute},
		"SCALELITE_CHECKSUM":        {s.Scalelite.Hash, checksum.SHA256},
		"RECORDINGS":                {s.Recordings, scaling.RecordingsShipped},
		"ZONES":                     {s.Zones, []string{"fr-par-1", "fr-par-2"}},
		"TAG":                       {s.Tag, "divims-campus"},
		"USER_DATA":                 {s.Source, cloudinit.Source{}},
		"SCALEWAY_URL":              {s.Scaleway.URL, "https://api.scaleway.com"},
		"STORAGE_URL":               {s.Storage.URL, "https://s3.fr-par.scw.cloud"},
		"STORAGE_PATH_STYLE":        {s.PathStyle, true},
		"STORAGE_ACCESS_KEY":        {s.Storage.AccessKey.Reveal(), accessKey},
		"STORAGE_SECRET_KEY":        {s.Storage.SecretKey.Reveal(), secretKey},
		"CA_CERTIFICATES":           {s.CACertificates, httpclient.CACertificates{}},
		"LOG_LEVEL":                 {s.LogLevel, slog.LevelInfo},
		"DRY_RUN":                   {s.DryRun, false},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s = %v; want %v", name, c.got, c.want)
		}
	}
}

func TestSetValuesReplaceDefaults(t *testing.T) {
	s := load(t, map[string]string{
		"POOL_CAPACITY": "3000", "SERVER_PARTICIPANTS": "200", "INTERVAL": "", "RECYCLE_AFTER": "1d12h",
		"POLICIES": "schedule,load", "CALENDAR_URL": "https://example.com/private-4711/courses.ics",
		"LOAD_FACTOR_STEADY": "2, 1.5", "BBB_CHECKSUM": "sha512", "LOG_LEVEL": "warn", "DRY_RUN": "true",
		"STORAGE_REGION": "nl-ams", "STORAGE_ACCESS_KEY": "other", "STORAGE_SECRET_KEY": " other-secret\n",
		"STATS_URLS": "https://{domain}:9100/metrics, http://127.0.0.1:9000/{domain}", "STATS_TOKEN": "token",
		"USER_DATA": "storage:cloud-init.yaml", "SCALEWAY_URL": "http://localhost:8081", "CLOCK_URL": "http://[::1]:8082/clock",
	})
	for name, c := range map[string]struct{ got, want any }{
		"capacity is not computed":              {s.Capacity, 3000},
		"an empty variable counts as not set":   {s.Interval, 5 * time.Minute},
		"durations have days":                   {s.RecycleAfter, 36 * time.Hour},
		"the order of policies is kept":         {s.Policies, []scaling.Policy{"schedule", "load"}},
		"a pair has two numbers":                {s.SteadyFactor, scaling.Pair{Participants: 2, Meetings: 1.5}},
		"hash":                                  {s.BBB.Hash, checksum.SHA512},
		"level":                                 {s.LogLevel, slog.LevelWarn},
		"flag":                                  {s.DryRun, true},
		"the storage URL contains the region":   {s.Storage.URL, "https://s3.nl-ams.scw.cloud"},
		"storage has keys of its own":           {s.Storage.AccessKey.Reveal(), "other"},
		"blanks around a secret are removed":    {s.Storage.SecretKey.Reveal(), "other-secret"},
		"blanks in lists are removed":           {s.Stats.URLs, []string{"https://{domain}:9100/metrics", "http://127.0.0.1:9000/{domain}"}},
		"user data":                             {s.Source, cloudinit.Source{Object: "cloud-init.yaml"}},
		"plain HTTP to this machine is allowed": {s.Scaleway.URL, "http://localhost:8081"},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %v; want %v", name, c.got, c.want)
		}
	}
	load(t, map[string]string{"CALENDAR_URL": "webcal://eva:secret@example.com/courses.ics"})
	withCalendar := load(t, map[string]string{"CALENDAR_URL": "https://example.com/courses.ics"})
	if want := []scaling.Policy{"forecast", "schedule"}; !slices.Equal(withCalendar.Policies, want) {
		t.Errorf("policies with a calendar = %v; want %v", withCalendar.Policies, want)
	}
	withoutRecordings := load(t, map[string]string{"RECORDINGS": "none", "STATS_URLS": ""})
	if len(withoutRecordings.Stats.URLs) != 0 {
		t.Errorf("stats URLs = %v; want none", withoutRecordings.Stats.URLs)
	}
}

func TestStatsPathIsTheFirstNodeExporterOfTheServersOwnDomain(t *testing.T) {
	for name, c := range map[string]struct{ urls, path string }{
		"one":                           {"https://{domain}/node_exporter/metrics", "/node_exporter/metrics"},
		"another exporter before":       {"https://{domain}/metrics/, https://{domain}/my-node_exporter/", "/my-node_exporter/"},
		"one for the network before it": {"https://{domain}:9100/node_exporter,https://{domain}/node_exporter", "/node_exporter"},
	} {
		t.Run(name, func(t *testing.T) {
			settings := load(t, setup(c.urls))
			if got := settings.StatsPath(); got != c.path {
				t.Errorf("path = %q; want %q", got, c.path)
			}
		})
	}
}

func TestEmptyEnvironmentReportsAllRequiredSettings(t *testing.T) {
	var reported []string
	for _, problem := range problems(t, nil) {
		reported = append(reported, strings.TrimPrefix(problem.Variable, "DIVIMS_"))
		if !strings.HasPrefix(problem.Wrong, "is required") || problem.Example == "" {
			t.Errorf("problem %q; want that it is required, and an example", problem)
		}
	}
	slices.Sort(reported)
	if want := slices.Sorted(maps.Keys(requiredSettings())); !slices.Equal(reported, want) {
		t.Errorf("reported = %v; want %v", reported, want)
	}
}

func TestEachProblemNamesItsVariable(t *testing.T) {
	for name, c := range map[string]struct {
		changes  map[string]string
		variable string
		wrong    string
	}{
		"name with capitals":                   {map[string]string{"POOL": "Campus"}, "POOL", "a-z"},
		"name too long":                        {map[string]string{"POOL": strings.Repeat("a", 41)}, "POOL", "1 to 40"},
		"no number":                            {map[string]string{"POOL_SIZE": "many"}, "POOL_SIZE", "a whole number"},
		"empty pool":                           {map[string]string{"POOL_SIZE": "0"}, "POOL_SIZE", "at least 1"},
		"number that overflows":                {map[string]string{"POOL_SIZE": "99999999999999999999"}, "POOL_SIZE", "a whole number"},
		"more bare metal than servers":         {map[string]string{"BARE_METAL_COUNT": "21"}, "BARE_METAL_COUNT", "at most POOL_SIZE"},
		"template without number":              {map[string]string{"HOSTNAME_TEMPLATE": "bbb"}, "HOSTNAME_TEMPLATE", "{n}"},
		"template with two numbers":            {map[string]string{"DOMAIN_TEMPLATE": "bbb-{n}.{n}.example.com"}, "DOMAIN_TEMPLATE", "{n}"},
		"template that is no host name":        {map[string]string{"HOSTNAME_TEMPLATE": "bbb_{n}"}, "HOSTNAME_TEMPLATE", "host name"},
		"template with a path":                 {map[string]string{"DOMAIN_TEMPLATE": "example.com/{n}"}, "DOMAIN_TEMPLATE", "domain name"},
		"unknown policy":                       {map[string]string{"POLICIES": "load,both"}, "POLICIES", "one of load,schedule"},
		"policy twice":                         {map[string]string{"POLICIES": "load,load"}, "POLICIES", "twice"},
		"schedule without calendar":            {map[string]string{"POLICIES": "schedule"}, "CALENDAR_URL", "required by the policy schedule"},
		"calendar over plain HTTP":             {map[string]string{"CALENDAR_URL": "http://example.com/a.ics"}, "CALENDAR_URL", "https://"},
		"calendar over plain webcal":           {map[string]string{"CALENDAR_URL": "webcal:courses.ics"}, "CALENDAR_URL", "webcal://"},
		"User-Agent with an umlaut":            {map[string]string{"CALENDAR_USER_AGENT": "Müller"}, "CALENDAR_USER_AGENT", "ASCII"},
		"calendar mode":                        {map[string]string{"CALENDAR_MODE": "both"}, "CALENDAR_MODE", "one of step,window"},
		"time zone":                            {map[string]string{"TIMEZONE": "Europe/Pari"}, "TIMEZONE", "IANA"},
		"this machine's time zone":             {map[string]string{"TIMEZONE": "Local"}, "TIMEZONE", "IANA"},
		"duration without unit":                {map[string]string{"INTERVAL": "5"}, "INTERVAL", "a duration"},
		"duration too short":                   {map[string]string{"INTERVAL": "30s"}, "INTERVAL", "at least 1m"},
		"duration too long":                    {map[string]string{"TIMEOUT": "2h"}, "TIMEOUT", "at most 1h"},
		"duration negative":                    {map[string]string{"GRACE": "-5m"}, "GRACE", "a duration"},
		"percentage over 100":                  {map[string]string{"MINIMUM_RATIO": "30"}, "MINIMUM_RATIO", "at most 100%"},
		"percentage negative":                  {map[string]string{"MINIMUM_RATIO": "-1%"}, "MINIMUM_RATIO", "a percentage"},
		"factor of 0":                          {map[string]string{"LOAD_FACTOR_STEADY": "0"}, "LOAD_FACTOR_STEADY", "greater than 0"},
		"factor that is no number":             {map[string]string{"LOAD_FACTOR_GROWING": "NaN"}, "LOAD_FACTOR_GROWING", "greater than 0"},
		"three factors":                        {map[string]string{"LOAD_FACTOR_GROWING": "1,2,3"}, "LOAD_FACTOR_GROWING", "one or two"},
		"certificate alert before its warning": {map[string]string{"CERTIFICATE_WARNING": "4d"}, "CERTIFICATE_WARNING", "at least CERTIFICATE_ALERT"},
		"a tag twice":                          {map[string]string{"TAG_MINIMUMS": "gpu=1,gpu=2"}, "TAG_MINIMUMS", "each once"},
		"a tag without a number":               {map[string]string{"TAG_MINIMUMS": "gpu"}, "TAG_MINIMUMS", "with numbers"},
		"only one time of the day":             {map[string]string{"ROLL_OUT_HOURS": "19:00"}, "ROLL_OUT_HOURS", "two times of the day"},
		"recycled every ten minutes":           {map[string]string{"RECYCLE_AFTER": "10m"}, "RECYCLE_AFTER", "at least 1h"},
		"deleted within the grace":             {map[string]string{"UNRESPONSIVE_DELETE_AFTER": "5m"}, "UNRESPONSIVE_DELETE_AFTER", "longer than GRACE"},
		"a call outlasts the evaluation":       {map[string]string{"CALL_TIMEOUT": "60s", "TIMEOUT": "60s"}, "CALL_TIMEOUT", "less than TIMEOUT"},
		"flag that is not true or false":       {map[string]string{"DRY_RUN": "perhaps"}, "DRY_RUN", "true or false"},
		"recordings":                           {map[string]string{"RECORDINGS": "deleted"}, "RECORDINGS", "one of shipped,kept,none"},
		"no stats for recordings":              {map[string]string{"STATS_URLS": ""}, "STATS_URLS", "unless RECORDINGS is none"},
		"stats URL without {domain}":           {map[string]string{"STATS_URLS": "https://example.com/metrics"}, "STATS_URLS", "{domain}"},
		"stats over plain HTTP":                {map[string]string{"STATS_URLS": "http://{domain}/metrics"}, "STATS_URLS", "https://"},
		"stats with a password inside":         {map[string]string{"STATS_URLS": "https://u:p@{domain}/metrics"}, "STATS_URLS", "without user"},
		"user without password":                {map[string]string{"STATS_USER": "divims"}, "STATS_PASSWORD", "STATS_USER"},
		"password without user":                {map[string]string{"STATS_PASSWORD": "sesame"}, "STATS_USER", "STATS_PASSWORD"},
		"token together with a user":           {map[string]string{"STATS_USER": "divims", "STATS_PASSWORD": "sesame", "STATS_TOKEN": "sesame"}, "STATS_TOKEN", "combined with STATS_USER"},
		"user with a colon":                    {map[string]string{"STATS_USER": "a:b", "STATS_PASSWORD": "sesame"}, "STATS_USER", "without a colon"},
		"user on two lines":                    {map[string]string{"STATS_USER": "a\nb", "STATS_PASSWORD": "sesame"}, "STATS_USER", "visible characters"},
		"user that begins with #":              {map[string]string{"STATS_USER": "#1", "STATS_PASSWORD": "sesame"}, "STATS_USER", "# not the first"},
		"setup without a user":                 {map[string]string{"SERVER_SETUP": "true"}, "STATS_USER", "required by SERVER_SETUP"},
		"setup with a token only":              {map[string]string{"SERVER_SETUP": "true", "STATS_TOKEN": "sesame"}, "STATS_USER", "required by SERVER_SETUP"},
		"setup on another domain":              {setup("https://{domain}.other.example/node_exporter"), "STATS_URLS", "https://{domain}/"},
		"setup on another port":                {setup("https://{domain}:9100/node_exporter"), "STATS_URLS", "https://{domain}/"},
		"setup without node_exporter":          {setup("https://{domain}/metrics/"), "STATS_URLS", "node_exporter"},
		"setup with a query":                   {setup("https://{domain}/node_exporter?a"), "STATS_URLS", "https://{domain}/"},
		"setup with nginx syntax in the path":  {setup("https://{domain}/node_exporter{autoindex"), "STATS_URLS", "https://{domain}/"},
		"Scalelite over plain HTTP":            {map[string]string{"SCALELITE_URL": "http://scalelite.example.com"}, "SCALELITE_URL", "https://"},
		"Scalelite with a user":                {map[string]string{"SCALELITE_URL": "https://u:p@scalelite.example.com"}, "SCALELITE_URL", "without user"},
		"Scalelite without a host":             {map[string]string{"SCALELITE_URL": "scalelite.example.com"}, "SCALELITE_URL", "https://"},
		"hash that Scalelite does not know":    {map[string]string{"SCALELITE_CHECKSUM": "sha384"}, "SCALELITE_CHECKSUM", "one of"},
		"hash that BBB does not know":          {map[string]string{"BBB_CHECKSUM": "md5"}, "BBB_CHECKSUM", "one of"},
		"registering without secret":           {map[string]string{"REGISTER_ENTRIES": "true"}, "BBB_SECRET", "REGISTER_ENTRIES"},
		"project that is not a UUID":           {map[string]string{"SCALEWAY_PROJECT_ID": "default"}, "SCALEWAY_PROJECT_ID", "UUID"},
		"access key":                           {map[string]string{"SCALEWAY_ACCESS_KEY": secretKey}, "SCALEWAY_ACCESS_KEY", "SCW"},
		"secret key":                           {map[string]string{"SCALEWAY_SECRET_KEY": accessKey}, "SCALEWAY_SECRET_KEY", "UUID"},
		"region instead of a zone":             {map[string]string{"ZONES": "fr-par"}, "ZONES", "a zone"},
		"list of zones with an empty item":     {map[string]string{"ZONES": "fr-par-1,,fr-par-2"}, "ZONES", "a zone"},
		"tag with a comma":                     {map[string]string{"TAG": "a,b"}, "TAG", "letters"},
		"own tag that begins like ours":        {map[string]string{"TAGS": "team=video,divims-preparing"}, "TAGS", "divims-"},
		"own tag that is the pool's":           {map[string]string{"TAGS": "video", "TAG": "video"}, "TAGS", "must not contain TAG"},
		"own tag with a blank":                 {map[string]string{"TAGS": "the team"}, "TAGS", "without spaces"},
		"too many own tags":                    {map[string]string{"TAGS": "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21"}, "TAGS", "at most 20"},
		"the same security group twice":        {map[string]string{"SECURITY_GROUP": "bbb,bbb"}, "SECURITY_GROUP", "twice"},
		"private network by name":              {map[string]string{"PRIVATE_NETWORK": "bbb"}, "PRIVATE_NETWORK", "UUID"},
		"private network in two regions":       {map[string]string{"PRIVATE_NETWORK": secretKey, "ZONES": "fr-par-1,nl-ams-1"}, "ZONES", "one region"},
		"root volume of half a GB":             {map[string]string{"ROOT_VOLUME_SIZE": "0.5"}, "ROOT_VOLUME_SIZE", "a whole number"},
		"IOPS that are not offered":            {map[string]string{"ROOT_VOLUME_IOPS": "10000"}, "ROOT_VOLUME_IOPS", "one of 5000,15000"},
		"user data without a kind":             {map[string]string{"USER_DATA": "cloud-init.yaml"}, "USER_DATA", "storage:"},
		"bucket":                               {map[string]string{"STORAGE_BUCKET": "My Bucket"}, "STORAGE_BUCKET", "a-z"},
		"prefix with a slash at its end":       {map[string]string{"STORAGE_PREFIX": "divims/"}, "STORAGE_PREFIX", "in between"},
		"storage access key alone":             {map[string]string{"STORAGE_ACCESS_KEY": "other"}, "STORAGE_SECRET_KEY", "STORAGE_ACCESS_KEY"},
		"storage secret key alone":             {map[string]string{"STORAGE_SECRET_KEY": "other"}, "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY"},
		"text that is no certificate":          {map[string]string{"CA_CERTIFICATES": "-----BEGIN NOTHING-----"}, "CA_CERTIFICATES", "PEM"},
		"file that does not exist":             {map[string]string{"CA_CERTIFICATES": "file:/does/not/exist"}, "CA_CERTIFICATES", "cannot be read"},
		"connection to a host name":            {map[string]string{"CONNECT_TO": "example.com=localhost:443"}, "CONNECT_TO", "HOST=IP:PORT"},
		"connection without a host":            {map[string]string{"CONNECT_TO": "=127.0.0.1:443"}, "CONNECT_TO", "HOST=IP:PORT"},
		"token that can be guessed":            {map[string]string{"TOKEN": "sesame"}, "TOKEN", "at least 16"},
		"token that is a sentence":             {map[string]string{"TOKEN": "open sesame, it is me"}, "TOKEN", "without spaces"},
		"log level":                            {map[string]string{"LOG_LEVEL": "loud"}, "LOG_LEVEL", "one of"},
		"clock on another machine":             {map[string]string{"CLOCK_URL": "https://time.example.com/"}, "CLOCK_URL", "this machine"},
		"a provider without a zone":            {map[string]string{"DNS_PROVIDER": "scaleway"}, "DNS_ZONE", "required by DNS_PROVIDER"},
		"a zone that is not above the domains": {map[string]string{"DNS_PROVIDER": "scaleway", "DNS_ZONE": "example.org"}, "DNS_ZONE", "parent domain of DOMAIN_TEMPLATE"},
		"an alias of itself":                   {map[string]string{"DNS_PROVIDER": "scaleway", "DNS_ZONE": "example.com", "DNS_CNAME": "true"}, "DNS_SUBDOMAIN", "other names"},
		"OVH without its last key":             {map[string]string{"DNS_PROVIDER": "ovh", "DNS_ZONE": "example.com", "OVH_APPLICATION_KEY": "a", "OVH_APPLICATION_SECRET": "b"}, "OVH_CONSUMER_KEY", "DNS_PROVIDER=ovh"},
		"OVH with a final slash":               {map[string]string{"OVH_ENDPOINT": "https://eu.api.ovh.com/1.0/"}, "OVH_ENDPOINT", "final /"},
		"a name server by name":                {map[string]string{"DNS_SERVER": "ns.example.com:53"}, "DNS_SERVER", "IP:PORT"},
		"prefix that leaves the folder":        {map[string]string{"STORAGE_PREFIX": "../../x"}, "STORAGE_PREFIX", "neither . nor .."},
		"prefix with .. inside":                {map[string]string{"STORAGE_PREFIX": "a/../b"}, "STORAGE_PREFIX", "neither . nor .."},
		"prefix with . inside":                 {map[string]string{"STORAGE_PREFIX": "a/./b"}, "STORAGE_PREFIX", "neither . nor .."},
		"prefix with two slashes":              {map[string]string{"STORAGE_PREFIX": "a//b"}, "STORAGE_PREFIX", "/ in between"},
		"prefix with a slash before it":        {map[string]string{"STORAGE_PREFIX": "/divims"}, "STORAGE_PREFIX", "/ in between"},
		"prefix with a control character":      {map[string]string{"STORAGE_PREFIX": "a\x01b"}, "STORAGE_PREFIX", "letters"},
		"prefix that is too long":              {map[string]string{"STORAGE_PREFIX": strings.Repeat("a", 501)}, "STORAGE_PREFIX", "at most 500"},
		"user data outside of the bucket":      {map[string]string{"USER_DATA": "storage:../a"}, "USER_DATA", "storage:"},
		"bucket with two dots":                 {map[string]string{"STORAGE_BUCKET": "a..b"}, "STORAGE_BUCKET", "beside each dot"},
		"bucket that is an IP address":         {map[string]string{"STORAGE_BUCKET": "10.0.0.1"}, "STORAGE_BUCKET", "IP address"},
		"bucket with a dot in a host name":     {map[string]string{"STORAGE_BUCKET": "a.b", "STORAGE_PATH_STYLE": "false"}, "STORAGE_BUCKET", "no dots"},
		"zone instead of a region":             {map[string]string{"STORAGE_REGION": "fr-par-1"}, "STORAGE_REGION", "a region"},
		"zone with the number 0":               {map[string]string{"ZONES": "fr-par-0"}, "ZONES", "a zone"},
		"domain that is an IP address":         {map[string]string{"DOMAIN_TEMPLATE": "10.0.0.{n}"}, "DOMAIN_TEMPLATE", "not end with a number"},
		"number with a sign":                   {map[string]string{"POOL_SIZE": "+20"}, "POOL_SIZE", "a whole number"},
		"number with leading zeros":            {map[string]string{"POOL_SIZE": "020"}, "POOL_SIZE", "a whole number"},
		"duration with a sign":                 {map[string]string{"GRACE": "+5m"}, "GRACE", "a duration"},
		"factor in hexadecimal":                {map[string]string{"LOAD_FACTOR_STEADY": "0x1p1"}, "LOAD_FACTOR_STEADY", "decimal"},
		"Scalelite tag with a blank":           {map[string]string{"TAG_MINIMUMS": "g pu=1"}, "TAG_MINIMUMS", "without blanks"},
		"Scalelite with an empty query":        {map[string]string{"SCALELITE_URL": "https://scalelite.example.com?"}, "SCALELITE_URL", "query"},
		"Scalelite with an empty fragment":     {map[string]string{"SCALELITE_URL": "https://scalelite.example.com/#"}, "SCALELITE_URL", "fragment"},
		"Scalelite with an invalid host name":  {map[string]string{"SCALELITE_URL": "https://scalelite_1..example.com"}, "SCALELITE_URL", "https://"},
		"Scalelite at port 0":                  {map[string]string{"SCALELITE_URL": "https://scalelite.example.com:0"}, "SCALELITE_URL", "https://"},
		"storage at a port too large":          {map[string]string{"STORAGE_URL": "https://s3.example.com:65536"}, "STORAGE_URL", "https://"},
		"name server at port 0":                {map[string]string{"DNS_SERVER": "9.9.9.9:0"}, "DNS_SERVER", "IP:PORT"},
		"connection to port 0":                 {map[string]string{"CONNECT_TO": "example.com=127.0.0.1:0"}, "CONNECT_TO", "HOST=IP:PORT"},
		"token with a line break":              {map[string]string{"STATS_TOKEN": "a\nb"}, "STATS_TOKEN", "visible"},
		"secret on two lines":                  {map[string]string{"SCALELITE_SECRET": "a\nb"}, "SCALELITE_SECRET", "one line"},
		"image name on two lines":              {map[string]string{"IMAGE_NAME": "a\nb"}, "IMAGE_NAME", "one line"},
		"zone that is an IP address":           {map[string]string{"DNS_ZONE": "10.0.0.1"}, "DNS_ZONE", "a domain name"},
		"an alias without a zone":              {map[string]string{"DNS_CNAME": "true"}, "DNS_ZONE", "required by DNS_CNAME"},
		"misspelt":                             {map[string]string{"POOLSIZE": "3"}, "POOLSIZE", "is DIVIMS_POOL_SIZE meant?"},
		"unknown name":                         {map[string]string{"COFFEE": "black"}, "COFFEE", "is not a setting"},
	} {
		t.Run(name, func(t *testing.T) {
			found := problems(t, environ(c.changes))
			if len(found) != 1 || found[0].Variable != "DIVIMS_"+c.variable || !strings.Contains(found[0].Wrong, c.wrong) {
				t.Errorf("problems = %v; want only %s: %q", found, c.variable, c.wrong)
			}
		})
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	err := problems(t, environ(map[string]string{"POOL_SIZE": "many", "ZONES": "paris", "TIMOUT": "4m", "GRACE": "soon"}))
	want := `4 of the settings cannot be used:
- DIVIMS_POOL_SIZE must be a whole number without sign and leading zeros, for example DIVIMS_POOL_SIZE=20
- DIVIMS_GRACE must be a duration, for example DIVIMS_GRACE=6m
- DIVIMS_ZONES must be a zone, in each item of the list, for example DIVIMS_ZONES=fr-par-1,fr-par-2
- DIVIMS_TIMOUT is not a setting; is DIVIMS_TIMEOUT meant?`
	if err.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
}

// TestNoProblemShowsAValue sets each variable to a recognisable text in turn: a
// secret may have been pasted into any of them.
func TestNoProblemShowsAValue(t *testing.T) {
	for _, name := range append(namesOf(Declarations()), "UNHEARD_OF") {
		_, err := Load(environ(map[string]string{name: "%Sesame\n"}))
		if err != nil && strings.Contains(err.Error(), "Sesame") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSettingsDoNotPrintSecrets(t *testing.T) {
	s := load(t, map[string]string{"CALENDAR_URL": "https://example.com/sesame.ics", "BBB_SECRET": "sesame",
		"STATS_USER": "u", "STATS_PASSWORD": "sesame", "SCALELITE_SECRET": "sesame", "TOKEN": "open-sesame-it-is-me"})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, s); strings.Contains(text, "sesame") || strings.Contains(text, secretKey) {
			t.Errorf("%s shows a secret: %s", verb, text)
		}
	}
}

// TestSalvage checks that the valid settings of a bad environment can be used to
// notify operators of the others.
func TestSalvage(t *testing.T) {
	s := Salvage(environ(map[string]string{"POOL_SIZE": "many", "NOTIFY_URLS": "generic://hook.example.com", "CONNECT_TO": "a.example.com=127.0.0.1:1,b"}))
	if s.Pool.Name != "campus" || s.Size != 0 || len(s.Notify.URLs) != 1 || s.ConnectTo != nil {
		t.Errorf("%+v", s)
	}
}

// TestExamplesAreAConfiguration checks that the examples are enough, and that all
// other settings have their defaults.
func TestExamplesAreAConfiguration(t *testing.T) {
	settings, err := Load(Examples())
	if err != nil {
		t.Fatal(err)
	}
	if settings.MaxCreations != 10 || settings.Recordings != scaling.RecordingsShipped {
		t.Errorf("not the defaults: %+v", settings)
	}
}
