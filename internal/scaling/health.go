package scaling

import (
	"fmt"
	"strings"
	"time"

	"divims/internal/pool"
)

// Health is the judgement of a server. It comes before everything else.
type Health string

// The judgements.
const (
	Healthy Health = "healthy"
	// Unseen: something of the server could not be read; it is left alone.
	Unseen Health = "unseen"
	// Unresponsive: the machine has run for longer than the grace time, yet
	// Scalelite says offline, or BBB did not answer at two evaluations in a row.
	Unresponsive Health = "unresponsive"
	// Malfunctioning: a BBB unit is down, the probe fails, or a recording failed,
	// after the grace time.
	Malfunctioning Health = "malfunctioning"
	// ToRecycle: up for too long, or built from an outdated image.
	ToRecycle Health = "to recycle"
)

// judge says how a server is, and why.
func judge(now time.Time, config Config, image pool.Reading[pool.Image], s server) (Health, string) {
	if !s.Entry.Known() {
		return Unseen, s.Entry.Reason()
	}
	if !s.Machine.Known() {
		return Unseen, s.Machine.Reason()
	}
	if s.entry == nil || s.machine == nil || s.machine.State != pool.Running {
		return Healthy, ""
	}
	if why := unresponsive(now, config, s); why != "" {
		return Unresponsive, why
	}
	if !s.pastGrace(now, config) { // it still starts
		return Healthy, ""
	}
	if !s.Meetings.Known() {
		return Unseen, s.Meetings.Reason()
	}
	if why := malfunctioning(s); why != "" {
		return Malfunctioning, why
	}
	if why := toRecycle(now, config, image, s); why != "" {
		return ToRecycle, why
	}
	return Healthy, ""
}

func unresponsive(now time.Time, config Config, s server) string {
	if !s.pastGrace(now, config) {
		return ""
	}
	runs := spell(now.Sub(s.machine.Since))
	if !s.entry.Online {
		return fmt.Sprintf("its machine has run for %s, yet Scalelite says offline", runs)
	}
	if s.silent() && !s.memory.SilentSince.IsZero() {
		return fmt.Sprintf("its machine has run for %s, yet BBB has not answered since %s: %s",
			runs, s.memory.SilentSince.UTC().Format(time.RFC3339), s.Meetings.Reason())
	}
	return ""
}

func malfunctioning(s server) string {
	stats, ok := s.Stats.Get()
	if !ok {
		return ""
	}
	if down, ok := stats.UnitsDown.Get(); ok && len(down) > 0 {
		return "units down: " + strings.Join(down, ", ")
	}
	if probe, ok := stats.Probe.Get(); ok && !probe.OK {
		return "the probe fails since " + probe.At.UTC().Format(time.RFC3339)
	}
	if failed, ok := stats.Failed.Get(); ok && total(failed) > 0 {
		return "recordings failed: " + stages(failed)
	}
	return ""
}

func toRecycle(now time.Time, config Config, image pool.Reading[pool.Image], s server) string {
	if asked := s.memory.Recycle; asked != nil {
		return fmt.Sprintf("%s wants it recycled: %s", asked.Author, asked.Reason)
	}
	if uptime := s.uptime(now); config.RecycleAfter > 0 && uptime > config.RecycleAfter {
		return fmt.Sprintf("up for %s, more than %s", spell(uptime), spell(config.RecycleAfter))
	}
	if newest, _ := image.Get(); s.outdated(image) {
		return "its machine is older than the image " + newest.Name
	}
	return ""
}

// outdated tells whether a server's machine was made from an older image. Images
// belong to a zone: elsewhere the newest one has another id.
func (s server) outdated(image pool.Reading[pool.Image]) bool {
	newest, ok := image.Get()
	return ok && s.machine != nil && !s.machine.BareMetal && s.machine.ImageID != "" && s.machine.Zone == newest.Zone &&
		s.machine.ImageID != newest.ID && s.machine.Created.Before(newest.Created)
}
