package config

import (
	"errors"
	"strings"
	"testing"

	"divims/internal/lab/hostile"
)

// TestHostileEnvironmentsTakeLittleMemory checks that very long values are refused
// within 64 MiB, and that problems shorten long names.
func TestHostileEnvironmentsTakeLittleMemory(t *testing.T) {
	long := strings.Repeat("9", 1<<20)
	for name, variable := range map[string]string{
		"a long number": "POOL_SIZE=" + long, "a long share": "MINIMUM_RATIO=0." + long, "a small share": "MINIMUM_RATIO=1e-999999999",
		"a large share": "MINIMUM_RATIO=1e999999999%", "a long factor": "LOAD_FACTOR_STEADY=" + long, "a long time": "GRACE=" + long + "d",
		"a long zone": "TIMEZONE=" + long, "a long list": "ZONES=" + strings.Repeat("fr-par-1,", 1<<17), "a long host": "DOMAIN_TEMPLATE={n}" + long,
		"a long redirection": "CONNECT_TO=" + strings.Repeat("a=", 1<<19), "too long a name for server 10000": "HOSTNAME_TEMPLATE={n}" + long[:59],
		"long PEM": "CA_CERTIFICATES=" + long, "a long name": long + "=1",
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			hostile.Within(t, 64<<20, func() { _, err = Load(withLines(variable, "")) })
			var found Problems
			if !errors.As(err, &found) || len(found) != 1 || !strings.HasPrefix(found[0].Variable, "DIVIMS_") {
				t.Fatalf("error = %.300v, want one Problem", err)
			}
			hostile.CheckText(t, found[0].String())
		})
	}
}
