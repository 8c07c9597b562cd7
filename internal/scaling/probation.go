package scaling

import (
	"maps"
	"slices"
	"strings"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// minLate is how many machines in a row must be late before more are made at a pace.
const minLate = 2

// probationShare is the part of the pool that may be coming at once on probation.
const probationShare = 10

// maxRoundWait is the longest time between two rounds of machines on probation.
const maxRoundWait = 30 * time.Minute

// shared returns what a machine shares with others that may be the cause if they do not
// come.
func shared(machine *pool.Machine) []string {
	return []string{imageKey(machine.ImageID), zoneKey(machine.Zone), typeKey(machine.Type)}
}

func imageKey(id string) string  { return "image " + id }
func zoneKey(name string) string { return "zone " + name }
func typeKey(name string) string { return "type " + name }

// sawArrivals updates what is remembered of machines that came or did not, by what they
// share. A machine that answers DiViMS but stays offline in Scalelite is not held against
// what it shares: that is the poller's fault.
func (d *decision) sawArrivals() {
	d.doubt.Late = maps.Clone(d.doubt.Late)
	d.doubt.LastGood = maps.Clone(d.doubt.LastGood)
	newlyLate := false
	for _, s := range d.servers {
		switch {
		case s.machine == nil || s.Server.BareMetal:
		case s.stage == Serving:
			d.sawGood(s)
		case s.stage == Late && s.memory.LateSince.IsZero() && !s.memory.Ordered.IsZero() && s.memory.Served.IsZero():
			newlyLate = true
			if !d.unpolled(s) {
				d.countLate(s)
			}
		}
		if s.stage == Late && s.Machine.Known() {
			s.memory.LateSince = since(d.now, true, s.memory.LateSince)
		}
	}
	if newlyLate && d.state.Doubt.Paced {
		d.doubt.Fruitless++
	}
	d.setImagesAside()
	d.plan.TypesLast = d.suspectTypes()
}

// sawGood forgets that machines like this one were late.
func (d *decision) sawGood(s *server) {
	for _, key := range shared(s.machine) {
		if late, known := d.doubt.Late[key]; known && !s.memory.Came.Before(late.At) {
			delete(d.doubt.Late, key)
		}
	}
	if s.servesFirst && !s.memory.Ordered.IsZero() {
		d.doubt.Came, d.doubt.Fruitless = d.now, 0
	}
	if s.servesFirst || d.doubt.LastGood[s.machine.Zone] == "" {
		if d.doubt.LastGood == nil {
			d.doubt.LastGood = map[string]string{}
		}
		d.doubt.LastGood[s.machine.Zone] = s.machine.ImageID
		d.doubt.SetAside = slices.DeleteFunc(slices.Clone(d.doubt.SetAside), func(id string) bool { return id == s.machine.ImageID })
	}
}

// countLate counts a machine that has not come in its time.
func (d *decision) countLate(s *server) {
	if d.doubt.Late == nil {
		d.doubt.Late = map[string]pool.Late{}
	}
	for _, key := range shared(s.machine) {
		late := d.doubt.Late[key]
		late.Count, late.At = late.Count+1, d.now
		if !s.memory.BootSeen {
			late.Mute++
		}
		d.doubt.Late[key] = late
	}
}

// setImagesAside sets the newest image of a zone aside if two machines in a row that were
// made from it never answered anything, and an image is known whose machine came.
func (d *decision) setImagesAside() {
	images, _ := d.seen.Images.Get()
	for _, image := range images {
		good := d.doubt.LastGood[image.Zone]
		if d.doubt.Late[imageKey(image.ID)].Mute < minLate || good == "" || good == image.ID || d.isAside(image.ID) {
			continue
		}
		d.doubt.SetAside = append(slices.Clone(d.doubt.SetAside), image.ID)
	}
	d.doubt.SetAside = slices.DeleteFunc(slices.Clone(d.doubt.SetAside), func(id string) bool {
		return d.seen.Images.Known() && !slices.ContainsFunc(images, func(image pool.Image) bool { return image.ID == id })
	})
	for _, image := range images {
		if d.isAside(image.ID) {
			if d.state.Refused != nil {
				continue // perhaps because the older image is gone
			}
			if d.plan.Images == nil {
				d.plan.Images = map[string]string{}
			}
			d.plan.Images[image.Zone] = d.doubt.LastGood[image.Zone]
			d.alert(Error, subjectImage(image.Name), adviceImageAside, "set aside: the machines made from it do not answer, so new ones are made from the image of the machine that came last")
		}
	}
}

// isAside reports whether an image has been set aside.
func (d *decision) isAside(imageID string) bool { return slices.Contains(d.doubt.SetAside, imageID) }

// suspectTypes returns the types of which the last machines were late: others are tried
// first.
func (d *decision) suspectTypes() []string {
	var types []string
	for _, key := range slices.Sorted(maps.Keys(d.doubt.Late)) {
		if name, isType := strings.CutPrefix(key, typeKey("")); isType && d.doubt.Late[key].Count >= minLate {
			types = append(types, name)
		}
	}
	return types
}

// suspect reports whether machines like that of the server have been late in a row: other
// zones are tried first.
func (d *decision) suspect(s *server) bool {
	return s.memory.Zone != "" && d.doubt.Late[zoneKey(s.memory.Zone)].Count >= minLate
}

// noneComes returns the doubt about machines that DiViMS creates or starts: two in a row
// that share image, zone or type were late without having served since. Until one serves,
// few are made at once, in rounds.
func (d *decision) noneComes() *Doubt {
	var common []string
	var last pool.Late
	for _, key := range slices.Sorted(maps.Keys(d.doubt.Late)) {
		late := d.doubt.Late[key]
		if late.Count < minLate || !late.At.After(d.doubt.Came) {
			continue
		}
		common = append(common, key)
		if late.Count > last.Count {
			last = late
		}
	}
	if len(common) == 0 {
		return nil
	}
	late := d.servers.choose(func(s *server) bool { return s.stage == Late && s.machine != nil && s.memory.Served.IsZero() }, byNumber)
	doubt := &Doubt{
		Cause: NoneComes, Since: last.At,
		Why: fact.New("the last %s that were created or started did not come in their time; they share %s; until one comes, few are made at once",
			fact.Count(last.Count, "machine"), d.commonNames(common)),
		advice: adviceProbation, subject: SubjectCreation, named: late,
	}
	for _, s := range late {
		if !s.memory.LateSince.IsZero() && s.memory.LateSince.Before(doubt.Since) {
			doubt.Since = s.memory.LateSince
		}
	}
	doubt.Starts, doubt.Next = d.probationStarts()
	return doubt
}

// commonNames lists what machines share, for people: an image by its name, if it is known.
func (d *decision) commonNames(keys []string) string {
	images, _ := d.seen.Images.Get()
	names := slices.Clone(keys)
	for i, key := range keys {
		for _, image := range images {
			if key == imageKey(image.ID) {
				names[i] = imageKey(image.Name)
			}
		}
	}
	return strings.Join(slices.Compact(names), ", ")
}

// probationStarts returns how many machines may be started on probation: a tenth of the
// pool may be coming at once, at least one. Each round that brings none doubles the time
// until the next, from one interval up to maxRoundWait; next is the end of that time.
func (d *decision) probationStarts() (starts int, next time.Time) {
	coming := d.servers.count(func(s *server) bool { return s.stage == Coming })
	starts = max(0, max(1, d.config.Size/probationShare)-coming)
	if d.doubt.Fruitless > 0 {
		wait := min(d.config.Interval<<min(d.doubt.Fruitless-1, 16), maxRoundWait)
		// An evaluation may be a little early.
		if at := d.doubt.Ordered.Add(wait); d.now.Before(at.Add(-d.config.Interval / 5)) {
			return 0, at
		}
	}
	return starts, time.Time{}
}
