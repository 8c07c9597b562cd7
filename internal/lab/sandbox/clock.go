package sandbox

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// clock serves the virtual time, and the calendar if there is one.
func (s *Sandbox) clock() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, s.Now().Format(time.RFC3339Nano))
	})
	if s.config.Calendar == nil {
		return mux
	}
	mux.Handle("GET /calendar.ics", s.faults.Wrap(s.callNamer.calendar, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		w.Header().Set("ETag", `"`+token(s.config.World.Seed, string(s.config.Calendar))+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.config.Calendar))
	})))
	return mux
}
