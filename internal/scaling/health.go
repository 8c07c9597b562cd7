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
	// ToRecycle: up for too long, built from an outdated image, soon under a planned
	// maintenance, or an operator says so.
	ToRecycle Health = "to recycle"
)

// judge says how a server is, and why.
func judge(now time.Time, config Config, s *server) (Health, string) {
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
	if why := toRecycle(now, config, s); why != "" {
		return ToRecycle, why
	}
	if s.outdated() {
		return ToRecycle, "its machine is older than the image " + s.newest.Name
	}
	return Healthy, ""
}

func unresponsive(now time.Time, config Config, s *server) string {
	if !s.pastGrace(now, config) {
		return ""
	}
	runs := pool.FormatDuration(now.Sub(s.machine.Since))
	if !s.entry.Online {
		return fmt.Sprintf("its machine has run for %s, yet Scalelite says offline", runs)
	}
	if s.silent() && !s.memory.SilentSince.IsZero() {
		return fmt.Sprintf("its machine has run for %s, yet BBB has not answered since %s: %s",
			runs, s.memory.SilentSince.UTC().Format(time.RFC3339), s.Meetings.Reason())
	}
	return ""
}

func malfunctioning(s *server) string {
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

// maintenanceAhead is how long before a planned maintenance its machine is given
// up: time for a replacement, for the longest meeting and for its recording.
const maintenanceAhead = 48 * time.Hour

// toRecycle says why a machine is to be replaced whatever the hour, or "".
func toRecycle(now time.Time, config Config, s *server) string {
	if asked := s.memory.Recycle; asked != nil {
		return fmt.Sprintf("%s wants it recycled: %s", asked.Author, asked.Reason)
	}
	for _, maintenance := range s.machine.Maintenances {
		if maintenance.Start.Sub(now) <= maintenanceAhead {
			return "a maintenance of its machine is planned for " + maintenance.Start.UTC().Format(time.RFC3339)
		}
	}
	if uptime := s.uptime(now); config.RecycleAfter > 0 && uptime > config.RecycleAfter {
		return fmt.Sprintf("up for %s, more than %s", pool.FormatDuration(uptime), pool.FormatDuration(config.RecycleAfter))
	}
	return ""
}

// outdated tells whether a server's machine was made from an older image.
func (s *server) outdated() bool {
	return s.newest != nil && !s.machine.BareMetal && s.machine.ImageID != "" &&
		s.machine.ImageID != s.newest.ID && s.machine.Created.Before(s.newest.Created)
}
