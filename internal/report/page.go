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

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Parse(pageText))

// style is the page's style, with the labels that the servers' table has in a narrow
// window.
var style = pageStyle + narrowLabels(english) + narrowLabels(french)

// PagePolicy is the page's Content-Security-Policy. It allows only the page's own
// style and its embedded icon.
var PagePolicy = "default-src 'none'; style-src 'sha256-" + hashOf(style) + "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func hashOf(text string) string {
	hash := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(hash[:])
}

// Page writes the status as a self-contained HTML page, in the language that fits an
// Accept-Language header best.
func (s Status) Page(w io.Writer, acceptLanguage string) error {
	if s.about.Zone == nil {
		s.about.Zone = time.UTC
	}
	var text bytes.Buffer // so that an error leaves no half page
	if err := page.Execute(&text, newView(s, preferredLanguage(acceptLanguage))); err != nil {
		return fmt.Errorf("render the page of %s: %w", s.Pool, err)
	}
	_, err := io.WriteString(w, fact.CleanLines(text.String()))
	return err
}

// show formats a value, or returns a question mark if it is unknown.
func show[T any](r pool.Reading[T], format func(T) string) string {
	if value, ok := r.Get(); ok {
		return format(value)
	}
	return "?"
}

// view is a status in a language. Its methods are what the page's template uses.
type view struct {
	Status
	language
	facts fact.Book // of the records
}

func newView(s Status, l language) view {
	var lists []fact.Facts
	for _, decision := range s.Decisions {
		lists = append(lists, decision.record.Facts)
	}
	if s.LastAction != nil {
		lists = append(lists, s.LastAction.record.Facts)
	}
	if s.Last != nil {
		lists = append(lists, s.Last.Facts)
	}
	return view{s, l, fact.NewBook(lists...)}
}

// quote is a text of the records. Language is its language if that is not the page's.
type quote struct{ Text, Language string }

// quote returns texts of the records in the page's language, as far as that is known.
func (v view) quote(texts ...fact.Text) quote {
	var parts []string
	shown := quote{Language: english.tag}
	for _, text := range texts {
		if text.IsZero() {
			continue
		}
		text = v.facts.Of(text)
		if text.Has(fact.Language(v.tag)) {
			shown.Language = ""
		}
		parts = append(parts, text.In(fact.Language(v.tag), v.about.Zone))
	}
	shown.Text = v.brief(strings.Join(parts, v.semicolon))
	return shown
}

// Language returns the language's tag.
func (v view) Language() string { return v.tag }

// Semicolon returns what stands between two texts.
func (v view) Semicolon() string { return v.semicolon }

// Style returns the page's style.
func (v view) Style() template.CSS { return template.CSS(style) }

// Zone returns the name of the pool's time zone.
func (v view) Zone() string { return v.about.Zone.String() }

// Day returns the day of the request.
func (v view) Day() string { return v.Date(v.local()) }

// Stamp returns a time for programs (RFC 3339).
func (v view) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Clock returns a time of the day.
func (v view) Clock(t time.Time) string { return t.In(v.about.Zone).Format("15:04") }

// Moment returns a time, with its day unless that is today.
func (v view) Moment(t time.Time) string {
	t = t.In(v.about.Zone)
	if midnight(t).Equal(midnight(v.local())) {
		return v.Clock(t)
	}
	return v.Date(t) + " " + v.Clock(t)
}

// Ago returns how long ago a time was.
func (v view) Ago(t time.Time) string {
	age := v.At.Sub(t)
	if age < time.Minute {
		return v.T("just now")
	}
	return v.T("%s ago", v.Span(age))
}

// Headline returns the verdict in words.
func (v view) Headline() string { return v.T(headlines[v.Verdict].text) }

// VerdictMark returns the verdict as a shape.
func (v view) VerdictMark() string { return headlines[v.Verdict].mark }

var headlines = map[Verdict]struct{ text, mark string }{
	Unjudged:                  {"No evaluation yet", "?"},
	Well:                      {"All is well", "✓"},
	Verdict(scaling.Warning):  {"Working, with warnings", "!"},
	Verdict(scaling.Error):    {"Action needed", "▲"},
	Verdict(scaling.Critical): {"Urgent action needed", "✕"},
}

// narrowLabels returns style rules that put a column's label in front of its values
// in a narrow window.
func narrowLabels(l language) string {
	var rules strings.Builder
	for i, column := range columns {
		if column.narrow != "" {
			fmt.Fprintf(&rules, "@media (max-width:64rem){:lang(%s) .servers td:nth-of-type(%d)::before{content:\"%s \"}}\n", l.tag, i, l.T(column.narrow))
		}
	}
	return rules.String()
}
