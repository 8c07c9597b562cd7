package migrate

import (
	"maps"
	"slices"
	"strconv"
)

// Value is what a PHP expression of the kinds that are read stands for: nil, bool,
// int64, float64, string, Name or *Array.
type Value any

// Name is a constant that only PHP could tell the value of, for example
// \Monolog\Level::Info.
type Name string

// Array is a PHP array, in order. It is not changed once it was made.
type Array struct {
	keys   []string
	values map[string]Value
	next   int64 // the key of the next element without one
}

// Get gives the value of a key.
func (a *Array) Get(key string) (Value, bool) {
	value, ok := a.values[key]
	return value, ok
}

// Keys are the keys in their order.
func (a *Array) Keys() []string { return slices.Clone(a.keys) }

// with is the array with one more element, or another value for a key.
func (a *Array) with(key string, value Value) *Array {
	b := &Array{slices.Clone(a.keys), maps.Clone(a.values), a.next}
	b.put(key, value)
	return b
}

// put changes an array that is being made.
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

func (a *Array) add(value Value) { a.put(strconv.FormatInt(a.next, 10), value) }
