package sandbox

import (
	"bufio"
	"encoding/xml"
	"strings"
)

// xmlWriter writes XML with one element per line, as BBB does. Its bufio.Writer keeps
// the first error.
type xmlWriter struct{ *bufio.Writer }

func (x xmlWriter) open(name string) { x.line("<", name, ">") }

func (x xmlWriter) close(name string) { x.line("</", name, ">") }

// text writes an element that has only text.
func (x xmlWriter) text(name, value string) {
	x.write("<", name, ">")
	if strings.ContainsAny(value, `&<>"'`) {
		_ = xml.EscapeText(x, []byte(value))
	} else {
		x.write(value)
	}
	x.line("</", name, ">")
}

func (x xmlWriter) flag(name string, value bool) {
	if value {
		x.text(name, "true")
	} else {
		x.text(name, "false")
	}
}

func (x xmlWriter) line(parts ...string) {
	x.write(parts...)
	x.write("\n")
}

func (x xmlWriter) write(parts ...string) {
	for _, part := range parts {
		_, _ = x.WriteString(part)
	}
}
