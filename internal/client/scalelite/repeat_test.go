package scalelite

import (
	"strings"
	"testing"

	"divims/internal/pool"
)

func TestChangeBesideAnotherIsSentAgain(t *testing.T) {
	refused := response{400, jsonType, `{"error":"Servers list concurrently modified"}`}
	missing, there := response{200, jsonType, "[" + freshEntry + "]"}, response{200, jsonType, "[" + enabledEntry + "]"}
	empty, done := response{500, jsonType, ""}, response{200, jsonType, enabledEntry}
	enable := func(c *Client) error { return c.SetState(t.Context(), "e-1", pool.Enabled) }
	unregister := func(c *Client) error { return c.Unregister(t.Context(), "e-1") }
	register := func(c *Client) error {
		_, err := c.Register(t.Context(), "https://BBB-W1.example.com:443/bigbluebutton/api", pool.Secret{})
		return err
	}
	for name, test := range map[string]struct {
		change    func(*Client) error
		responses []response
		requests  int
		fails     string // a part of the error; "" if there is none
	}{
		"a refused enable":                     {enable, []response{refused, done}, 2, ""},
		"an enable with an empty 500":          {enable, []response{empty, empty, done}, 3, ""},
		"an enable that is always refused":     {enable, []response{refused}, 5, concurrently},
		"a 500 with a page":                    {enable, []response{{500, htmlType, "<html>"}, done}, 1, "HTTP status 500"},
		"another 400":                          {enable, []response{{400, jsonType, `{"error":"Invalid state"}`}, done}, 1, "Invalid state"},
		"a deletion with an empty 500":         {unregister, []response{empty, done}, 2, ""},
		"a refused registration":               {register, []response{refused, missing, done}, 3, ""},
		"a registration with an empty 500":     {register, []response{empty, missing, refused, missing, done}, 5, ""},
		"a registration of what is there":      {register, []response{empty, there, done}, 2, "HTTP status 500: it is registered already, as entry e-1"},
		"a registration without a list":        {register, []response{empty, {502, htmlType, ""}, done}, 2, "HTTP status 500: see whether it is registered already: getServers of 127.0.0.1"},
		"a registration that is never taken":   {register, []response{empty, missing, empty, missing, empty, missing, empty, missing, empty}, 9, "HTTP status 500"},
		"a registration with a 500 and a page": {register, []response{{500, htmlType, "<html>"}, done}, 1, "HTTP status 500"},
	} {
		s, client := scripted(t, test.responses...)
		err := test.change(client)
		if len(s.requests) != test.requests || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %d requests, error %v; want %d, %q", name, len(s.requests), err, test.requests, test.fails)
		}
		if err != nil && strings.Contains(err.Error(), "registered already") != strings.Contains(test.fails, "registered already") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
