package handler

import (
	"strings"
	"testing"

	"divims/internal/lab/hostile"
)

// TestHostileBodiesEndInLittleMemory: a body is read to its limit and no further.
func TestHostileBodiesEndInLittleMemory(t *testing.T) {
	for name, body := range map[string]string{
		"lists in one another":   strings.Repeat("[", 32<<20),
		"objects in one another": strings.Repeat(`{"source":`, 4<<20),
		"a long source":          `{"source":"` + strings.Repeat("x", 32<<20),
		"spaces":                 strings.Repeat(" ", 32<<20),
		"spaces behind it":       `{"source":"cron"}` + strings.Repeat(" ", 32<<20),
		"a long field":           `{"` + strings.Repeat("x", 32<<10) + `":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			hostile.Within(t, 4<<20, func() { _, err = parsed(body) })
			if err == nil || !strings.HasPrefix(err.Error(), "the body cannot be read: ") {
				t.Fatalf("error = %.300v, want one of the body", err)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}
