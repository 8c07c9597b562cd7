package pool

import "encoding/json"

// Reading is the result of looking for a value: seen, or unknown with the
// reason. The zero Reading is unknown. Unknown is never zero and never an empty
// list: whoever needs the value has to say what happens without it.
type Reading[T any] struct {
	value  T
	seen   bool
	reason string
}

// Seen is a value that was seen.
func Seen[T any](value T) Reading[T] { return Reading[T]{value: value, seen: true} }

// Unknown is a value that could not be seen, and why. The reason is shown to
// operators; it must not hold a secret.
func Unknown[T any](reason string) Reading[T] { return Reading[T]{reason: reason} }

// Read turns the usual (value, error) pair into a Reading.
func Read[T any](value T, err error) Reading[T] {
	if err != nil {
		return Unknown[T](err.Error())
	}
	return Seen(value)
}

// Get returns the value and whether it is known.
func (r Reading[T]) Get() (T, bool) { return r.value, r.seen }

// Known tells whether the value was seen.
func (r Reading[T]) Known() bool { return r.seen }

// Reason tells why the value is unknown; it is empty for a known value.
func (r Reading[T]) Reason() string {
	if !r.seen && r.reason == "" {
		return "not looked at"
	}
	return r.reason
}

// MarshalJSON writes the value, or null when it is unknown.
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
