package bbb

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxName is the longest ID, state or version, in bytes. BBB allows 256 characters
// for a meeting's ID and chooses the other values itself.
const maxName = 1024

// texts maps the names of an element's children to their texts.
type texts map[string]string

// readTexts reads the open element to its end. It returns the texts of the children
// with the given names.
func readTexts(d *document, names ...string) (texts, error) {
	found := texts{}
	if err := d.skipUnwanted(names); err != nil {
		return nil, err
	}
	err := d.eachChild(func(name string) (err error) {
		if slices.Contains(names, name) {
			err = found.add(d, name)
		} else {
			err = d.skip()
		}
		if err != nil {
			return err
		}
		return d.skipUnwanted(names)
	})
	return found, err
}

// add reads the text of the open element. An element that occurs twice is an error:
// BBB never repeats one, so somebody may have injected it.
func (t texts) add(d *document, name string) error {
	if _, twice := t[name]; twice {
		return fmt.Errorf("%s: occurs twice", name)
	}
	text, err := d.text()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	t[name] = text
	return nil
}

// fields converts required values. It keeps the first error in err; if err is set,
// the returned values must not be used.
type fields struct {
	texts texts
	err   error
}

func (f *fields) text(name string) string {
	switch text := f.texts[name]; {
	case text == "":
		f.fail(name, errors.New("missing or empty"))
	case len(text) > maxName:
		f.fail(name, fmt.Errorf("longer than %d bytes", maxName))
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
