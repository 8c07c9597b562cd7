// Package scalelite is a client of Scalelite's management API (as of v1.8.5). It lists
// the entries of servers, changes their states, and adds and removes entries. It hides
// Scalelite's quirks: failures with HTTP status 200, for example, become errors.
package scalelite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"divims/internal/client/checksum"
	"divims/internal/pool"
)

const (
	// apiPath is the path of the management API on Scalelite's host.
	apiPath = "/scalelite/api"
	// maxResponse is the largest response that is read, in bytes. An entry takes about
	// 300 bytes, so it has room for more than ten thousand of them.
	maxResponse = 4 << 20
)

// Client calls the API of one Scalelite. It implements pool.LoadBalancer.
type Client struct {
	api    string // without a final slash
	host   string // for errors
	secret pool.Secret
	hash   checksum.Hash
	http   *http.Client
}

// New returns a Client of a Scalelite. The URL may end with the API's path. The secret
// is Scalelite's LOADBALANCER_SECRET, not a tenant's secret. The Client does not follow
// redirects, which could send a server's secret to another host.
func New(settings Settings, client *http.Client) *Client {
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	address := strings.TrimSuffix(strings.TrimRight(settings.URL, "/"), apiPath)
	return &Client{api: address + apiPath, host: host(address), secret: settings.Secret, hash: settings.Hash, http: &direct}
}

// host returns the host of a URL, for error texts.
func host(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return "Scalelite"
	}
	return parsed.Host
}

// Entries lists all entries. One that cannot be read completely has a Problem. It returns
// an error if the list is incomplete, because DiViMS must not act on a part of the pool.
func (c *Client) Entries(ctx context.Context) ([]pool.Entry, error) {
	body, err := c.call(ctx, "getServers", nil)
	if isEmptyList(err) {
		return []pool.Entry{}, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := parseEntries(body)
	if err != nil {
		return nil, fmt.Errorf("getServers of %s: %w", c.host, err)
	}
	return entries, nil
}

// isEmptyList reports whether err is the 404 that Scalelite sends instead of an empty
// list.
func isEmptyList(err error) bool {
	var failure *Error
	return errors.As(err, &failure) &&
		failure.Status == http.StatusNotFound && failure.Message == "No servers are configured"
}

// stateRequests maps a state to the word with which updateServer requests it.
var stateRequests = map[pool.EntryState]string{
	pool.Enabled:  "enable",
	pool.Cordoned: "cordon",
	pool.Disabled: "disable",
}

// SetState enables, cordons or disables an entry. The error wraps pool.ErrGone if
// Scalelite does not know the entry.
func (c *Client) SetState(ctx context.Context, entryID string, state pool.EntryState) error {
	request, ok := stateRequests[state]
	if !ok {
		return fmt.Errorf("set entry %s to %q: unknown state", entryID, state)
	}
	err := c.change(ctx, "updateServer", map[string]any{
		"id":     entryID,
		"server": map[string]string{"state": request},
	})
	if err != nil {
		return fmt.Errorf("set entry %s to %s: %w", entryID, state, err)
	}
	return nil
}

// Register adds an entry for a server's BBB API and returns it. Its state is disabled.
// Scalelite adds a second entry for a URL that it already has, unless
// SERVER_ID_IS_HOSTNAME is set.
func (c *Client) Register(ctx context.Context, serverURL string, secret pool.Secret) (pool.Entry, error) {
	input := map[string]any{"server": map[string]string{"url": serverURL, "secret": secret.Reveal()}}
	body, err := c.call(ctx, "addServer", input)
	for i := 0; i < maxRepeats && isRefusedBesideAnother(err); i++ {
		if why := c.confirmMissing(ctx, serverURL); why != nil {
			err = fmt.Errorf("%w: %w", err, why)
			break
		}
		body, err = c.call(ctx, "addServer", input)
	}
	if err != nil {
		return pool.Entry{}, fmt.Errorf("register %s: %w", serverURL, err)
	}
	entry := parseEntry(body)
	if entry.Problem != "" {
		return pool.Entry{}, fmt.Errorf("register %s: addServer of %s: %s", serverURL, c.host, entry.Problem)
	}
	return entry, nil
}

// Unregister deletes an entry, even if it has meetings. The error wraps pool.ErrGone if
// Scalelite does not know the entry.
func (c *Client) Unregister(ctx context.Context, entryID string) error {
	if err := c.change(ctx, "deleteServer", map[string]any{"id": entryID}); err != nil {
		return fmt.Errorf("unregister entry %s: %w", entryID, err)
	}
	return nil
}

// change makes a call that changes one entry, and may be repeated. A 404 with a message of
// Scalelite means that the entry does not exist. A 404 without one may come from a proxy.
func (c *Client) change(ctx context.Context, call string, input any) error {
	_, err := c.call(ctx, call, input)
	for i := 0; i < maxRepeats && isRefusedBesideAnother(err); i++ {
		_, err = c.call(ctx, call, input)
	}
	var failure *Error
	if errors.As(err, &failure) && failure.Status == http.StatusNotFound && failure.Message != "" {
		return fmt.Errorf("%w: %w", pool.ErrGone, err)
	}
	return err
}

// call makes a call, which is a POST if it has an input, and returns the JSON response.
func (c *Client) call(ctx context.Context, call string, input any) ([]byte, error) {
	body, err := c.exchange(ctx, call, input)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", call, c.host, err)
	}
	return body, nil
}

func (c *Client) exchange(ctx context.Context, call string, input any) ([]byte, error) {
	request, err := c.request(ctx, call, input)
	if err != nil {
		return nil, withoutURL(err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err != nil {
		return nil, fmt.Errorf("read the response: %w", err)
	}
	if len(body) > maxResponse {
		return nil, fmt.Errorf("the response is longer than %d bytes", maxResponse)
	}
	return body, checkResponse(response, body)
}

// request creates a signed request. Scalelite's checksum does not cover the body.
func (c *Client) request(ctx context.Context, call string, input any) (*http.Request, error) {
	address := c.api + "/" + call + "?" + c.hash.Sign(call, nil, c.secret)
	if input == nil {
		return http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	}
	body, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}

// withoutURL removes the URL from an error, because it contains the checksum.
func withoutURL(err error) error {
	var failure *url.Error
	if errors.As(err, &failure) {
		return failure.Err
	}
	return err
}
