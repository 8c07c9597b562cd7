package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"divims/internal/scaling"
)

// check adds a problem for each setting that contradicts another one.
func (s *Settings) check(l *loading) {
	s.checkDecision(l)
	l.check(s.CallTimeout < s.Timeout, "must be less than TIMEOUT", "CALL_TIMEOUT", "TIMEOUT")
	l.check(s.BBBSecret.IsSet() || !s.RegisterEntries, "is required by REGISTER_ENTRIES", "BBB_SECRET", "REGISTER_ENTRIES")
	s.checkStats(l)
	s.checkMachines(l)
	s.checkStorage(l)
	s.checkDNS(l)
	s.checkDeployment(l)
}

// maxTags is the most tags of its own that a pool can have.
const maxTags = 20

// checkMachines adds a problem for each setting with which no machine could be created.
func (s *Settings) checkMachines(l *loading) {
	l.check(len(s.Scaleway.Tags) <= maxTags, fmt.Sprintf("must have at most %d tags", maxTags), "TAGS")
	l.check(s.Tag == "" || !slices.Contains(s.Scaleway.Tags, s.Tag), "must not contain TAG", "TAGS", "TAG")
	l.check(s.PrivateNetwork == "" || len(s.Scaleway.Regions()) <= 1, "must be of one region, for PRIVATE_NETWORK: a private network reaches no other region", "ZONES", "PRIVATE_NETWORK")
}

func (s *Settings) checkDecision(l *loading) {
	l.check(s.BareMetal <= s.Size, "must be at most POOL_SIZE", "BARE_METAL_COUNT", "POOL_SIZE")
	l.check(s.Calendar.URL.IsSet() || !slices.Contains(s.Policies, scaling.PolicySchedule), "is required by the policy schedule", "CALENDAR_URL", "POLICIES")
	l.check(s.CertificateWarning >= s.CertificateAlert, "must be at least CERTIFICATE_ALERT", "CERTIFICATE_WARNING", "CERTIFICATE_ALERT")
	l.check(s.RecycleAfter == 0 || s.RecycleAfter >= time.Hour, "must be 0 or at least 1h", "RECYCLE_AFTER")
	l.check(s.UnresponsiveDeleteAfter == 0 || s.UnresponsiveDeleteAfter > s.Grace, "must be 0 or longer than GRACE", "UNRESPONSIVE_DELETE_AFTER", "GRACE")
}

func (s *Settings) checkStats(l *loading) {
	// Without a known backlog the drain gate would never open.
	l.check(len(s.Stats.URLs) > 0 || s.Recordings == scaling.RecordingsNone, "is required unless RECORDINGS is none: a machine is deleted only when its stats show that no recording is left", "STATS_URLS", "RECORDINGS")
	l.check(s.User != "" || !s.Password.IsSet(), "is required by STATS_PASSWORD", "STATS_USER", "STATS_PASSWORD")
	l.check(s.Password.IsSet() || s.User == "", "is required by STATS_USER", "STATS_PASSWORD", "STATS_USER")
	l.check(s.User == "" || !s.Bearer.IsSet(), "cannot be combined with STATS_USER", "STATS_TOKEN", "STATS_USER")
	// A machine that sets itself up protects its stats endpoint with the user.
	setup := s.Setup && len(s.Stats.URLs) > 0
	l.check(!setup || s.StatsPath() != "", "must contain an address that begins with https://{domain}/ and has node_exporter in the path, for SERVER_SETUP, unless that is false", "STATS_URLS", "SERVER_SETUP")
	l.check(!setup || s.User != "", "is required by SERVER_SETUP, unless that is false", "STATS_USER", "STATS_URLS", "STATS_PASSWORD", "STATS_TOKEN", "SERVER_SETUP")
}

// StatsPath returns the path of node_exporter on a server's own domain, from the
// first of STATS_URLS that has one; empty if none does.
func (s *Settings) StatsPath() string {
	for _, template := range s.Stats.URLs {
		path, own := strings.CutPrefix(template, "https://{domain}")
		if own && strings.Contains(path, "node_exporter") && plainPath.MatchString(path) {
			return path
		}
	}
	return ""
}

// plainPath is a path in which no character has a special meaning to nginx.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+/?$`)

// scalewayRegion is the name of a region of Scaleway, such as fr-par.
var scalewayRegion = regexp.MustCompile(`^[a-z]{2}-[a-z]{3,7}$`)

func (s *Settings) checkStorage(l *loading) {
	l.check(s.Storage.URL != "" || scalewayRegion.MatchString(s.Region), "must be a region of Scaleway, unless STORAGE_URL is set", "STORAGE_REGION", "STORAGE_URL")
	// The wildcard certificates of S3 services do not cover a bucket name with a dot.
	l.check(s.PathStyle || !strings.Contains(s.Bucket, "."), "must have no dots if STORAGE_PATH_STYLE is false", "STORAGE_BUCKET", "STORAGE_PATH_STYLE")
	_, err := netip.ParseAddr(s.Bucket)
	l.check(err != nil, "must not be an IP address", "STORAGE_BUCKET")
	l.check(s.Storage.AccessKey.IsSet() || !s.Storage.SecretKey.IsSet(), "is required by STORAGE_SECRET_KEY", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY")
	l.check(s.Storage.SecretKey.IsSet() || !s.Storage.AccessKey.IsSet(), "is required by STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY", "STORAGE_ACCESS_KEY")
}

// checkDNS adds a problem for each setting with which provision could not write records.
func (s *Settings) checkDNS(l *loading) {
	l.check(!s.DNS.CNAME || s.DNS.Zone != "", "is required by DNS_CNAME", "DNS_ZONE", "DNS_CNAME")
	if s.DNS.Provider == "none" {
		return
	}
	l.check(s.DNS.Zone != "", "is required by DNS_PROVIDER", "DNS_ZONE", "DNS_PROVIDER")
	l.check(s.DNS.Zone == "" || strings.HasSuffix(s.DomainTemplate, "."+s.DNS.Zone), "must be a parent domain of DOMAIN_TEMPLATE", "DNS_ZONE", "DOMAIN_TEMPLATE")
	l.check(!s.DNS.CNAME || s.MachineName(s.HostnameTemplate) != s.DomainTemplate, "must lead to other names than DOMAIN_TEMPLATE, for DNS_CNAME", "DNS_SUBDOMAIN", "DNS_CNAME")
	if s.DNS.Provider == "ovh" {
		l.check(s.ApplicationKey.IsSet(), "is required by DNS_PROVIDER=ovh", "OVH_APPLICATION_KEY", "DNS_PROVIDER")
		l.check(s.ApplicationSecret.IsSet(), "is required by DNS_PROVIDER=ovh", "OVH_APPLICATION_SECRET", "DNS_PROVIDER")
		l.check(s.ConsumerKey.IsSet(), "is required by DNS_PROVIDER=ovh", "OVH_CONSUMER_KEY", "DNS_PROVIDER")
	}
}

// MachineName returns the full name of a machine. With DNS_CNAME a server's domain
// is an alias of it.
func (d DNS) MachineName(hostname string) string {
	if d.Subdomain != "" {
		hostname += "." + d.Subdomain
	}
	return hostname + "." + d.Zone
}

func (s *Settings) checkDeployment(l *loading) {
	l.check(s.FunctionTimeout == 0 || s.FunctionTimeout > s.Timeout, "must be longer than TIMEOUT", "FUNCTION_TIMEOUT", "TIMEOUT")
	l.check(s.Token.IsSet() || s.FunctionPrivacy != "public", "is required by FUNCTION_PRIVACY=public", "TOKEN", "FUNCTION_PRIVACY")
}
