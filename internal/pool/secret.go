package pool

import (
	"fmt"
	"log/slog"
)

// hidden is what a Secret shows of itself.
const hidden = "[secret]"

// Secret is a string that cannot print itself: not through fmt, not through
// slog, not as JSON or text, not inside another struct. Only Reveal gives it.
// The value sits behind a pointer because fmt prints unexported fields raw,
// without asking their methods.
type Secret struct{ value *string }

// NewSecret hides a value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal gives the value, to sign or to send it. Never log the result.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet tells whether there is a value at all.
func (s Secret) IsSet() bool { return s.Reveal() != "" }

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// MarshalText hides the value in JSON and every other text encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText takes the value from the environment or a JSON answer.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// LogValue hides the value in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
