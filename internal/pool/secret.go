package pool

import (
	"fmt"
	"log/slog"
)

// hidden is printed instead of a secret.
const hidden = "[secret]"

// Secret is a string that is hidden in fmt, slog, JSON and text, also inside another
// struct. Only Reveal returns it. The value is behind a pointer, because fmt prints
// unexported fields without calling their methods.
type Secret struct{ value *string }

// NewSecret returns a Secret with a value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns the value, to sign with it or to send it. Never log the result.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether the value is not empty.
func (s Secret) IsSet() bool { return s.Reveal() != "" }

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// MarshalText hides the value in JSON and every other text encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText reads the value from a setting or a JSON answer.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// LogValue hides the value in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
