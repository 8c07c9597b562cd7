package bbb

import (
	"errors"
	"fmt"
	"io"
)

// readAnswer reads the frame that every answer of BBB has, and gives the
// messageKey. The elements that are not of the frame go to visit by name, which
// has to read or skip them. A FAILED answer is an *Error.
func readAnswer(call string, r io.Reader, visit func(d *document, name string) error) (key string, err error) {
	d := newDocument(r)
	root, err := d.root()
	if err != nil {
		return "", fmt.Errorf("not an answer of BBB: %w", err)
	}
	if root != "response" {
		return "", fmt.Errorf("not an answer of BBB: it begins with <%.40s>", root)
	}
	frame := texts{}
	err = d.each(func(name string) error {
		switch name {
		case "returncode", "messageKey", "message":
			return frame.add(d, name)
		}
		return visit(d, name)
	})
	if err != nil {
		return "", err
	}
	switch frame["returncode"] {
	case "SUCCESS":
		return frame["messageKey"], nil
	case "":
		return "", errors.New("not an answer of BBB: no returncode")
	}
	return "", &Error{Call: call, Key: frame["messageKey"], Message: frame["message"]}
}

// list is how BBB answers with a list.
type list struct {
	call  string
	name  string // of the list's element
	item  string // of the elements in it
	empty string // messageKey instead of an empty list
}

// readList reads an answer with a list. An item that parse refuses makes the
// whole list an error, and so does a list that is not there.
func readList[T any](r io.Reader, l list, parse func(*document) (T, error)) ([]T, error) {
	items := []T{}
	listed := false
	key, err := readAnswer(l.call, r, func(d *document, name string) error {
		if name != l.name {
			return d.skip()
		}
		listed = true
		return d.each(func(name string) error {
			if name != l.item {
				return fmt.Errorf("unknown element <%.40s> in the list", name)
			}
			item, err := parse(d)
			if err != nil {
				return fmt.Errorf("%s %d: %w", l.item, len(items)+1, err)
			}
			items = append(items, item)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if !listed && key != l.empty {
		return nil, fmt.Errorf("no list of %s in the answer", l.name)
	}
	return items, nil
}
