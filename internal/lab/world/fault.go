package world

import (
	"iter"
	"slices"
	"time"
)

// Fault is something that is wrong with a machine. It holds until its own end, whatever
// else is wrong, and the machine that replaces this one does not have it.
type Fault interface {
	// endsWithBoot reports whether a reboot or start of the machine ends the fault.
	endsWithBoot() bool
}

// The faults of a machine.
type (
	// Dead means that the machine does not answer anybody. Its meetings end at once.
	Dead struct{}
	// BBBStopped means that BBB does not answer, or only with an error, as Contact says.
	// Its meetings go on, and so does the stats endpoint.
	BBBStopped struct{ Contact Contact }
	// CutOff means that packets between the machine and From are lost. A machine that is
	// cut off from Us and from Scalelite has lost its network, so its people leave.
	CutOff struct{ From Party }
	// UnitDown means that a systemd unit of BBB is down. Only the stats show it.
	UnitDown struct{ Unit string }
	// RecordingsUnreadable means that BBB cannot read its recordings' metadata. It lists an
	// error instead of each of them.
	RecordingsUnreadable struct{}
	// StatsStopped means that the stats endpoint is wrong.
	StatsStopped struct{ How StatsFailure }
	// ClockOff means that the machine's clock is ahead of the true time; behind if Ahead is
	// negative.
	ClockOff struct{ Ahead time.Duration }
)

func (Dead) endsWithBoot() bool                 { return true }
func (BBBStopped) endsWithBoot() bool           { return true }
func (CutOff) endsWithBoot() bool               { return false }
func (UnitDown) endsWithBoot() bool             { return true }
func (RecordingsUnreadable) endsWithBoot() bool { return false }
func (StatsStopped) endsWithBoot() bool         { return true }
func (ClockOff) endsWithBoot() bool             { return false }

// heldFault is a fault that a machine has.
type heldFault struct {
	Fault
	// page is the stats page when the fault began, for StatsStopped.
	page StatsPage
}

// Break gives the machine of a server a fault until fix is called. fix does nothing if the
// fault has ended before. Without a machine nothing happens, and fix is nil.
func (w *World) Break(server int, fault Fault) (fix func()) {
	m := w.machineOf(server)
	if m == nil {
		return nil
	}
	return w.breakMachine(m, fault)
}

func (w *World) breakMachine(m *machine, fault Fault) (fix func()) {
	end := m.faults.add(heldFault{fault, w.statsPage(m)})
	w.settle(m)
	return func() {
		end()
		w.settle(m)
	}
}

// endFaults ends the faults that a boot ends.
func (w *World) endFaults(m *machine) {
	m.faults.items = slices.DeleteFunc(m.faults.items, func(held *heldFault) bool { return held.endsWithBoot() })
	w.settle(m)
}

// settle applies a machine's death, its lost network, or the end of either, to its meetings
// and its work. It must be called after every change of what dead and isolated return.
func (w *World) settle(m *machine) {
	if dead := m.dead(); dead != m.died {
		m.died = dead
		if dead {
			w.die(m)
		} else {
			w.work(m)
		}
	}
	if isolated := m.isolated(); isolated != !m.isolatedSince.IsZero() {
		w.isolate(m, isolated)
	}
}

// die ends all meetings on a machine, and interrupts its work.
func (w *World) die(m *machine) {
	for len(m.meetings) > 0 {
		w.end(m.meetings[0], MachineDeath)
	}
	m.interrupt()
}

// dead reports whether the machine is dead to everybody, by a fault of its own or by an
// outage of its zone.
func (m *machine) dead() bool {
	return m.site.down() || has(m, func(Dead) bool { return true })
}

// answers reports whether BBB has come up, on a machine that is not dead.
func (m *machine) answers() bool { return m.bbbUp && !m.dead() }

// isCutOff reports whether packets between the machine and a party are lost. People are cut
// off from a machine that has lost its network.
func (m *machine) isCutOff(from Party) bool {
	if from == People {
		return m.isolated()
	}
	return has(m, func(cut CutOff) bool { return cut.From == from })
}

// isolated reports whether the machine has lost its network.
func (m *machine) isolated() bool { return m.isCutOff(Us) && m.isCutOff(Scalelite) }

// clock returns how far the machine's clock is ahead.
func (m *machine) clock() time.Duration {
	ahead := time.Duration(0)
	for clock := range faultsOf[ClockOff](m) {
		ahead += clock.Ahead
	}
	return ahead
}

// bbbContact returns the contact with BBB for a party that reaches the machine: the worst
// one of its faults.
func (m *machine) bbbContact() Contact {
	worst := Answers
	for stopped := range faultsOf[BBBStopped](m) {
		worst = max(worst, stopped.Contact)
	}
	return worst
}

// unitsDown returns the units that are down, sorted.
func (m *machine) unitsDown() []string {
	units := []string{}
	for down := range faultsOf[UnitDown](m) {
		units = append(units, down.Unit)
	}
	slices.Sort(units)
	return slices.Compact(units)
}

// faultsOf returns the faults of one type that a machine has, the oldest first.
func faultsOf[T Fault](m *machine) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, held := range m.faults.items {
			if fault, ok := held.Fault.(T); ok && !yield(fault) {
				return
			}
		}
	}
}

// has reports whether a machine has a fault that matches.
func has[T Fault](m *machine, matches func(T) bool) bool {
	for fault := range faultsOf[T](m) {
		if matches(fault) {
			return true
		}
	}
	return false
}
