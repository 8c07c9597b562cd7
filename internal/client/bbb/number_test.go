package bbb

import (
	"testing"
	"time"
)

func TestParseCount(t *testing.T) {
	for text, want := range map[string]int{
		"0":          0,
		"7":          7,
		"007":        7,
		"1000":       1000,
		"1,000":      1000,
		"1.000":      1000,
		"1 000":      1000,
		"1\u00a0000": 1000,
		"1\u202f000": 1000,
		"1\u2009000": 1000,
		"1'000":      1000,
		"12’345":     12345,
		"1,000,000":  1_000_000,
		"000,001":    1,
	} {
		if got, err := parseCount(text); err != nil || got != want {
			t.Errorf("%q gives %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestInvalidCountIsAnError(t *testing.T) {
	for _, text := range []string{
		"", " ", "-1", "+1", "1.5", "1,5", "1,0000", "1,,000", ",000", "1,000,", "1e3", "0x10", "1_000",
		"many", "12a", "1\n000", "١٢", "1000001", "99999999999999999999", "9,999,999,999,999,999,999,999",
	} {
		if got, err := parseCount(text); err == nil {
			t.Errorf("%q gives %d, want an error", text, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2019, 4, 8, 13, 20, 25, 768e6, time.UTC)
	for _, text := range []string{"1554729625768", "1,554,729,625,768", "1 554 729 625 768"} {
		if got, err := parseTime(text); err != nil || !got.Equal(want) {
			t.Errorf("%q gives %v, %v; want %v", text, got, err, want)
		}
	}
	for name, text := range map[string]string{
		"none":          "",
		"zero":          "0",
		"in seconds":    "1554729625",
		"in ns":         "1554729625768000000",
		"year 9999":     "253402300799000",
		"before 1970":   "-1",
		"scientific":    "1.554e12",
		"not a number":  "Mon Apr 08 15:20:25 CEST 2019",
		"beyond 64 bit": "9999999999999999999999",
	} {
		if got, err := parseTime(text); err == nil {
			t.Errorf("%s: %q gives %v, want an error", name, text, got)
		}
	}
}
