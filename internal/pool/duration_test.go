package pool

import (
	"testing"
	"time"
)

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 40 * time.Second: "40s", 15 * time.Minute: "15m", 90 * time.Second: "2m",
		6*24*time.Hour + 22*time.Hour: "6d22h", 24 * time.Hour: "1d", 24*time.Hour + 5*time.Minute: "1d5m",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
