package world

import (
	"fmt"
	"net/http"
	"time"
)

// site is an availability zone of the hoster.
type site struct {
	// outages has the beginning of each outage that is not over.
	outages standing[time.Time]
}

// down reports whether the site has an outage.
func (s *site) down() bool { return len(s.outages.items) > 0 }

// site returns the site of a zone. If there is none, it adds one.
func (w *World) site(zone string) *site {
	if w.sites[zone] == nil {
		w.sites[zone] = &site{}
	}
	return w.sites[zone]
}

// BeginOutage takes a zone down until end is called. Its machines are dead to everybody,
// though the hoster still lists them as running, and creations there are refused.
func (w *World) BeginOutage(zone string) (end func()) {
	over := w.site(zone).outages.add(w.now)
	w.settleZone(zone)
	return func() {
		over()
		w.settleZone(zone)
	}
}

// settleZone applies an outage of a zone, or its end, to all machines in the zone.
func (w *World) settleZone(zone string) {
	for _, m := range w.machines {
		if m.Zone == zone {
			w.settle(m)
		}
	}
}

// outage returns a *RefusedError if the zone has an outage.
func (w *World) outage(zone string) error {
	if !w.site(zone).down() {
		return nil
	}
	return &RefusedError{http.StatusServiceUnavailable, fmt.Sprintf("zone %s is not available", zone)}
}
