package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"divims/internal/config/setting"
)

// pattern is a form that a text must have.
type pattern struct {
	fits func(string) bool
	what string // completes "must be …"
}

// patterns are the values of the tag `match`. The rules for Scaleway's access keys
// and zones are copied from its SDK.
var patterns = map[string]pattern{
	"pool name":       {matches(`[a-z0-9-]{1,40}`), "1 to 40 of a-z, 0-9 and -"},
	"host name":       {setting.IsHostname, "a host name in lower case"},
	"DNS zone":        {isDomain, "a domain name in lower case"},
	"template":        {isTemplate, "a host name in lower case that contains {n} once"},
	"domain template": {isDomainTemplate, "a domain name in lower case that contains {n} once and does not end with a number"},
	"minute":          {matches(`[0-5]?[0-9]`), "a minute from 0 to 59"},
	"uuid":            {matches(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`), "a UUID"},
	"access key":      {matches(`SCW[A-Z0-9]{17}`), "SCW and 17 of A-Z and 0-9"},
	"zone":            {matches(`[a-z]{2}-[a-z]{3,7}-[1-9][0-9]?`), "a zone"},
	"word":            {matches(`[A-Za-z0-9._=-]+`), "letters, digits and ._=-"},
	"own tag":         {isOwnTag, "1 to 100 visible characters without spaces, and must not begin with divims-"},
	"bucket":          {isBucket, "3 to 63 of a-z, 0-9, . and -, with a letter or digit beside each dot and at both ends"},
	"token":           {matches(`[!-~]{16,}`), "at least 16 visible characters, without spaces"},
	"visible":         {matches(`[!-~]+`), "visible characters, without spaces"},
	"secret":          {setting.IsLine, "one line, without control characters"},
	"line":            {setting.IsLine, "one line, without control characters"},
	"header":          {matches(`[ -~]+`), "one line of ASCII characters"},
	"user name":       {matches(`[!"$-9;-~][!-9;-~]{0,99}`), "visible characters without a colon, and # not the first"},
	"key prefix":      {isPrefix, "at most 500 letters, digits and ._-, with / in between, and neither . nor .. between two /"},

	"feed address":     {isFeed, "an https:// or webcal:// address (http:// to this machine only)"},
	"base address":     {isBase, secure + ", without user, query and fragment"},
	"stats address":    {isStatsURL, secure + ", with {domain} in it and without user"},
	"loopback address": {isLocal, "an address on this machine"},
	"socket address":   {isSocket, "IP:PORT"},
	"OVH endpoint":     {isOVH, "ovh-eu, ovh-ca, ovh-us or " + secure + ", without user, query, fragment and final /"},
}

// secure describes isSecure.
const secure = "an https:// address (http:// to this machine only)"

// matches returns a function that reports whether a regular expression matches a
// whole text.
func matches(expression string) func(string) bool {
	return regexp.MustCompile(`^(` + expression + `)$`).MatchString
}

// isDomain reports whether a text is a host name and could not be read as an IP
// address: its last part is not a number.
func isDomain(text string) bool {
	last := text[strings.LastIndex(text, ".")+1:]
	return setting.IsHostname(text) && strings.Trim(last, "0123456789") != ""
}

// maxServer is the largest number that a server can have.
const maxServer = "10000"

func isTemplate(text string) bool {
	return strings.Count(text, "{n}") == 1 && setting.IsHostname(strings.Replace(text, "{n}", maxServer, 1))
}

func isDomainTemplate(text string) bool {
	return isTemplate(text) && isDomain(strings.Replace(text, "{n}", maxServer, 1))
}

// plainKey has only characters that need no encoding in a path.
var plainKey = matches(`[A-Za-z0-9._/-]+`)

func isPrefix(text string) bool { return setting.IsKey(text) && plainKey(text) }

// tag is visible ASCII without blanks.
var tag = matches(`[!-~]{1,100}`)

// isOwnTag reports whether a tag may be an operator's own: the marks of DiViMS begin with
// divims-.
func isOwnTag(text string) bool { return tag(text) && !strings.HasPrefix(text, "divims-") }

// isBucket follows Amazon's "Bucket naming rules". An IP address passes; it is
// refused by checkStorage.
func isBucket(text string) bool {
	return len(text) >= 3 && len(text) <= 63 && setting.IsHostname(text)
}

// isSecure reports whether a text is an https address, or http to this machine
// itself, with a valid host and port.
func isSecure(text string) bool {
	address, err := url.Parse(text)
	if err != nil || !isHost(address) {
		return false
	}
	return address.Scheme == "https" || address.Scheme == "http" && isLoopback(address)
}

// isFeed reports whether a text is a secure address, or one of webcal, which means https.
func isFeed(text string) bool {
	address, err := url.Parse(text)
	if err == nil && (address.Scheme == "webcal" || address.Scheme == "webcals") {
		address.Scheme = "https"
		text = address.String()
	}
	return err == nil && isSecure(text)
}

// isHost reports whether an address has a host that can exist, and a port from 1
// to 65535 if it has any.
func isHost(address *url.URL) bool {
	if text := address.Port(); text != "" || strings.HasSuffix(address.Host, ":") {
		if port, err := strconv.ParseUint(text, 10, 16); err != nil || port == 0 {
			return false
		}
	}
	_, err := netip.ParseAddr(address.Hostname())
	return err == nil || setting.IsHostname(strings.ToLower(address.Hostname()))
}

// isBase reports whether a text is a secure address that a path can be appended to.
func isBase(text string) bool {
	address, err := url.Parse(text)
	return err == nil && isSecure(text) && address.User == nil && !strings.ContainsAny(text, "?#")
}

// isStatsURL reports whether a text is a secure address that differs from server to
// server.
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
	address, err := netip.ParseAddrPort(text)
	return err == nil && address.Port() != 0
}

func isOVH(text string) bool {
	return slices.Contains([]string{"ovh-eu", "ovh-ca", "ovh-us"}, text) || isBase(text) && !strings.HasSuffix(text, "/")
}

func isLoopback(address *url.URL) bool {
	ip, err := netip.ParseAddr(address.Hostname())
	return address.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}
