package world

import "slices"

// holds are the values that people set one thing to, each for some time. The last one is
// in force.
type holds[T any] struct {
	// before is the value from before the first of them.
	before T
	values []*T
}

// begin adds a hold of a value and returns it.
func (h *holds[T]) begin(present, value T) *T {
	if len(h.values) == 0 {
		h.before = present
	}
	h.values = append(h.values, &value)
	return &value
}

// end removes a hold. If it was in force, it returns the value that is in force now.
func (h *holds[T]) end(hold *T) (value T, inForce bool) {
	at := slices.Index(h.values, hold)
	inForce = at >= 0 && at == len(h.values)-1
	h.values = slices.DeleteFunc(h.values, func(other *T) bool { return other == hold })
	if len(h.values) == 0 {
		return h.before, inForce
	}
	return *h.values[len(h.values)-1], inForce
}
