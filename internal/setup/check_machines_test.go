package setup

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"divims/internal/pool"
)

// TestCheckMachines: what new machines get is said zone by zone, and so is what they cannot
// have. Where a machine is needed that is an error.
func TestCheckMachines(t *testing.T) {
	wrong := pool.Unknown[[]string]("fr-par-2 has no security group bbb (DIVIMS_SECURITY_GROUP)")
	for name, test := range map[string]struct {
		equipment map[string]pool.Reading[[]string]
		want      []string // levels and texts
	}{
		"no settings": {map[string]pool.Reading[[]string]{"fr-par-1": pool.Seen[[]string](nil), "fr-par-2": pool.Seen[[]string](nil)}, nil},
		"all is there": {map[string]pool.Reading[[]string]{"fr-par-1": pool.Seen([]string{"the security group bbb", "a root volume of 40 GB"}), "fr-par-2": pool.Seen([]string{"the security group bbb"})},
			[]string{"ok new machines get the security group bbb, a root volume of 40 GB", "ok new machines get the security group bbb"}},
		"wrong in the first zone":  {map[string]pool.Reading[[]string]{"fr-par-1": wrong, "fr-par-2": pool.Seen[[]string](nil)}, []string{"error new machines cannot have what the settings give them: " + wrong.Reason()}},
		"wrong in a zone not used": {map[string]pool.Reading[[]string]{"fr-par-1": pool.Seen[[]string](nil), "fr-par-2": wrong}, []string{"warning new machines cannot have what the settings give them: " + wrong.Reason()}},
	} {
		t.Run(name, func(t *testing.T) {
			c := checker{Config: Config{Zones: []string{"fr-par-1", "fr-par-2"}}, seen: Sight{Equipment: test.equipment, Lacking: pool.Seen(map[string][]string{})}}
			c.checkMachines()
			var got []string
			for _, f := range c.findings {
				got = append(got, string(f.Level)+" "+f.What)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("findings are %q, want %q", got, test.want)
			}
		})
	}
}

// TestCheckNamesMachinesThatLackSettings: one warning names them, however many there are.
func TestCheckNamesMachinesThatLackSettings(t *testing.T) {
	var machines []pool.Machine
	lacking := map[string][]string{}
	for n := range 12 {
		machine := pool.Machine{ID: fmt.Sprintf("m%d", n+1), Name: fmt.Sprintf("bbb-w%d", n+1)}
		machines = append(machines, machine)
		lacking[machine.ID] = []string{"the security group", "tags"}
	}
	c := checker{seen: Sight{Machines: pool.Seen(machines), Lacking: pool.Seen(lacking)}}
	c.checkLacking()
	if len(c.findings) != 1 || c.findings[0].Level != Warning || !strings.HasPrefix(c.findings[0].What, "12 machines without all that the settings give new ones: bbb-w1 (the security group, tags), ") ||
		!strings.HasSuffix(c.findings[0].What, "bbb-w10 (the security group, tags), and 2 more") {
		t.Errorf("findings are %+v", c.findings)
	}
}
