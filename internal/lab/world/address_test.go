package world

import (
	"errors"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestDomainPointsToTaggedAddress releases, reserves, tags and detaches the address of a
// server. Its domain always points to the machine with the tagged address.
func TestDomainPointsToTaggedAddress(t *testing.T) {
	story := newStory(t, 2, 1, nil)
	answers := func() bool { _, err := story.Meetings(story.domain(1)); return err == nil }
	expect(story, "server 1 answers", answers(), true)
	first, machine := story.Addresses()[0], story.Machines()[0]

	story.must(story.Release(first.ID))
	expect(story, "without its address", answers(), false)
	expect(story, "addresses of its machine", len(story.Machines()[0].Addresses), 0)
	second := story.Reserve("fr-par-1", pool.IPv4, nil)
	story.must(story.Attach(second.ID, machine.ID))
	expect(story, "with an address that has no tags", answers(), false)
	story.must(story.Retag(second.ID, []string{AddressTag(1)}))
	expect(story, "with a tagged address", answers(), true)
	expect(story, "the address's machine", story.Addresses()[1].MachineID, machine.ID)
	story.must(story.Attach(second.ID, ""))
	expect(story, "with the address detached", answers(), false)

	network := story.Reserve("fr-par-1", pool.IPv6, nil)
	expect(story, "family", network.Family(), pool.IPv6)
	expect(story, "first address of the network", network.Host(), network.IP.Next())
	for _, err := range []error{story.Release("nobody"), story.Retag("nobody", nil), story.Attach("nobody", ""), story.Attach(network.ID, "nobody")} {
		expect(story, "unknown id gives ErrNotFound", errors.Is(err, ErrNotFound), true)
	}
	story.at(time.Minute) // does not fail
}

func TestServersTakeTurnsWithTheZones(t *testing.T) {
	for name, test := range map[string]struct{ zones, want []string }{
		"one zone":    {[]string{"fr-par-1"}, []string{"fr-par-1", "fr-par-1", "fr-par-1", "fr-par-1"}},
		"two zones":   {[]string{"fr-par-1", "fr-par-2"}, []string{"fr-par-1", "fr-par-2", "fr-par-1", "fr-par-2"}},
		"three zones": {[]string{"a", "b", "c"}, []string{"a", "b", "c", "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 4, 0, nil, func(c *Config) { c.Zones = test.zones })
			for i, address := range story.Addresses() {
				expect(story, "zone of "+address.IP.String(), address.Zone, test.want[i])
			}
		})
	}
}
