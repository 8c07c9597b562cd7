package world

import "slices"

// standing holds what overlapping events have in force, in the order in which they began.
// Each stays until its own end. T must not be a type without a size: its pointers are all
// the same.
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
