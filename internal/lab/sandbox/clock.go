package sandbox

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// clockSkew is how far the function's clock is ahead of the virtual time.
type clockSkew struct {
	lock sync.Mutex
	// offsets are in the order in which they began. The last one counts.
	offsets []*time.Duration
}

// SkewClock puts the function's clock ahead of the virtual time, or behind it if ahead is
// negative, until restore is called. Of several calls, the last one that is not restored
// counts.
func (s *Sandbox) SkewClock(ahead time.Duration) (restore func()) {
	s.skew.lock.Lock()
	defer s.skew.lock.Unlock()
	offset := &ahead
	s.skew.offsets = append(s.skew.offsets, offset)
	return func() {
		s.skew.lock.Lock()
		defer s.skew.lock.Unlock()
		s.skew.offsets = slices.DeleteFunc(s.skew.offsets, func(other *time.Duration) bool { return other == offset })
	}
}

// ClockSkew returns how far the function's clock is ahead of the virtual time.
func (s *Sandbox) ClockSkew() time.Duration {
	s.skew.lock.Lock()
	defer s.skew.lock.Unlock()
	if n := len(s.skew.offsets); n > 0 {
		return *s.skew.offsets[n-1]
	}
	return 0
}

// clock serves the time as the function's clock shows it, and the calendar if there is
// one.
func (s *Sandbox) clock() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, s.Now().Add(s.ClockSkew()).Format(time.RFC3339Nano))
	})
	if s.config.Calendar == nil {
		return mux
	}
	mux.Handle("GET /calendar.ics", s.faults.Wrap(s.callNamer.calendar, s.outages.wrap(CalendarService, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.UserAgent(), "Go-http-client") {
			http.Error(w, "unknown client", http.StatusForbidden) // as Microsoft's calendars answer
			return
		}
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		w.Header().Set("ETag", `"`+token(s.config.World.Seed, string(s.config.Calendar))+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.config.Calendar))
	}))))
	return mux
}
