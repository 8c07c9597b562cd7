package world

import "slices"

// standing has what overlapping events have in force, in the order in which they began.
// Each item stays until its own end. Items are compared by their addresses, so T must not
// be a type of size zero.
type standing[T any] struct{ items []*T }

// add puts an item in force until end is called. Calling end again changes nothing.
func (s *standing[T]) add(item T) (end func()) {
	added := &item
	s.items = append(s.items, added)
	return func() {
		s.items = slices.DeleteFunc(s.items, func(other *T) bool { return other == added })
	}
}

// last returns the last item that matches, or nil.
func (s *standing[T]) last(matches func(T) bool) *T {
	for _, item := range slices.Backward(s.items) {
		if matches(*item) {
			return item
		}
	}
	return nil
}

// newest returns the item that was added last, or nil.
func (s *standing[T]) newest() *T { return s.last(func(T) bool { return true }) }

// override has the values that people set one thing to, each until its own end. The newest
// one is in force.
type override[T any] struct {
	values standing[T]
	// before is the value from before the first of them.
	before T
}

// set puts a value in force over the present one until end is called.
func (o *override[T]) set(present, value T) (end func()) {
	if o.values.newest() == nil {
		o.before = present
	}
	return o.values.add(value)
}

// inForce returns the newest value, or the one from before all of them.
func (o *override[T]) inForce() T {
	if newest := o.values.newest(); newest != nil {
		return *newest
	}
	return o.before
}
