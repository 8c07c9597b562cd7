package config

import (
	"testing"
	"time"
)

func TestPercentage(t *testing.T) {
	for text, want := range map[string]Percentage{
		"7%": 70_000, "0.07": 70_000, "1%": 10_000, "0.01": 10_000, "12.5%": 125_000,
		"0.0001%": 1, "0.000001": 1, "0": 0, "100%": 1_000_000, "1": 1_000_000, ".5": 500_000,
	} {
		var got Percentage
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q = %d, %v; want %d", text, got, err, want)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "only a sign": "%", "words": "half", "negative": "-1%", "two signs": "1%%", "exponent": "1e-2",
		"fraction": "1/2", "finer than a millionth": "0.0000001", "two points": "0.0.1", "not a number": "NaN", "endless": "0.00000000000000000001",
	} {
		var got Percentage
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s: %q = %d; want an error", name, text, got)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"15d": 15 * 24 * time.Hour, "1d12h": 36 * time.Hour, "168h": 168 * time.Hour, "0": 0, "0d": 0,
		"1d1h1m1s": 25*time.Hour + time.Minute + time.Second, "240s": 4 * time.Minute,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "5", "-1d", "1d-1h", "1.5d", "1d2d", "999999999999d", "2000000h", "1d 2h"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q = %v; want an error", text, got)
		}
	}
}

func TestConnectTo(t *testing.T) {
	var detours ConnectTo
	if err := detours.UnmarshalText([]byte("a.example.com=10.0.0.5:8443, .example.com=[::1]:443")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ address, want string }{
		"the host itself":           {"a.example.com:443", "10.0.0.5:8443"},
		"a host below it":           {"x.a.example.com:443", "10.0.0.5:8443"},
		"a host below the second":   {"b.example.com:443", "[::1]:443"},
		"a host that ends likewise": {"badexample.com:443", "badexample.com:443"},
		"another host":              {"example.org:443", "example.org:443"},
		"no port":                   {"a.example.com", "a.example.com"},
	} {
		if got := detours.Address(c.address); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"POOLSIZE": "POOL_SIZE", "SCALELITE_URI": "SCALELITE_URL", "MINUMUM_RATIO": "MINIMUM_RATIO", "ZONE": "ZONES", "X": "", "TOAST": "",
	} {
		if got := nearest(name, names()); got != want {
			t.Errorf("nearest to %s = %q; want %q", name, got, want)
		}
	}
}
