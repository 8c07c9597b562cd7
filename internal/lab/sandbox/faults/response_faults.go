package faults

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// responseFaults change an answer, or tell that this one cannot be.
var responseFaults = map[Kind]func(*exchange, *response) bool{
	Trickle:     func(_ *exchange, a *response) bool { return len(a.body) > 0 },
	Truncated:   func(_ *exchange, a *response) bool { return a.truncate() },
	WrongType:   func(_ *exchange, a *response) bool { return a.set("Content-Type", "text/html") },
	MissingPage: func(x *exchange, a *response) bool { return a.emptyLastPage(x.r) },
	SkewAhead:   func(x *exchange, a *response) bool { return a.skew(x.call.Service, Skew) },
	SkewBehind:  func(x *exchange, a *response) bool { return a.skew(x.call.Service, -Skew) },
}

func (a *response) set(name, value string) bool {
	a.header = a.header.Clone()
	a.header.Set(name, value)
	return true
}

// replace gives the answer another body, whose length goes with it.
func (a *response) replace(body []byte) {
	a.header = a.header.Clone()
	a.header.Del("Content-Length")
	a.body = body
}

func (a *response) truncate() bool {
	if len(a.body) < 2 {
		return false
	}
	a.replace(a.body[:len(a.body)/2])
	return true
}

// emptyLastPage leaves out the items of a page of a list, if it is the last one
// and has some.
func (a *response) emptyLastPage(r *http.Request) bool {
	var page map[string]json.RawMessage
	if r.Method != http.MethodGet || json.Unmarshal(a.body, &page) != nil {
		return false
	}
	total, err := strconv.Atoi(a.header.Get("X-Total-Count"))
	if err != nil {
		if total, err = strconv.Atoi(string(page["total_count"])); err != nil {
			return false
		}
	}
	if number, size := pageOf(r); number*size < total {
		return false
	}
	return a.emptyLists(page)
}

func (a *response) emptyLists(page map[string]json.RawMessage) bool {
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
	a.replace(body)
	return true
}

// pageOf reads which page was asked for. Instances calls the size per_page, the
// other products page_size; unasked it is 50.
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
