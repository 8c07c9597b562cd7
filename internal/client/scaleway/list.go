package scaleway

import (
	"errors"
	"fmt"

	"github.com/scaleway/scaleway-sdk-go/scw"
)

const (
	// pageSize is the largest that the API allows.
	pageSize = 100
	// maxPages ends a list that never ends.
	maxPages = 100
)

// readAll reads all pages of a list, complete or an error. The SDK's own
// WithAllPages is not strict enough: it takes an empty page for the end of the
// list, and does not see when the list changes from one page to the next.
//
// read gives one page, counted from 1, and how long the whole list is.
func readAll[T any](id func(*T) string, read func(page *int32) ([]*T, uint64, error)) ([]*T, error) {
	var all []*T
	seen := map[string]bool{}
	var length uint64
	for page := int32(1); page <= maxPages; page++ {
		items, total, err := read(&page)
		if err != nil {
			return nil, err
		}
		if page == 1 {
			length = total
		}
		if total != length {
			return nil, fmt.Errorf("the list changed while it was read: %d entries on page 1, %d on page %d", length, total, page)
		}
		for _, item := range items {
			if item == nil || id(item) == "" {
				return nil, fmt.Errorf("page %d has an entry without an id", page)
			}
			if seen[id(item)] {
				return nil, fmt.Errorf("page %d repeats %s", page, id(item))
			}
			seen[id(item)] = true
			all = append(all, item)
		}
		count := uint64(len(all))
		if count == length {
			return all, nil
		}
		if count > length || len(items) == 0 {
			return nil, fmt.Errorf("the list has %d entries, but %d came", length, count)
		}
	}
	return nil, errors.New("the list does not end")
}

// size is the page size as the SDK wants it.
func size() *uint32 { return scw.Uint32Ptr(pageSize) }
