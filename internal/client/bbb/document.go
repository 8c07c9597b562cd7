package bbb

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxElement is the largest element that is decoded, in bytes, including its tags.
// Skipped elements may be larger.
const maxElement = 64 << 10

// document reads XML while it arrives. Elements that we need are decoded with
// encoding/xml; all others are skipped without decoding them, which takes less time
// and no memory.
type document struct {
	source  *source
	decoder *xml.Decoder
}

func newDocument(r io.Reader) *document {
	s := &source{Reader: bufio.NewReader(r)}
	return &document{s, xml.NewDecoder(s)}
}

// root opens the root element and returns its name.
func (d *document) root() (string, error) {
	for {
		d.source.budget = maxElement
		token, err := d.token()
		if errors.Is(err, io.EOF) {
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

// eachChild opens the children of the open element one after the other, and calls
// visit with the name of each. visit must read or skip the child.
func (d *document) eachChild(visit func(name string) error) error {
	for {
		d.source.budget = maxElement
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

// skipUnwanted discards the next children up to one with any of the given names.
// It stops earlier at tags that are not plain (see plainTag), so the next child may
// still be unwanted.
func (d *document) skipUnwanted(names []string) error {
	if d.source.selfClosed() {
		return nil // the open element has no children
	}
	return d.source.skipElements(names)
}

// text reads the open element to its end and returns its text, trimmed. A child
// element is an error.
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
			return "", fmt.Errorf("XML: found element %.40q where text is expected", t.Name.Local)
		case xml.EndElement:
			return strings.TrimSpace(text.String()), nil
		}
	}
}

// content reads the open element to its end. It returns its text and that of its children,
// with a space between them.
func (d *document) content() (string, error) {
	var words []string
	for depth := 1; depth > 0; {
		token, err := d.token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			words = append(words, strings.Fields(string(t))...)
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return strings.Join(words, " "), nil
}

// skip discards the open element to its end.
func (d *document) skip() error {
	if !d.source.selfClosed() {
		if err := d.source.skipContent(); err != nil {
			return err
		}
	}
	_, err := d.token() // the decoder checks that the end tag fits the start tag
	return err
}

func (d *document) token() (xml.Token, error) {
	token, err := d.decoder.Token()
	var broken *xml.SyntaxError
	switch {
	case errors.As(err, &broken):
		// The line number is left out: it is wrong after a skip.
		return nil, fmt.Errorf("XML: %.100q", broken.Msg)
	case err != nil && !d.source.failed:
		return nil, fmt.Errorf("XML: %.100q", err.Error()) // for example, an unknown encoding
	}
	return token, err
}
