package scaleway_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"divims/internal/client/scaleway"
	"divims/internal/pool"
)

func TestNewNamesTheWrongSettingButNoKey(t *testing.T) {
	const notAKey = "hunter2-hunter2"
	tests := map[string]struct {
		change func(*scaleway.Config)
		want   string
	}{
		"project":          {func(c *scaleway.Config) { c.ProjectID = "bbb" }, "project ID"},
		"access key":       {func(c *scaleway.Config) { c.AccessKey = pool.NewSecret(notAKey) }, "access key"},
		"secret key":       {func(c *scaleway.Config) { c.SecretKey = pool.NewSecret(notAKey) }, "secret key"},
		"secret key unset": {func(c *scaleway.Config) { c.SecretKey = pool.Secret{} }, "secret key"},
		"no zones":         {func(c *scaleway.Config) { c.Zones = nil }, "no zone"},
		"a strange zone":   {func(c *scaleway.Config) { c.Zones = []string{"paris"} }, `"paris"`},
		"a zone twice":     {func(c *scaleway.Config) { c.Zones = []string{"fr-par-1", "fr-par-1"} }, "twice"},
		"no tag":           {func(c *scaleway.Config) { c.Tag = "" }, "no tag"},
		"two tags":         {func(c *scaleway.Config) { c.Tag = "a,b" }, "comma"},
		"no image name":    {func(c *scaleway.Config) { c.ImageName = "" }, "image name"},
		"an address":       {func(c *scaleway.Config) { c.URL = "api.scaleway.com" }, "URL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config := newCloud(t).settings()
			test.change(&config)
			_, err := scaleway.New(config, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want one about %s", err, test.want)
			}
			if strings.Contains(err.Error(), notAKey) {
				t.Errorf("error %q shows a key", err)
			}
		})
	}
}

func TestNewReportsAllWrongSettingsAtOnce(t *testing.T) {
	_, err := scaleway.New(scaleway.Config{}, nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"project ID", "access key", "secret key", "zone", "tag", "image name"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name the %s", err, want)
		}
	}
}

func TestRequestsHaveKeyAndUserAgent(t *testing.T) {
	cloud := newCloud(t)
	cloud.on("GET "+par1+"/servers", list("servers"))
	if _, err := cloud.client(oneZone).Machines(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	got := cloud.last("GET " + par1 + "/servers")
	if got.header.Get("X-Auth-Token") != "11111111-2222-4333-8444-555555555555" {
		t.Error("the secret key is not in X-Auth-Token")
	}
	if agent := got.header.Get("User-Agent"); !strings.Contains(agent, "divims") {
		t.Errorf("user agent %q does not name divims", agent)
	}
}

func TestKeyDoesNotFollowARedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with the key %q", r.Header.Get("X-Auth-Token"))
	}))
	defer elsewhere.Close()
	api := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer api.Close()
	client := newCloud(t).client(oneZone, func(c *scaleway.Config) { c.URL = api.URL + "/" })
	if _, err := client.Machines(t.Context(), nil); err == nil {
		t.Error("a redirect was taken for an answer")
	}
}

func TestCallsEndWithTheirContext(t *testing.T) {
	cloud := newCloud(t) // would complain about any call
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cloud.client().Machines(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}
