package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"divims/internal/pool"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"number":  count,
	"entry":   entryText,
	"machine": machineText,
	"health":  healthText,
	"people":  peopleText,
	"load": func(r pool.Reading[float64]) string {
		return show(r, func(v float64) string { return fmt.Sprintf("%.2f", v) })
	},
	"days": func(r pool.Reading[time.Time], now time.Time) string {
		return show(r, func(t time.Time) string { return fmt.Sprintf("%d d", int(t.Sub(now).Hours()/24)) })
	},
	"uptime": func(r pool.Reading[float64]) string {
		return show(r, func(seconds float64) string { return fmt.Sprintf("%.1f h", seconds/3600) })
	},
	"time":      func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"treatment": treatment,
}).Parse(pageText))

// show writes a value, or a question mark when it is unknown.
func show[T any](r pool.Reading[T], write func(T) string) string {
	if value, ok := r.Get(); ok {
		return write(value)
	}
	return "?"
}

// Page writes the status as an HTML page that needs nothing from elsewhere.
func (s Status) Page(w io.Writer) error {
	return page.Execute(w, s)
}
