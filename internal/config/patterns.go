package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// pattern is a form that a text has to have.
type pattern struct {
	fits func(string) bool
	what string
}

// patterns are what the tag `match` names. Scaleway's are those of its SDK.
var patterns = map[string]pattern{
	"pool name":  {regexp.MustCompile(`^[a-z0-9-]{1,40}$`).MatchString, "1 to 40 of a-z, 0-9 and -"},
	"host name":  {isHostname, "a host name in lower case"},
	"template":   {isTemplate, "a host name in lower case with {n} in it once"},
	"uuid":       {regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`).MatchString, "a UUID"},
	"access key": {regexp.MustCompile(`^SCW[A-Z0-9]{17}$`).MatchString, "SCW and 17 of A-Z and 0-9"},
	"zone":       {regexp.MustCompile(`^[a-z]{2}-[a-z]{3,7}-[0-9]{1,2}$`).MatchString, "a zone"},
	"word":       {regexp.MustCompile(`^[A-Za-z0-9._=-]+$`).MatchString, "letters, digits and ._=-"},
	"bucket":     {regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`).MatchString, "3 to 63 of a-z, 0-9, . and -"},
	"token":      {regexp.MustCompile(`^[!-~]{16,}$`).MatchString, "at least 16 visible characters, without spaces"},
	"user name":  {regexp.MustCompile(`^[!"$-9;-~][!-9;-~]{0,99}$`).MatchString, "visible characters without a colon, and # not the first"},
	"key prefix": {regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`).MatchString, "letters, digits and ._-, with / in between"},

	"address":          {isSecure, secure},
	"base address":     {isBase, secure + ", without user and query"},
	"stats address":    {isStatsURL, secure + ", with {domain} in it and without user"},
	"loopback address": {isLocal, "an address on this machine"},
	"socket address":   {isSocket, "IP:PORT"},
	"OVH endpoint":     {isOVH, "ovh-eu, ovh-ca, ovh-us or " + secure + ", without user, query and final /"},
}

// secure describes isSecure.
const secure = "an https:// address (http:// to this machine only)"

var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// isHostname follows RFC 1123, in lower case.
func isHostname(text string) bool {
	for part := range strings.SplitSeq(text, ".") {
		if !label.MatchString(part) {
			return false
		}
	}
	return len(text) <= 253
}

// isTemplate tries the largest number that a server can have.
func isTemplate(text string) bool {
	return strings.Count(text, "{n}") == 1 && isHostname(strings.Replace(text, "{n}", "10000", 1))
}

// isSecure accepts https, and http to this machine itself.
func isSecure(text string) bool {
	address, err := url.Parse(text)
	if err != nil || address.Hostname() == "" {
		return false
	}
	return address.Scheme == "https" || address.Scheme == "http" && isLoopback(address)
}

// isBase is a secure address that a path can be put behind.
func isBase(text string) bool {
	address, err := url.Parse(text)
	return err == nil && isSecure(text) && address.User == nil && address.RawQuery == "" && address.Fragment == ""
}

// isStatsURL is a secure address that differs from server to server.
func isStatsURL(template string) bool {
	text := strings.ReplaceAll(template, "{domain}", "example.com")
	address, err := url.Parse(text)
	return err == nil && text != template && isSecure(text) && address.User == nil
}

func isLocal(text string) bool {
	address, err := url.Parse(text)
	return err == nil && isSecure(text) && isLoopback(address)
}

func isSocket(text string) bool {
	_, err := netip.ParseAddrPort(text)
	return err == nil
}

func isOVH(text string) bool {
	return slices.Contains([]string{"ovh-eu", "ovh-ca", "ovh-us"}, text) || isBase(text) && !strings.HasSuffix(text, "/")
}

func isLoopback(address *url.URL) bool {
	ip, err := netip.ParseAddr(address.Hostname())
	return address.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}
