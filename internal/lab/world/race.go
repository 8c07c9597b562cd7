package world

// race is the effect of a cordon or disable that happens while Scalelite's poller saves
// the server. The poller still has the old state and puts the server back into the set
// that new meetings are placed on. The state remains cordoned or disabled, so nobody
// sees it. Neither a later poll nor setting the same state again repairs this: the entry
// must be enabled and then cordoned or disabled once more.
type race struct {
	// pending is set from the change of state until the poll that undoes half of it.
	pending bool
	// straggling is set from that poll until the entry is enabled.
	straggling bool
	// load is the load of a straggling entry: the load at that poll plus the meetings
	// created and the joins since then.
	load float64
}
