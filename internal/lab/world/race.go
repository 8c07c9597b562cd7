package world

// race is what becomes of a cordon or disable that lands while Scalelite's
// poller is saving the server. The poller, which still holds the old state, puts
// the server back into the set that new meetings are chosen from. The state goes
// on to say cordoned or disabled, no later poll repairs it, and the same state
// sent again changes nothing: only enable does, with cordon or disable after it.
type race struct {
	// pending is from the change of state to the poll that undoes half of it.
	pending bool
	// straggling is from then on, until the entry is enabled.
	straggling bool
	// load is what a straggler is chosen by: that of the poll, and what was
	// created and joined since.
	load float64
}
