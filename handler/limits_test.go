package handler

import (
	"strings"
	"testing"

	"divims/internal/lab/hostile"
)

// TestHostileBodiesNeedLittleMemory checks that a body is not read beyond its limit.
func TestHostileBodiesNeedLittleMemory(t *testing.T) {
	for name, body := range map[string]string{
		"nested lists":          strings.Repeat("[", 32<<20),
		"nested objects":        strings.Repeat(`{"source":`, 4<<20),
		"a long source":         `{"source":"` + strings.Repeat("x", 32<<20),
		"spaces":                strings.Repeat(" ", 32<<20),
		"spaces after the body": `{"source":"cron"}` + strings.Repeat(" ", 32<<20),
		"a long field":          `{"` + strings.Repeat("x", 32<<10) + `":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			hostile.Within(t, 4<<20, func() { _, err = parsed(body) })
			if err == nil || !strings.HasPrefix(err.Error(), "the body cannot be read: ") {
				t.Fatalf("error = %.300v, want that the body cannot be read", err)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}
