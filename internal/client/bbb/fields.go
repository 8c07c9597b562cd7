package bbb

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// longestName bounds a name or a state, in bytes. BBB allows a meeting's ID 256
// characters, and makes all others itself.
const longestName = 1024

// texts are what an element's children say, by their names.
type texts map[string]string

// readTexts reads the open element to its end, and of its children those named.
func readTexts(d *document, names ...string) (texts, error) {
	found := texts{}
	if err := d.passOver(names); err != nil {
		return nil, err
	}
	err := d.each(func(name string) (err error) {
		if slices.Contains(names, name) {
			err = found.add(d, name)
		} else {
			err = d.skip()
		}
		if err != nil {
			return err
		}
		return d.passOver(names)
	})
	return found, err
}

// add reads the open element. BBB never says a thing twice: an answer that does
// is one that somebody has put elements into.
func (t texts) add(d *document, name string) error {
	if _, twice := t[name]; twice {
		return fmt.Errorf("%s: given twice", name)
	}
	text, err := d.text()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	t[name] = text
	return nil
}

// fields reads values that have to be there. It keeps the first error, after
// which its values mean nothing.
type fields struct {
	texts texts
	err   error
}

func (f *fields) text(name string) string {
	switch text := f.texts[name]; {
	case text == "":
		f.fail(name, errors.New("not given"))
	case len(text) > longestName:
		f.fail(name, fmt.Errorf("longer than %d bytes", longestName))
	}
	return f.texts[name]
}

func (f *fields) flag(name string) bool {
	text := f.texts[name]
	if text != "true" && text != "false" {
		f.fail(name, fmt.Errorf("%.40q is neither true nor false", text))
	}
	return text == "true"
}

func (f *fields) count(name string) int {
	n, err := parseCount(f.texts[name])
	f.fail(name, err)
	return n
}

func (f *fields) time(name string) time.Time {
	t, err := parseTime(f.texts[name])
	f.fail(name, err)
	return t
}

func (f *fields) fail(name string, err error) {
	if f.err == nil && err != nil {
		f.err = fmt.Errorf("%s: %w", name, err)
	}
}
