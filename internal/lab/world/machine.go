package world

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
)

// systemLead is the most time between the start of the machine's system and the first
// answer of BBB.
const systemLead = 30 * time.Second

// machine is the hoster's machine with the meetings and recordings on it.
type machine struct {
	pool.Machine
	kind      Type
	site      *site
	addresses []*address
	root      *volume
	// defect is that of its image. bootTakes is how long a boot takes; 0 for the usual time.
	defect    Defect
	bootTakes time.Duration
	// reported has the states that the hoster reports instead of the real one.
	reported standing[pool.MachineState]

	// halts counts how often the machine was halted. Events planned before a halt are
	// skipped after it.
	halts int
	// bootTime is when the system came up; zero while it is down.
	bootTime time.Time
	// hostname is that of the system: the machine's name at its first boot.
	hostname string
	bbbUp    bool

	meetings     []*meeting // oldest first
	participants int
	// asked is when DiViMS last asked BBB for the meetings; zero if it never did.
	asked time.Time
	// backlog holds the recordings with work left, in the order of processing.
	backlog   []*recording
	published []*recording // finished and still on the disk
	failed    []*recording
	// inWork is the recording in work; nil if there is none.
	inWork *recording
	// interruptions counts the interruptions of that work. What was planned before an
	// interruption is skipped after it.
	interruptions int
	lastCount     count
	usage         usage

	faults standing[heldFault]
	// recordingFaults wait for a recording, or have hit one.
	recordingFaults standing[recordingFault]
	// setsFirstAddress is set if the system sets the first address of each IPv6 network.
	setsFirstAddress bool
	// died and isolatedSince are the state that settle has applied.
	died          bool
	isolatedSince time.Time
}

// addMachine creates a stopped machine without a disk or an address.
func (w *World) addMachine(order Order, kind Type) *machine {
	m := &machine{
		Machine: pool.Machine{
			ID:          w.newID("machine", order.Name),
			Zone:        order.Zone,
			Name:        order.Name,
			State:       pool.Stopped,
			Since:       w.now,
			Created:     w.now,
			Type:        kind.Name,
			ImageID:     order.ImageID,
			Tags:        slices.Clone(order.Tags),
			HourlyPrice: pool.Seen(kind.HourlyPrice),
		},
		kind:   kind,
		site:   w.site(order.Zone),
		defect: w.defects[order.ImageID],
	}
	m.bootTakes = w.longestBoot(m.defect)
	w.machines = append(w.machines, m)
	w.machineIDs[m.ID] = m
	return m
}

// equip creates a machine's root volume and attaches its addresses.
func (w *World) equip(m *machine, addresses []*address) {
	m.root = &volume{
		Volume:  pool.Volume{ID: w.newID("volume", m.ID), Zone: m.Zone, Kind: m.kind.RootVolume, Name: m.Name + "-root"},
		machine: m,
	}
	w.volumes = append(w.volumes, m.root)
	m.addresses = addresses
	for _, a := range addresses {
		a.machine = m
	}
}

// addRunningMachine creates a running machine for a server.
func (w *World) addRunningMachine(s *server) error {
	m, err := w.firstMachine(s)
	if err != nil {
		return err
	}
	w.change(m, pool.Running, "booted")
	m.bootTime = w.now
	m.hostname = cmp.Or(m.hostname, m.Name)
	m.bbbUp = true
	return nil
}

// firstMachine creates the machine that a server has from the world's start.
func (w *World) firstMachine(s *server) (*machine, error) {
	order := Order{Name: s.Hostname, Zone: w.config.Zones[0], Tags: w.config.Tags}
	if s.BareMetal {
		s.host = w.addMachine(order, Type{Name: "EM-B112X-SSD", CPUs: 16})
		s.host.BareMetal = true
		s.host.HourlyPrice = pool.Unknown[float64]("bare metal is billed by the month")
		return s.host, nil
	}
	if s.address == nil {
		return nil, fmt.Errorf("no address has the tag %s: %w", AddressTag(s.Number), ErrInvalid)
	}
	order.Zone = s.address.Zone
	image := slices.IndexFunc(w.config.Images, func(image pool.Image) bool { return image.Zone == order.Zone })
	if image < 0 {
		return nil, fmt.Errorf("no image in zone %s: %w", order.Zone, ErrInvalid)
	}
	order.ImageID = w.config.Images[image].ID
	m := w.addMachine(order, w.config.Types[0])
	w.equip(m, []*address{s.address})
	return m, nil
}

// seen returns the machine as the hoster lists it.
func (m *machine) seen() pool.Machine {
	seen := m.Machine
	seen.Tags = slices.Clone(m.Tags)
	seen.Maintenances = slices.Clone(m.Maintenances)
	if m.root != nil {
		seen.Volumes = []pool.Volume{m.root.seen()}
	}
	seen.Addresses = make([]pool.Address, len(m.addresses))
	for i, a := range m.addresses {
		seen.Addresses[i] = a.seen()
	}
	return seen
}

// change sets the state that the hoster shows for a machine.
func (w *World) change(m *machine, state pool.MachineState, detail string) {
	m.State, m.Detail, m.Since = state, detail, w.now
}

// later plans an event on a machine that is skipped if the machine is halted before.
func (w *World) later(m *machine, at time.Time, do func()) {
	halts := m.halts
	w.once(at, byHoster, func() {
		if m.halts == halts {
			do()
		}
	})
}

// boot starts a machine: first it runs for the hoster, then its system is up, then BBB
// answers, unless its image has a defect.
func (w *World) boot(m *machine) {
	w.endFaults(m)
	w.change(m, pool.Starting, "allocating node")
	running := w.between(minStarting, maxStarting, "starting", m.ID)
	least, most := w.bootBounds(m)
	answering := latest(running, w.between(least, most, "boot", m.ID))
	w.later(m, running, func() { w.change(m, pool.Running, "booting kernel") })
	if m.defect.NeverUp {
		return
	}
	w.later(m, latest(running, answering.Add(-systemLead)), func() {
		m.Detail = "booted"
		m.bootTime = w.now
		m.hostname = cmp.Or(m.hostname, m.Name)
		if unit := m.defect.UnitDown; unit != "" {
			w.breakMachine(m, UnitDown{unit})
		}
	})
	w.later(m, answering, func() {
		m.bbbUp = true
		w.work(m)
	})
}

// halt interrupts the meetings on a machine at once and shows it as stopping for 5 to
// 40 s. Then it calls done.
func (w *World) halt(m *machine, detail string, done func()) {
	cause := w.causeAt(m)
	for len(m.meetings) > 0 {
		w.end(m.meetings[0], cause)
	}
	m.halts++
	m.interrupt()
	m.bbbUp = false
	m.bootTime = time.Time{}
	m.usage = usage{}
	w.change(m, pool.Stopping, detail)
	w.later(m, w.between(minStopping, maxStopping, "stopping", m.ID), done)
}

// remove deletes a machine. Its addresses become free and its volume is detached.
func (w *World) remove(m *machine, by Cause) {
	w.tally.ServerHours += w.now.Sub(m.Created).Hours()
	for _, a := range m.addresses {
		a.machine = nil
	}
	if m.root != nil {
		w.detach(m.root, by)
		m.root.MachineID = m.ID
	}
	w.machines = slices.DeleteFunc(w.machines, func(other *machine) bool { return other == m })
	delete(w.machineIDs, m.ID)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
