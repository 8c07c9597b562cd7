package scaleway

import (
	"errors"
	"fmt"

	"github.com/scaleway/scaleway-sdk-go/scw"
)

const (
	// pageSize is the largest page size that the API allows.
	pageSize = 100
	// maxPages bounds a list that never ends.
	maxPages = 100
)

// readAll reads all pages of a list, and fails unless the list is complete. The SDK's
// WithAllPages is not strict enough: it takes an empty page for the end of the list,
// and does not notice when the list changes between two pages.
//
// read returns one page, counted from 1, and the length of the whole list.
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
			return nil, fmt.Errorf("the list has %d entries, but %d were returned", length, count)
		}
	}
	return nil, errors.New("the list does not end")
}

// size returns pageSize as the pointer that the SDK takes.
func size() *uint32 { return scw.Uint32Ptr(pageSize) }
