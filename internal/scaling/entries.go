package scaling

import (
	"divims/internal/fact"
	"divims/internal/pool"
)

// manageEntries plans an entry for each server that Scalelite has had none for at two
// evaluations, if RegisterEntries is set, and the end of each entry that DiViMS itself added
// a second time. It leaves out servers that are held and those whose machine is unknown.
func (d *decision) manageEntries() {
	for _, s := range d.servers {
		if s.stage == StageHeld {
			continue
		}
		d.unregisterDouble(s)
		if entry, known := s.Entry.Get(); !known || entry != nil || !s.Machine.Known() {
			continue
		}
		switch {
		case !d.config.RegisterEntries:
			s.leftAlone = fact.New("Scalelite has no entry for it")
		case !d.twice(s.memory.Entry.MissingSince):
			s.leftAlone = fact.New("Scalelite has no entry for it, seen for the first time: nothing is done unless the next evaluation sees the same")
		default:
			d.do(Action{Kind: Register, Server: s.Server.Number, Reason: fact.New("Scalelite has no entry for %s", s.Server.Domain)})
		}
	}
}

// unregisterDouble plans the end of an entry that DiViMS added, if Scalelite has another
// one for the same server after all: the list without it was wrong.
func (d *decision) unregisterDouble(s *server) {
	added := s.memory.Entry.Registered
	if s.Entry.Known() || added == "" {
		return
	}
	entries, _ := d.seen.Entries.Get()
	var own, others []pool.Entry
	for _, entry := range entries {
		switch {
		case !entry.IsOf(s.Server):
		case entry.ID == added:
			own = append(own, entry)
		default:
			others = append(others, entry)
		}
	}
	if len(own) == 1 && len(others) > 0 && own[0].State == pool.Disabled {
		d.do(Action{Kind: Unregister, Server: s.Server.Number, EntryID: added,
			Reason: fact.New("DiViMS added it although Scalelite had an entry for %s", s.Server.Domain)})
	}
}
