package sandbox

import (
	"bufio"
	"encoding/xml"
	"strings"
)

// markup writes XML, an element a line as BBB does. The Writer keeps the first
// error.
type markup struct{ *bufio.Writer }

func (m markup) open(name string) { m.line("<", name, ">") }

func (m markup) close(name string) { m.line("</", name, ">") }

// text writes an element with nothing but text in it.
func (m markup) text(name, value string) {
	m.write("<", name, ">")
	if strings.ContainsAny(value, `&<>"'`) {
		_ = xml.EscapeText(m, []byte(value))
	} else {
		m.write(value)
	}
	m.line("</", name, ">")
}

func (m markup) flag(name string, value bool) {
	if value {
		m.text(name, "true")
	} else {
		m.text(name, "false")
	}
}

func (m markup) line(parts ...string) {
	m.write(parts...)
	m.write("\n")
}

func (m markup) write(parts ...string) {
	for _, part := range parts {
		_, _ = m.WriteString(part)
	}
}
