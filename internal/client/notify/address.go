package notify

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// kinds maps the schemes of addresses to the parsers for them.
var kinds = map[string]func(*url.URL) (notifyFunc, error){
	"smtp":       parseMail,
	"slack":      parseSlack,
	"mattermost": parseMattermost,
	"matrix":     parseMatrix,
	"teams":      parseTeams,
	"telegram":   parseTelegram,
	"generic":    parseWebhook,
}

// Kinds returns the schemes that addresses may have, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// maxAddress is the longest address that is accepted, in bytes.
const maxAddress = 4096

// Check returns an error if an address cannot be used. Its text continues a sentence that
// begins with the address's name, such as "address 2 must use TLS". It shows nothing of
// the address.
func Check(address string) error {
	_, _, err := parse(address)
	return err
}

// parse parses an address. It does not return shoutrrr's errors, because they contain the
// address.
func parse(address string) (kind string, notify notifyFunc, err error) {
	if len(address) > maxAddress {
		return "", nil, fmt.Errorf("is longer than %d bytes", maxAddress)
	}
	parsed, err := url.Parse(address)
	if err != nil || strings.ContainsAny(address, " \t\r\n") {
		return "", nil, errors.New("is not an address: special characters in passwords must be percent-encoded, for example %40 for @")
	}
	kind, _, _ = strings.Cut(parsed.Scheme, "+")
	parseKind, known := kinds[kind]
	if !known {
		return "", nil, fmt.Errorf("must begin with one of %s, followed by ://", strings.Join(Kinds(), ", "))
	}
	defer func() { // the library panics for some odd addresses
		if recover() != nil {
			notify, err = nil, fmt.Errorf("is not a usable %s address", kind)
		}
	}()
	notify, err = parseKind(parsed)
	return kind, notify, err
}

// These texts replace the errors of shoutrrr. They say what an address needs.
const (
	mailNeeds       = "needs a host, fromaddress= and toaddresses=, as in smtp://user:password@mail.example.com:587/?fromaddress=divims@example.com&toaddresses=ops@example.com"
	slackNeeds      = "needs a token and a channel, as in slack://hook:TOKEN@webhook"
	mattermostNeeds = "needs a host and a token, as in mattermost://chat.example.com/TOKEN"
	matrixNeeds     = "needs a host and a token, and should name rooms, as in matrix://:TOKEN@matrix.example.com/?rooms=!room:example.com"
	teamsNeeds      = "needs the parts of the webhook's address, as in teams://GROUP@TENANT/ALTID/OWNER/EXTRA?host=example.webhook.office.com"
	telegramNeeds   = "needs a token and chats, as in telegram://TOKEN@telegram?chats=@channel"
	webhookNeeds    = "needs a host, and the template json or none, as in generic://hook.example.com/path?template=json"
)

var errNoTLS = errors.New("must use TLS, except to this machine")

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// base returns the URL of the root path of a host.
func base(host string, disableTLS bool) (*url.URL, error) {
	address := &url.URL{Scheme: "https", Host: host}
	if disableTLS {
		address.Scheme = "http"
	}
	return address, requireTLS(address)
}

// requireTLS returns an error for an http URL, unless it leads to this machine.
func requireTLS(address *url.URL) error {
	if address.Scheme == "http" && !isLoopback(address.Hostname()) {
		return errNoTLS
	}
	return nil
}
