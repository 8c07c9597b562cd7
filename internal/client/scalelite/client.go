// Package scalelite speaks Scalelite's management API (as of v1.8.5).
// In go the load balancer's secret and changes to entries; out come the entries,
// or an error: its quirks, such as failures under HTTP status 200, end here.
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
	// apiPath is where the management API lives below Scalelite's own address.
	apiPath = "/scalelite/api"
	// largestAnswer bounds what is read of an answer, in bytes. An entry takes
	// about 300, so this is room for more than ten thousand of them.
	largestAnswer = 4 << 20
	// mostPanics bounds how often one Panic asks: each time that Scalelite stops
	// half-way has cleared one meeting at least.
	mostPanics = 100
)

// Client is one Scalelite. It is a pool.LoadBalancer.
type Client struct {
	api    string // without a final slash
	host   string // for errors
	secret pool.Secret
	hash   checksum.Hash
	http   *http.Client
}

// New gives the client of the Scalelite at baseURL, for example
// "https://scalelite.example.com", with or without the API's path. The secret is
// the LOADBALANCER_SECRET, never a tenant's. Redirects are not followed: an
// entry's secret must not travel on to another host.
func New(baseURL string, secret pool.Secret, hash checksum.Hash, client *http.Client) *Client {
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	address := strings.TrimSuffix(strings.TrimRight(baseURL, "/"), apiPath)
	return &Client{api: address + apiPath, host: host(address), secret: secret, hash: hash, http: &direct}
}

func host(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return "Scalelite"
	}
	return parsed.Host
}

// Entries lists all entries. One that cannot be read in full makes the whole
// list an error: who sees a part of the pool must not act on it.
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

// isEmptyList knows the 404 that stands for a list without entries.
func isEmptyList(err error) bool {
	var failure *Error
	return errors.As(err, &failure) &&
		failure.Status == http.StatusNotFound && failure.Message == "No servers are configured"
}

// requests are the words that bring an entry into a state.
var requests = map[pool.EntryState]string{
	pool.Enabled:  "enable",
	pool.Cordoned: "cordon",
	pool.Disabled: "disable",
}

// SetState enables, cordons or disables an entry. The error is pool.ErrGone for
// an entry that Scalelite does not know.
func (c *Client) SetState(ctx context.Context, entryID string, state pool.EntryState) error {
	request, ok := requests[state]
	if !ok {
		return fmt.Errorf("set entry %s to %q: no such state", entryID, state)
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

// Register adds an entry for a server's BBB API, in state disabled. Scalelite
// takes a URL that it has already for one more entry, unless
// SERVER_ID_IS_HOSTNAME is set.
func (c *Client) Register(ctx context.Context, serverURL string, secret pool.Secret) (pool.Entry, error) {
	body, err := c.call(ctx, "addServer", map[string]any{
		"server": map[string]string{"url": serverURL, "secret": secret.Reveal()},
	})
	if err != nil {
		return pool.Entry{}, fmt.Errorf("register %s: %w", serverURL, err)
	}
	entry, err := parseEntry(body)
	if err != nil {
		return pool.Entry{}, fmt.Errorf("register %s: addServer of %s: %w", serverURL, c.host, err)
	}
	return entry, nil
}

// Remove deletes an entry, whatever meetings it has. The error is pool.ErrGone
// for an entry that Scalelite does not know.
func (c *Client) Remove(ctx context.Context, entryID string) error {
	if err := c.change(ctx, "deleteServer", map[string]any{"id": entryID}); err != nil {
		return fmt.Errorf("remove entry %s: %w", entryID, err)
	}
	return nil
}

// Panic makes Scalelite forget the entry's meetings, END them on the server, and
// disable the entry. Scalelite stops at the first meeting that it cannot end, so
// it is asked again until it is through, at most 100 times. The error is
// pool.ErrGone for an entry that Scalelite does not know.
func (c *Client) Panic(ctx context.Context, entryID string) error {
	var err error
	for range mostPanics {
		err = c.change(ctx, "panicServer", map[string]any{"id": entryID})
		if !stoppedHalfWay(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("panic entry %s: %w", entryID, err)
	}
	return nil
}

// stoppedHalfWay knows a panic that has forgotten a meeting which it could not
// end, and has left the others and the state as they were.
func stoppedHalfWay(err error) bool {
	var failure *Error
	return errors.As(err, &failure) &&
		failure.Status == http.StatusBadRequest && strings.HasPrefix(failure.Message, "Couldn't disable server id=")
}

// change makes a call about one entry. For these calls, 404 in Scalelite's own
// words means that the entry does not exist; a proxy's 404 means nothing.
func (c *Client) change(ctx context.Context, call string, input any) error {
	_, err := c.call(ctx, call, input)
	var failure *Error
	if errors.As(err, &failure) && failure.Status == http.StatusNotFound && failure.Message != "" {
		return fmt.Errorf("%w: %w", pool.ErrGone, err)
	}
	return err
}

// call makes one call, a POST if it has an input, and gives the JSON that answers it.
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
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > largestAnswer {
		return nil, fmt.Errorf("the answer is longer than %d bytes", largestAnswer)
	}
	return body, judge(call, response, body)
}

// request signs the query only: Scalelite leaves the body out of the checksum.
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

// withoutURL takes the URL, and with it the checksum, out of an error.
func withoutURL(err error) error {
	var failure *url.Error
	if errors.As(err, &failure) {
		return failure.Err
	}
	return err
}
