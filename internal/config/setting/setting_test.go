package setting

import (
	"os"
	"path/filepath"
	"strings"
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
	for _, text := range []string{"", "d", "5", "-1d", "1d-1h", "1.5d", "1d2d", "999999999999d", "2000000h", "1d 2h", "+5m", "+1d", "1d+2h", "-0s"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q = %v; want an error", text, got)
		}
	}
}

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]int{"0": 0, "1": 1, "10000": 10_000} {
		if got, err := ParseNumber(text); err != nil || got != want {
			t.Errorf("%q = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "+1", "-1", "01", "00", " 1", "1 ", "1_0", "0x1", "1.0", "1e3", "١", "99999999999999999999"} {
		if got, err := ParseNumber(text); err == nil {
			t.Errorf("%q = %d; want an error", text, got)
		}
	}
}

func TestCounts(t *testing.T) {
	var counts Counts
	if err := counts.UnmarshalText([]byte("gpu=2, exam=0")); err != nil || len(counts) != 2 || counts["gpu"] != 2 {
		t.Errorf("counts = %v, %v", counts, err)
	}
	for _, text := range []string{"gpu", "=1", "gpu=", "gpu=+1", "gpu=-1", "gpu=10001", "gpu=1,gpu=2", "g p u=1", "gpu=1,"} {
		if err := counts.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: want an error", text)
		}
	}
}

func TestIsKey(t *testing.T) {
	for _, text := range []string{"divims", "a/b", "..a", "a..b/c-d_e.f", "a b", strings.Repeat("a", 500)} {
		if !IsKey(text) {
			t.Errorf("%q is refused", text)
		}
	}
	for _, text := range []string{"", "..", "../../x", "a/../b", ".", "a/./b", "a//b", "/a", "a/", "a\nb", "a\x00", strings.Repeat("a", 501)} {
		if IsKey(text) {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestReadFileHasALimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if content, err := ReadFile(path); err != nil || string(content) != "content" {
		t.Errorf("read %q, %v", content, err)
	}
	if err := os.Truncate(path, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err == nil {
		t.Error("a file beyond the limit was read")
	}
}
