package deploy

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"

	"divims/internal/pool"
)

// output passes on what osls prints, line by line, without secrets. Of an uncaught error
// it leaves out the dump of the request, which has the key in it and hundreds of lines.
type output struct {
	to      io.Writer
	secrets *strings.Replacer
	partial []byte
	// uncaught reports whether an uncaught error has begun.
	uncaught bool
	// busy reports whether an error was printed after which the same call may succeed.
	busy bool
}

// minSecret is the length of the shortest secret that is redacted, in bytes. Shorter ones
// would make ordinary words unreadable.
const minSecret = 4

// newOutput returns an output that redacts secrets.
func newOutput(to io.Writer, secrets []pool.Secret) *output {
	var forms []string
	for _, secret := range secrets {
		for _, text := range append(strings.Split(secret.Reveal(), "\n"), secret.Reveal()) {
			encoded, _ := json.Marshal(text) // a string can always be encoded
			forms = append(forms, text, strings.Trim(string(encoded), `"`))
		}
	}
	// The replacer takes the first that fits, so a secret must come before its beginning.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range slices.Compact(forms) {
		if len(form) >= minSecret {
			pairs = append(pairs, form, "[secret]")
		}
	}
	return &output{to: to, secrets: strings.NewReplacer(pairs...)}
}

// Write implements io.Writer.
func (o *output) Write(text []byte) (int, error) {
	o.partial = append(o.partial, text...)
	for {
		line, rest, whole := bytes.Cut(o.partial, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		o.partial = rest
		if err := o.line(string(line)); err != nil {
			return 0, err
		}
	}
}

// Close writes what is left without a line end.
func (o *output) Close() error {
	if len(o.partial) == 0 {
		return nil
	}
	return o.line(string(o.partial))
}

var (
	// stackLine is a line of a JavaScript stack.
	stackLine = regexp.MustCompile(`^\s+at .*`)
	// dumpLine is a line that Node.js prints of an uncaught error besides its message.
	dumpLine = regexp.MustCompile(`^(\s.*|\}.*|Node\.js v.*|/.*:[0-9]+)?$`)
	// busyLine is in messages of Scaleway, or of the connection to it, that say that
	// the same may succeed later.
	busyLine = regexp.MustCompile(`(?i)transient|unavailable|too many requests|quota exceeded for this API|time[d-]? ?out|ECONN|EAI_AGAIN|socket hang up|internal error|bad gateway|status(:| code) (409|429|5[0-9][0-9])`)
)

func (o *output) line(line string) error {
	o.uncaught = o.uncaught || strings.Contains(line, "Uncaught exception")
	o.busy = o.busy || busyLine.MatchString(line)
	if stackLine.MatchString(line) || o.uncaught && dumpLine.MatchString(line) {
		return nil
	}
	_, err := io.WriteString(o.to, o.secrets.Replace(line)+"\n")
	return err
}
