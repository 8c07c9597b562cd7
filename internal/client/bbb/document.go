package bbb

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// longestElement bounds an element of which the text is read, tags included, in
// bytes: no answer can make us hold more at once.
const longestElement = 64 << 10

// document reads XML as it arrives. What is asked for goes through encoding/xml;
// what is skipped does not, which takes no memory and a fifth of the time.
type document struct {
	source  *source
	decoder *xml.Decoder
}

func newDocument(r io.Reader) *document {
	s := &source{Reader: bufio.NewReader(r)}
	return &document{s, xml.NewDecoder(s)}
}

// root opens the root element and gives its name.
func (d *document) root() (string, error) {
	for {
		d.source.budget = longestElement
		token, err := d.token()
		if err == io.EOF {
			return "", errors.New("no XML element")
		}
		if err != nil {
			return "", err
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Name.Local, nil
		}
	}
}

// each opens the children of the open element one after the other, up to its
// end. visit has to read or skip the child that it is given by name.
func (d *document) each(visit func(name string) error) error {
	for {
		d.source.budget = longestElement
		token, err := d.token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := visit(t.Name.Local); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// passOver discards the children that come next, up to one of the given names. It
// may leave others, too.
func (d *document) passOver(names []string) error {
	if d.source.selfClosed() {
		return nil // there are none
	}
	return d.source.skipElements(names)
}

// text reads the open element to its end, as text without the space around it.
func (d *document) text() (string, error) {
	var text strings.Builder
	for {
		token, err := d.token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			return "", fmt.Errorf("XML: element %.40q where text should be", t.Name.Local)
		case xml.EndElement:
			return strings.TrimSpace(text.String()), nil
		}
	}
}

// skip passes over the open element, to its end.
func (d *document) skip() error {
	if !d.source.selfClosed() {
		if err := d.source.skipContent(); err != nil {
			return err
		}
	}
	_, err := d.token() // the end tag, which the decoder holds against the start tag
	return err
}

func (d *document) token() (xml.Token, error) {
	token, err := d.decoder.Token()
	var broken *xml.SyntaxError
	switch {
	case errors.As(err, &broken):
		// Without its line number, which is wrong after a skip.
		return nil, fmt.Errorf("XML: %.100q", broken.Msg)
	case err != nil && !d.source.failed:
		return nil, fmt.Errorf("XML: %.100q", err.Error()) // an encoding that it does not know
	}
	return token, err
}
