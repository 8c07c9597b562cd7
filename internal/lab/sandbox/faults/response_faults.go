package faults

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// responseFaults change a response. A fault returns false if it cannot be applied to the
// response.
var responseFaults = map[Kind]func(*exchange, *response) bool{
	Trickle:     func(_ *exchange, res *response) bool { return len(res.body) > 0 },
	Truncated:   func(_ *exchange, res *response) bool { return res.truncate() },
	WrongType:   func(_ *exchange, res *response) bool { return res.set("Content-Type", "text/html") },
	MissingPage: func(x *exchange, res *response) bool { return res.emptyLastPage(x.r) },
	SkewAhead:   func(x *exchange, res *response) bool { return res.skew(x.call.Service, Skew) },
	SkewBehind:  func(x *exchange, res *response) bool { return res.skew(x.call.Service, -Skew) },
}

func (res *response) set(name, value string) bool {
	res.header = res.header.Clone()
	res.header.Set(name, value)
	return true
}

// replace replaces the body and removes the length of the old one.
func (res *response) replace(body []byte) {
	res.header = res.header.Clone()
	res.header.Del("Content-Length")
	res.body = body
}

func (res *response) truncate() bool {
	if len(res.body) < 2 {
		return false
	}
	res.replace(res.body[:len(res.body)/2])
	return true
}

// emptyLastPage removes the items of a list's page. It returns false if the page is
// not the last one or has no items.
func (res *response) emptyLastPage(r *http.Request) bool {
	var page map[string]json.RawMessage
	if r.Method != http.MethodGet || json.Unmarshal(res.body, &page) != nil {
		return false
	}
	total, err := strconv.Atoi(res.header.Get("X-Total-Count"))
	if err != nil {
		if total, err = strconv.Atoi(string(page["total_count"])); err != nil {
			return false
		}
	}
	if number, size := pageOf(r); number*size < total {
		return false
	}
	return res.emptyLists(page)
}

func (res *response) emptyLists(page map[string]json.RawMessage) bool {
	emptied := false
	for name, value := range page {
		if bytes.HasPrefix(value, []byte("[")) && !bytes.Equal(value, []byte("[]")) {
			page[name], emptied = json.RawMessage("[]"), true
		}
	}
	body, err := json.Marshal(page)
	if !emptied || err != nil {
		return false
	}
	res.replace(body)
	return true
}

// pageOf reads the page number and size from the query. Instances calls the size
// per_page, other products page_size. The default is 50.
func pageOf(r *http.Request) (number, size int) {
	query := r.URL.Query()
	number, size = 1, 50
	for _, parameter := range []struct {
		name  string
		value *int
	}{{"page", &number}, {"per_page", &size}, {"page_size", &size}} {
		if n, err := strconv.Atoi(query.Get(parameter.name)); err == nil {
			*parameter.value = n
		}
	}
	return number, size
}
