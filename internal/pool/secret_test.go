package pool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestSecretIsHidden checks fmt, JSON and slog, alone and inside other values.
func TestSecretIsHidden(t *testing.T) {
	const value = "open-sesame"
	entry := Entry{ID: "1", Secret: NewSecret(value)}
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		_, _ = fmt.Fprintf(&shown, verb+"\n", entry.Secret)
		_, _ = fmt.Fprintf(&shown, verb+"\n", entry)
		_, _ = fmt.Fprintf(&shown, verb+"\n", map[string]any{"entry": &entry, "secret": &entry.Secret})
	}
	body, err := json.Marshal(map[string]any{"entry": entry, "secret": entry.Secret})
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(body)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		slog.New(handler).Info("entry", "entry", entry, "secret", entry.Secret)
	}
	if text := shown.String(); strings.Contains(text, value) || strings.Contains(text, fmt.Sprintf("%x", value)) {
		t.Errorf("the secret is in\n%s", text)
	}
	if !strings.Contains(shown.String(), hidden) || entry.Secret.Reveal() != value {
		t.Error("the output lacks the placeholder, or Reveal does not return the value")
	}
}
