package config

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// check blames settings that do not go together.
func (s *Settings) check(l *loading) {
	l.check(s.BareMetalCount <= s.PoolSize, "has to be at most POOL_SIZE", "BARE_METAL_COUNT", "POOL_SIZE")
	l.check(s.CalendarURL.IsSet() || !slices.Contains(s.Policies, "schedule"), "is required by the policy schedule", "CALENDAR_URL", "POLICIES")
	l.check(s.CertificateWarning >= s.CertificateAlert, "has to be at least CERTIFICATE_ALERT", "CERTIFICATE_WARNING", "CERTIFICATE_ALERT")
	l.check(s.RecycleAfter == 0 || s.RecycleAfter >= time.Hour, "has to be 0 or at least 1h", "RECYCLE_AFTER")
	l.check(s.UnresponsiveDeleteAfter == 0 || s.UnresponsiveDeleteAfter > s.Grace, "has to be 0 or longer than GRACE", "UNRESPONSIVE_DELETE_AFTER", "GRACE")
	l.check(s.CallTimeout < s.Timeout, "has to be less than TIMEOUT", "CALL_TIMEOUT", "TIMEOUT")
	l.check(s.BBBSecret.IsSet() || !s.RegisterEntries, "is required by REGISTER_ENTRIES", "BBB_SECRET", "REGISTER_ENTRIES")

	// Without a known backlog the drain gate would never open.
	l.check(len(s.StatsURLs) > 0 || s.Recordings == "none", "is required unless RECORDINGS is none: a machine is deleted only when its stats say that no recording is left", "STATS_URLS", "RECORDINGS")
	l.check(s.StatsUser != "" || !s.StatsPassword.IsSet(), "is required by STATS_PASSWORD", "STATS_USER", "STATS_PASSWORD")
	l.check(s.StatsPassword.IsSet() || s.StatsUser == "", "is required by STATS_USER", "STATS_PASSWORD", "STATS_USER")
	l.check(s.StatsUser == "" || !s.StatsToken.IsSet(), "cannot be set beside STATS_USER", "STATS_TOKEN", "STATS_USER")

	// The endpoint that a machine sets up for itself is not open to everybody.
	figures := s.ServerSetup && len(s.StatsURLs) > 0
	l.check(!figures || s.StatsPath() != "", "has to have https://{domain}/ in it with node_exporter in the path, for SERVER_SETUP, unless that is false", "STATS_URLS", "SERVER_SETUP")
	l.check(!figures || s.StatsUser != "", "is required by SERVER_SETUP, unless that is false", "STATS_USER", "STATS_URLS", "STATS_PASSWORD", "STATS_TOKEN", "SERVER_SETUP")

	s.checkDNS(l)

	l.check(s.StorageAccessKey.IsSet() || !s.StorageSecretKey.IsSet(), "is required by STORAGE_SECRET_KEY", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY")
	l.check(s.StorageSecretKey.IsSet() || !s.StorageAccessKey.IsSet(), "is required by STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY", "STORAGE_ACCESS_KEY")
}

// StatsPath is the path of node_exporter on a server's own domain, by the first of
// StatsURLs that names one; empty if none does.
func (s *Settings) StatsPath() string {
	for _, template := range s.StatsURLs {
		path, own := strings.CutPrefix(template, "https://{domain}")
		if own && strings.Contains(path, "node_exporter") && plainPath.MatchString(path) {
			return path
		}
	}
	return ""
}

// plainPath is a path that a web server takes for itself and nothing else.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+/?$`)

// checkDNS blames what provision could not write records with.
func (s *Settings) checkDNS(l *loading) {
	if s.DNSProvider == "none" {
		return
	}
	l.check(s.DNSZone != "", "is required by DNS_PROVIDER", "DNS_ZONE", "DNS_PROVIDER")
	l.check(s.DNSZone == "" || strings.HasSuffix(s.DomainTemplate, "."+s.DNSZone), "has to be above DOMAIN_TEMPLATE", "DNS_ZONE", "DOMAIN_TEMPLATE")
	l.check(!s.DNSCNAME || s.MachineName(s.HostnameTemplate) != s.DomainTemplate, "has to lead elsewhere than DOMAIN_TEMPLATE, for DNS_CNAME", "DNS_SUBDOMAIN", "DNS_CNAME")
	if s.DNSProvider == "ovh" {
		l.check(s.OVHApplicationKey.IsSet(), "is required by DNS_PROVIDER=ovh", "OVH_APPLICATION_KEY", "DNS_PROVIDER")
		l.check(s.OVHApplicationSecret.IsSet(), "is required by DNS_PROVIDER=ovh", "OVH_APPLICATION_SECRET", "DNS_PROVIDER")
		l.check(s.OVHConsumerKey.IsSet(), "is required by DNS_PROVIDER=ovh", "OVH_CONSUMER_KEY", "DNS_PROVIDER")
	}
}

// MachineName is the whole name of a machine, of which a domain is an alias with DNS_CNAME.
func (s *Settings) MachineName(hostname string) string {
	if s.DNSSubdomain != "" {
		hostname += "." + s.DNSSubdomain
	}
	return hostname + "." + s.DNSZone
}

// complete fills in what follows from other settings.
func (s *Settings) complete() {
	if s.PoolCapacity == 0 {
		s.PoolCapacity = s.PoolSize * s.ServerParticipants
	}
	if len(s.Policies) == 0 {
		s.Policies = []string{"forecast"}
		if s.CalendarURL.IsSet() {
			s.Policies = append(s.Policies, "schedule")
		}
	}
	if s.Tag == "" {
		s.Tag = "divims-" + s.Pool
	}
	if s.StorageURL == "" {
		s.StorageURL = "https://s3." + s.StorageRegion + ".scw.cloud"
	}
	if !s.StorageAccessKey.IsSet() {
		s.StorageAccessKey, s.StorageSecretKey = s.ScalewayAccessKey, s.ScalewaySecretKey
	}
}
