package migrate

import (
	"maps"
	"slices"
	"strconv"
)

// Value is the value of a PHP expression: nil, bool, int64, float64, string, Name or *Array.
type Value any

// Name is a constant whose value only PHP knows, for example \Monolog\Level::Info.
type Name string

// Array is a PHP array, which is ordered. It is not changed once it has been read.
type Array struct {
	keys   []string
	values map[string]Value
	next   int64 // the key of the next element that is added without a key
}

// Get returns the value of a key.
func (a *Array) Get(key string) (Value, bool) {
	value, ok := a.values[key]
	return value, ok
}

// Keys returns the keys in their order.
func (a *Array) Keys() []string { return slices.Clone(a.keys) }

// with returns a copy of the array with an element added or replaced.
func (a *Array) with(key string, value Value) *Array {
	b := &Array{slices.Clone(a.keys), maps.Clone(a.values), a.next}
	b.put(key, value)
	return b
}

// put adds or replaces an element while the array is being read.
func (a *Array) put(key string, value Value) {
	if _, known := a.values[key]; !known {
		a.keys = append(a.keys, key)
	}
	if a.values == nil {
		a.values = map[string]Value{}
	}
	a.values[key] = value
	if n, err := strconv.ParseInt(key, 10, 64); err == nil && n >= a.next && strconv.FormatInt(n, 10) == key {
		a.next = n + 1
	}
}

// add adds an element with the next key.
func (a *Array) add(value Value) { a.put(strconv.FormatInt(a.next, 10), value) }
