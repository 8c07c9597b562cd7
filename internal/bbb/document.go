package bbb

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// longestToken bounds one tag or one piece of text that is looked at, in bytes,
// and so what an answer can make us hold in memory.
const longestToken = 64 << 10

var errLongToken = fmt.Errorf("XML: a tag or text is longer than %d bytes", longestToken)

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
	d.source.budget = longestToken
	token, err := d.decoder.Token()
	var broken *xml.SyntaxError
	if errors.As(err, &broken) {
		// Without its line number, which is wrong after a skip.
		return nil, fmt.Errorf("XML: %.100s", broken.Msg)
	}
	return token, err
}

// source is the text of a document. It is an io.ByteReader, so that xml.Decoder
// never reads beyond the token it gives, and skipping can go on from there.
type source struct {
	*bufio.Reader
	budget       int
	before, last byte // the last two bytes that the decoder has read
}

// ReadByte gives the decoder its next byte.
func (s *source) ReadByte() (byte, error) {
	if s.budget == 0 {
		return 0, errLongToken
	}
	s.budget--
	b, err := s.Reader.ReadByte()
	s.before, s.last = s.last, b
	return b, err
}

// selfClosed tells whether the start tag just read was of the form <a/>.
func (s *source) selfClosed() bool { return s.before == '/' }

// skipContent discards what is inside the open element, and leaves its end tag.
// Names are not compared on the way: what is skipped is only counted.
func (s *source) skipContent() error {
	for depth := 0; ; {
		if err := s.seek("<"); err != nil {
			return err
		}
		markup, _ := s.Peek(len("<![CDATA[")) // less at the end, where seek gives the error
		var err error
		switch {
		case bytes.HasPrefix(markup, []byte("</")):
			if depth == 0 {
				return nil
			}
			depth--
			err = s.skipPast("</", ">")
		case bytes.HasPrefix(markup, []byte("<![CDATA[")):
			err = s.skipPast("<![CDATA[", "]]>")
		case bytes.HasPrefix(markup, []byte("<!--")):
			err = s.skipPast("<!--", "-->")
		case bytes.HasPrefix(markup, []byte("<?")):
			err = s.skipPast("<?", "?>")
		default:
			var opened int
			opened, err = s.skipStartTag()
			depth += opened
		}
		if err != nil {
			return err
		}
	}
}

// skipStartTag discards a start tag. It opens one element, or none if it closes
// itself. A > between quotes does not end it.
func (s *source) skipStartTag() (opened int, err error) {
	var quote, before byte
	for {
		b, err := s.Reader.ReadByte()
		switch {
		case err != nil:
			return 0, unexpected(err)
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '>' && before == '/':
			return 0, nil
		case b == '>':
			return 1, nil
		}
		before = b
	}
}

// skipPast discards what begins with start, which is next, and ends with end.
func (s *source) skipPast(start, end string) error {
	if _, err := s.Discard(len(start)); err != nil {
		return unexpected(err)
	}
	if err := s.seek(end); err != nil {
		return err
	}
	_, err := s.Discard(len(end))
	return err
}

// seek discards everything before the next mark.
func (s *source) seek(mark string) error {
	for {
		if _, err := s.Peek(len(mark)); err != nil {
			return unexpected(err)
		}
		buffered, _ := s.Peek(s.Buffered())
		if i := bytes.Index(buffered, []byte(mark)); i >= 0 {
			_, err := s.Discard(i)
			return err
		}
		// The mark may have begun in the last bytes.
		if _, err := s.Discard(len(buffered) - len(mark) + 1); err != nil {
			return err
		}
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
