package bbb

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
)

// source is the text of a document. It is an io.ByteReader, so that xml.Decoder
// never reads beyond the token it gives, and skipping can go on from there.
type source struct {
	*bufio.Reader
	budget       int  // how much more the decoder may read, in bytes
	before, last byte // the last two bytes that it has read
	failed       bool // there was an error that is not the decoder's
}

// ReadByte gives the decoder its next byte.
func (s *source) ReadByte() (byte, error) {
	if s.budget == 0 {
		s.failed = true
		return 0, fmt.Errorf("XML: an element is longer than %d bytes", longestElement)
	}
	s.budget--
	b, err := s.Reader.ReadByte()
	s.before, s.last, s.failed = s.last, b, err != nil
	return b, err
}

// selfClosed tells whether the start tag just read was of the form <a/>.
func (s *source) selfClosed() bool { return s.before == '/' }

// skipContent discards what is inside the open element, and leaves its end tag.
// Names are not compared on the way: what is skipped is only counted.
func (s *source) skipContent() error {
	for depth := 0; ; {
		depth += s.skipTags(depth)
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

// longestPlainName bounds the names of elements that skipElements looks at, in bytes.
const longestPlainName = 64

// skipElements discards elements, and the text between them, up to an end tag, to
// an element of one of the given names, or to one that is not begun by a plain tag,
// such as <a> or <a/>: those are the decoder's.
func (s *source) skipElements(names []string) error {
	for {
		if err := s.seek("<"); err != nil {
			return err
		}
		name, length := s.plainTag()
		if length == 0 || slices.Contains(names, name) {
			return nil
		}
		selfClosed := length > len("<>")+len(name)
		if _, err := s.Discard(length); err != nil {
			return err
		}
		if selfClosed {
			continue
		}
		if err := s.skipContent(); err != nil {
			return err
		}
		if err := s.closeElement(name); err != nil {
			return err
		}
	}
}

// closeElement discards the end tag that is next, which has to be that of name.
func (s *source) closeElement(name string) error {
	tag, err := s.ReadSlice('>')
	if err != nil {
		return unexpected(err)
	}
	closed := bytes.TrimRight(tag[len("</"):len(tag)-1], " \t\r\n")
	if string(closed) != name {
		return fmt.Errorf("XML: element <%s> closed by </%.40q>", name, closed)
	}
	return nil
}

// plainTag gives the name in the start tag that is next, and the tag's length; 0
// for another kind of tag, and one with attributes or a prefix.
func (s *source) plainTag() (name string, length int) {
	text, _ := s.Peek(longestPlainName + len("</>"))
	end := bytes.IndexByte(text, '>')
	if end < 2 {
		return "", 0
	}
	inner := bytes.TrimSuffix(text[1:end], []byte("/"))
	for _, c := range inner {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return "", 0
		}
	}
	return string(inner), end + 1
}

// skipTags discards plain tags, and the text before them, as far as they are in
// the buffer, and tells how many more elements were opened than closed. It is what
// makes skipping fast: it stops at everything that needs a closer look, and at the
// end tag on depth 0.
func (s *source) skipTags(depth int) (opened int) {
	text, _ := s.Peek(s.Buffered())
	skipped := 0
	for {
		begin := bytes.IndexByte(text[skipped:], '<')
		if begin < 0 {
			break
		}
		begin += skipped
		end := bytes.IndexByte(text[begin:], '>')
		if end < 2 { // not whole, or <>
			break
		}
		end += begin
		switch tag := text[begin+1 : end]; {
		case tag[0] == '/' && depth+opened == 0, tag[0] == '!', tag[0] == '?', bytes.IndexByte(tag, '"') >= 0, bytes.IndexByte(tag, '\'') >= 0:
			_, _ = s.Discard(skipped)
			return opened
		case tag[0] == '/':
			opened--
		case tag[len(tag)-1] != '/':
			opened++
		}
		skipped = end + 1
	}
	_, _ = s.Discard(skipped)
	return opened
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
