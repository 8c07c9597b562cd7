package storage

import (
	"bytes"
	"slices"
	"sync"
)

// parsed is the list that was parsed last, and its items, which are never changed. The lists
// of the log grow by a record at each evaluation: only what is new is parsed, because parsing
// a whole week takes longer than everything else that an evaluation does.
type parsed[T any] struct {
	mutex sync.Mutex
	text  []byte
	items []T
}

// parse returns the items of a list. whole parses a list that is not the last one with
// records added at its end; it gives one item for a record that is null.
func (p *parsed[T]) parse(text []byte, whole func([]byte) ([]T, error)) ([]T, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	old, isList := bytes.CutSuffix(p.text, []byte(end))
	added, hasGrown := bytes.CutPrefix(text, old)
	switch {
	case len(p.items) == 0 || !isList || !hasGrown:
	case string(added) == end:
		return slices.Clip(p.items), nil
	case bytes.HasPrefix(added, []byte(separator)):
		items, err := whole(append([]byte("[null"), added...))
		if err != nil {
			break // the error of the whole list names the right record
		}
		p.text, p.items = text, append(p.items, items[1:]...)
		return slices.Clip(p.items), nil
	}
	items, err := whole(text)
	if err != nil {
		return nil, err
	}
	p.text, p.items = text, items
	return slices.Clip(items), nil
}
