package bbb

import (
	"errors"
	"fmt"
	"io"
)

// readResponse reads a response and returns its messageKey. It reads returncode,
// messageKey and message, and calls visit for each other element, which visit
// must read or skip. A response with returncode FAILED is returned as an *Error.
func readResponse(call string, r io.Reader, visit func(d *document, name string) error) (key string, err error) {
	d := newDocument(r)
	root, err := d.root()
	if err != nil {
		return "", fmt.Errorf("not a BBB response: %w", err)
	}
	if root != "response" {
		return "", fmt.Errorf("not a BBB response: the root element is <%.40s>", root)
	}
	frame := texts{}
	err = d.eachChild(func(name string) error {
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
		return "", errors.New("not a BBB response: no returncode")
	}
	return "", &Error{Call: call, Key: frame["messageKey"], Message: frame["message"]}
}

// list describes a response that holds a list.
type list struct {
	call  string
	name  string // name of the list element
	item  string // name of the elements in the list
	empty string // messageKey that BBB may send instead of an empty list
}

// readList reads a response that holds a list. It returns an error if the list is
// missing, if parse returns an error for any item, or if BBB sends <error> instead of one.
func readList[T any](r io.Reader, l list, parse func(*document) (T, error)) ([]T, error) {
	items := []T{}
	listed := false
	key, err := readResponse(l.call, r, func(d *document, name string) error {
		if name != l.name {
			return d.skip()
		}
		listed = true
		return d.eachChild(func(name string) error {
			if name == "error" {
				return unreadableItem(d, l.item, len(items)+1)
			}
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
		return nil, fmt.Errorf("no list of %s in the response", l.name)
	}
	return items, nil
}

// unreadableItem returns an error with the text that BBB sends instead of an item.
func unreadableItem(d *document, item string, number int) error {
	said, err := d.content()
	if err != nil {
		return err
	}
	return fmt.Errorf("%s %d: BBB answers <error> instead: %.200q", item, number, said)
}
