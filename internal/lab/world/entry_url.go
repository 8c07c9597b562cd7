package world

import (
	"net"
	"net/url"
	"strings"
)

// Scalelite keeps the URL of an entry as it is given. The functions below read it.

// bbbPath is the path of BBB's API.
const bbbPath = "/bigbluebutton/api"

// serverAt returns the server whose BBB API is at a URL, or nil. Upper case, the port
// 443, a dot at the end of the name and slashes at the end make no difference.
func (w *World) serverAt(address string) *server {
	u, err := url.Parse(normalized(address))
	if err != nil || u.Scheme != "https" || u.Port() != "" || u.Path != bbbPath {
		return nil
	}
	return w.domains[u.Hostname()]
}

// normalized returns a URL in a form that is the same for all URLs of one API, or "" if it
// is invalid.
func normalized(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host = net.JoinHostPort(host, port)
	}
	return u.Scheme + "://" + host + strings.TrimRight(u.Path, "/")
}
