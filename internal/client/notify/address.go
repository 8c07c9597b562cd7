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

// kinds are the services that can be told, by the scheme of their addresses.
var kinds = map[string]func(*url.URL) (tell, error){
	"smtp":       parseMail,
	"slack":      parseSlack,
	"mattermost": parseMattermost,
	"matrix":     parseMatrix,
	"teams":      parseTeams,
	"telegram":   parseTelegram,
	"generic":    parseWebhook,
}

// Kinds are the schemes that addresses may have.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// longestAddress is more than any address has, in bytes.
const longestAddress = 4096

// Check says what is wrong with an address, in words that follow its name and
// show nothing of it.
func Check(address string) error {
	_, _, err := parse(address)
	return err
}

// parse reads an address. shoutrrr's own errors show it and are not told.
func parse(address string) (kind string, tell tell, err error) {
	if len(address) > longestAddress {
		return "", nil, fmt.Errorf("is longer than %d characters", longestAddress)
	}
	parsed, err := url.Parse(address)
	if err != nil || strings.ContainsAny(address, " \t\r\n") {
		return "", nil, errors.New("is no address: special characters in passwords are written as %40 for @")
	}
	kind, _, _ = strings.Cut(parsed.Scheme, "+")
	parseKind, known := kinds[kind]
	if !known {
		return "", nil, fmt.Errorf("has to begin with one of %s and ://", strings.Join(Kinds(), ", "))
	}
	defer func() { // some odd addresses are too much for the library
		if recover() != nil {
			tell, err = nil, fmt.Errorf("is no %s address that can be used", kind)
		}
	}()
	tell, err = parseKind(parsed)
	return kind, tell, err
}

// An address that shoutrrr does not take is told of by what it needs.
const (
	mailNeeds       = "needs a host, fromaddress= and toaddresses=, as in smtp://user:password@mail.example.com:587/?fromaddress=divims@example.com&toaddresses=ops@example.com"
	slackNeeds      = "needs a token and a channel, as in slack://hook:TOKEN@webhook"
	mattermostNeeds = "needs a host and a token, as in mattermost://chat.example.com/TOKEN"
	matrixNeeds     = "needs a host and a token, and best rooms, as in matrix://:TOKEN@matrix.example.com/?rooms=!room:example.com"
	teamsNeeds      = "needs the parts of the webhook's address, as in teams://GROUP@TENANT/ALTID/OWNER/EXTRA?host=example.webhook.office.com"
	telegramNeeds   = "needs a token and chats, as in telegram://TOKEN@telegram?chats=@channel"
	webhookNeeds    = "needs a host, and the template json or none, as in generic://hook.example.com/path?template=json"
)

var errClear = errors.New("may go without TLS to this machine only")

// isLoopback tells whether a host is this machine.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// base is the beginning of an HTTP service's address.
func base(host string, clear bool) (*url.URL, error) {
	address := &url.URL{Scheme: "https", Host: host}
	if clear {
		address.Scheme = "http"
	}
	return address, checkClear(address)
}

// checkClear lets http through to this machine only, as for all other services.
func checkClear(address *url.URL) error {
	if address.Scheme == "http" && !isLoopback(address.Hostname()) {
		return errClear
	}
	return nil
}
