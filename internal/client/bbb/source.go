package bbb

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// source holds the text of a document. It implements io.ByteReader, so xml.Decoder
// does not read beyond the token it returns, and skipping can continue from there.
type source struct {
	*bufio.Reader
	budget       int  // how many bytes the decoder may still read
	before, last byte // the last two bytes that the decoder has read
	failed       bool // the last ReadByte returned an error
}

// ReadByte returns the next byte to the decoder.
func (s *source) ReadByte() (byte, error) {
	if s.budget == 0 {
		s.failed = true
		return 0, fmt.Errorf("XML: an element is longer than %d bytes", maxElement)
	}
	s.budget--
	b, err := s.Reader.ReadByte()
	s.before, s.last, s.failed = s.last, b, err != nil
	return b, err
}

// selfClosed reports whether the start tag just read has the form <a/>.
func (s *source) selfClosed() bool { return s.before == '/' }

// skipContent discards the content of the open element up to its end tag. It counts
// the tags inside but does not compare their names.
func (s *source) skipContent() error {
	for depth := 0; ; {
		depth += s.skipTags(depth)
		if err := s.seek("<"); err != nil {
			return err
		}
		markup, _ := s.Peek(len("<![CDATA[")) // may be shorter near the end; then the next seek fails
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

// maxPlainName is the longest name that plainTag recognises, in bytes.
const maxPlainName = 64

// skipElements discards elements and the text between them. It stops at an end tag,
// at an element with one of the given names, and at any tag that is not plain, such
// as one with attributes. The decoder reads on from there.
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

// closeElement discards the end tag that comes next. It returns an error if the tag
// does not close the named element.
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

// plainTag returns the name in the start tag that comes next and the tag's length.
// A plain tag is <a> or <a/> with letters only. For any other tag the length is 0.
func (s *source) plainTag() (name string, length int) {
	text, _ := s.Peek(maxPlainName + len("</>"))
	end := bytes.IndexByte(text, '>')
	if end < 2 {
		return "", 0
	}
	inner := bytes.TrimSuffix(text[1:end], []byte("/"))
	for _, c := range inner {
		if !isLetter(c) {
			return "", 0
		}
	}
	return string(inner), end + 1
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// skipTags discards the tags in the buffer and the text before them. It returns how
// many more elements were opened than closed. It stops at the end tag on depth 0, at
// comments, CDATA and instructions, and at tags with quotes, which skipContent
// handles. Scanning the buffer like this is what makes skipping fast.
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
		if end < 2 { // the tag is incomplete, or <>
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

// skipStartTag discards a start tag and returns how many elements it opens: 1, or 0
// if it has the form <a/>. A > between quotes does not end the tag.
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

// skipPast discards the markup that comes next, from its start mark to its end mark.
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

// seek discards everything before the next occurrence of mark.
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
		// The last bytes may be the beginning of the mark.
		if _, err := s.Discard(len(buffered) - len(mark) + 1); err != nil {
			return err
		}
	}
}

// unexpected replaces io.EOF by io.ErrUnexpectedEOF.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
