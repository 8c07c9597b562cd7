package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Parse(pageText))

// style is the page's, with the labels that its table has on a phone.
var style = pageStyle + labels(english) + labels(french)

// PagePolicy is the page's Content-Security-Policy: nothing but its own style, and
// the icon that is in it.
var PagePolicy = "default-src 'none'; style-src 'sha256-" + hashOf(style) + "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func hashOf(text string) string {
	hash := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(hash[:])
}

// Page writes the status as an HTML page that needs nothing from elsewhere, in
// the language that suits an Accept-Language header best.
func (s Status) Page(w io.Writer, acceptLanguage string) error {
	if s.about.Zone == nil {
		s.about.Zone = time.UTC
	}
	var text bytes.Buffer // so that half a page is never written
	if err := page.Execute(&text, view{s, preferred(acceptLanguage)}); err != nil {
		return fmt.Errorf("make the page of %s: %w", s.Pool, err)
	}
	_, err := text.WriteTo(w)
	return err
}

// show writes a value, or a question mark when it is unknown.
func show[T any](r pool.Reading[T], write func(T) string) string {
	if value, ok := r.Get(); ok {
		return write(value)
	}
	return "?"
}

// view is a status in a language, with what the page asks of it.
type view struct {
	Status
	language
}

// Language is the language's tag.
func (v view) Language() string { return v.tag }

// Style is the page's style.
func (v view) Style() template.CSS { return template.CSS(style) }

// Zone is the pool's.
func (v view) Zone() string { return v.about.Zone.String() }

// Day is the one on which the status was asked for.
func (v view) Day() string { return v.Date(v.local()) }

// Stamp writes a time for programs.
func (v view) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Clock writes a time of the day.
func (v view) Clock(t time.Time) string { return t.In(v.about.Zone).Format("15:04") }

// Moment writes a time, with its day unless that is today.
func (v view) Moment(t time.Time) string {
	t = t.In(v.about.Zone)
	if midnight(t).Equal(midnight(v.local())) {
		return v.Clock(t)
	}
	return v.Date(t) + " " + v.Clock(t)
}

// Ago writes how long ago a time was.
func (v view) Ago(t time.Time) string {
	gone := v.At.Sub(t)
	if gone < time.Minute {
		return v.T("just now")
	}
	return v.T("%s ago", v.Span(gone))
}

// Headline says how the pool is, VerdictMark by a shape.
func (v view) Headline() string { return v.T(headlines[v.Verdict].text) }

// VerdictMark is the shape.
func (v view) VerdictMark() string { return headlines[v.Verdict].mark }

var headlines = map[Verdict]struct{ text, mark string }{
	Unjudged:                  {"Nothing is known yet", "?"},
	Well:                      {"All is well", "✓"},
	Verdict(scaling.Warning):  {"All works, but look at this", "!"},
	Verdict(scaling.Error):    {"Something needs you", "▲"},
	Verdict(scaling.Critical): {"Something needs you now", "✕"},
}

// labels are the names of the columns as the style's content, for the narrow
// table that has no head.
func labels(l language) string {
	var rules strings.Builder
	for i, column := range columns {
		if column.narrow != "" {
			fmt.Fprintf(&rules, "@media (max-width:64rem){:lang(%s) .servers td:nth-of-type(%d)::before{content:\"%s \"}}\n", l.tag, i, l.T(column.narrow))
		}
	}
	return rules.String()
}
