package pool

import "encoding/json"

// Reading is a value that could be read, or unknown with a reason. The zero Reading is
// unknown. An unknown value is never 0 or an empty list: code that needs it must handle
// its absence.
type Reading[T any] struct {
	value  T
	seen   bool
	reason string
}

// Seen returns a Reading with a known value.
func Seen[T any](value T) Reading[T] { return Reading[T]{value: value, seen: true} }

// Unknown returns an unknown Reading. Operators see the reason, so it must not contain a
// secret.
func Unknown[T any](reason string) Reading[T] { return Reading[T]{reason: reason} }

// Read converts a (value, error) pair into a Reading.
func Read[T any](value T, err error) Reading[T] {
	if err != nil {
		return Unknown[T](err.Error())
	}
	return Seen(value)
}

// Get returns the value and whether it is known.
func (r Reading[T]) Get() (T, bool) { return r.value, r.seen }

// Known reports whether the value is known.
func (r Reading[T]) Known() bool { return r.seen }

// Reason returns why the value is unknown; it is empty for a known value.
func (r Reading[T]) Reason() string {
	if !r.seen && r.reason == "" {
		return "not looked at"
	}
	return r.reason
}

// MarshalJSON writes the value, or null if it is unknown.
func (r Reading[T]) MarshalJSON() ([]byte, error) {
	if !r.seen {
		return []byte("null"), nil
	}
	return json.Marshal(r.value)
}

// UnmarshalJSON reads what MarshalJSON wrote; null becomes unknown.
func (r *Reading[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*r = Reading[T]{reason: "not recorded"}
		return nil
	}
	*r = Reading[T]{seen: true}
	return json.Unmarshal(data, &r.value)
}

// IsZero makes `omitzero` leave out unknown values.
func (r Reading[T]) IsZero() bool { return !r.seen }
