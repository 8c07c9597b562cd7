package scalelite

import (
	"testing"

	"divims/internal/pool"
)

func TestChangeBesideAnotherIsSentAgain(t *testing.T) {
	refused := response{400, jsonType, `{"error":"Servers list concurrently modified"}`}
	empty, done := response{500, jsonType, ""}, response{200, jsonType, enabledEntry}
	enable := func(c *Client) error { return c.SetState(t.Context(), "e-1", pool.Enabled) }
	unregister := func(c *Client) error { return c.Unregister(t.Context(), "e-1") }
	register := func(c *Client) error {
		_, err := c.Register(t.Context(), "https://bbb-w1.example.com/bigbluebutton/api", pool.Secret{})
		return err
	}
	for name, test := range map[string]struct {
		change    func(*Client) error
		responses []response
		requests  int
		done      bool
	}{
		"a refused enable":                      {enable, []response{refused, done}, 2, true},
		"an enable with an empty 500":           {enable, []response{empty, empty, done}, 3, true},
		"an enable that is refused three times": {enable, []response{refused}, 3, false},
		"a 500 with a page":                     {enable, []response{{500, htmlType, "<html>"}, done}, 1, false},
		"another 400":                           {enable, []response{{400, jsonType, `{"error":"Invalid state"}`}, done}, 1, false},
		"a deletion with an empty 500":          {unregister, []response{empty, done}, 2, true},
		"a refused registration":                {register, []response{refused, done}, 2, true},
		"a registration with an empty 500":      {register, []response{empty, done}, 1, false},
	} {
		s, client := scripted(t, test.responses...)
		if err := test.change(client); (err == nil) != test.done || len(s.requests) != test.requests {
			t.Errorf("%s: %d requests, error %v; want %d, done: %t", name, len(s.requests), err, test.requests, test.done)
		}
	}
}
