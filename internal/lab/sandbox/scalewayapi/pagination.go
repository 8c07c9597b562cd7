package scalewayapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// The default and the largest size of a page at Scaleway.
const (
	defaultPageSize = 50
	maxPageSize     = 100
)

// page is the requested part of a list. number counts from 1.
type page struct{ number, size int }

// pageOf reads the page from the query. Instances calls the size per_page, other
// products page_size.
func pageOf(query url.Values, sizeName string) (page, error) {
	number, err := positiveInt(query, "page", 1)
	if err != nil {
		return page{}, err
	}
	size, err := positiveInt(query, sizeName, defaultPageSize)
	if err != nil {
		return page{}, err
	}
	if size > maxPageSize {
		return page{}, invalidArguments(argument{sizeName, "constraint", fmt.Sprintf("must be at most %d", maxPageSize)})
	}
	return page{number, size}, nil
}

func positiveInt(query url.Values, name string, defaultValue int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return defaultValue, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, invalidArguments(argument{name, "format", "must be a positive integer"})
	}
	return n, nil
}

// pageItems returns the items on the page. It never returns nil.
func pageItems[T any](items []T, p page) []T {
	start := len(items)
	if p.number <= len(items)/p.size+1 {
		start = min(start, (p.number-1)*p.size)
	}
	end := min(start+p.size, len(items))
	return append([]T{}, items[start:end]...)
}

// list returns one page of a list of Instances. As recorded, the total is in a header,
// and the Link header names the last page.
func list[T any](r *http.Request, name string, items []T) (response, error) {
	return listConverted(r, name, items, func(item T) T { return item })
}

// listConverted is like list, but converts the items on the page with convert.
func listConverted[T, S any](r *http.Request, name string, items []T, convert func(T) S) (response, error) {
	p, err := pageOf(r.URL.Query(), "per_page")
	if err != nil {
		return response{}, err
	}
	shown := []S{}
	for _, item := range pageItems(items, p) {
		shown = append(shown, convert(item))
	}
	return response{
		status: http.StatusOK,
		header: listHeader(r, name, p, len(items)),
		body:   map[string]any{name: shown},
	}, nil
}

func listHeader(r *http.Request, name string, p page, total int) http.Header {
	last := max(1, (total+p.size-1)/p.size)
	link := fmt.Sprintf("</%s?page=%d&per_page=%d", name, last, p.size)
	if order := r.URL.Query().Get("order"); order != "" {
		link += "&order=" + url.QueryEscape(order)
	}
	return http.Header{
		"X-Total-Count": {strconv.Itoa(total)},
		"Link":          {link + `>; rel="last"`},
	}
}

// listWithTotal returns one page of a list of another product. The total is in the
// body.
func listWithTotal[T any](r *http.Request, name string, items []T) (response, error) {
	p, err := pageOf(r.URL.Query(), "page_size")
	if err != nil {
		return response{}, err
	}
	return response{
		status: http.StatusOK,
		body:   map[string]any{name: pageItems(items, p), "total_count": len(items)},
	}, nil
}
