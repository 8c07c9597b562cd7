package storage

import (
	"net/http"
	"testing"
)

func TestSaveCalendarWritesOnce(t *testing.T) {
	config := service(t)
	var count counting
	s := New(config, &http.Client{Transport: &count})
	if calendar, err := s.LoadCalendar(t.Context()); err != nil || calendar != nil {
		t.Errorf("without a stored calendar: got %q, %v; want nil and no error", calendar, err)
	}
	for range 2 {
		if err := s.SaveCalendar(t.Context(), []byte("BEGIN:VCALENDAR")); err != nil {
			t.Fatal(err)
		}
	}
	if n := count.requests.Load(); n != 2 {
		t.Errorf("%d requests, want 2: a stored calendar must not be written again", n)
	}
	if calendar, err := New(config, http.DefaultClient).LoadCalendar(t.Context()); err != nil || string(calendar) != "BEGIN:VCALENDAR" {
		t.Errorf("got %q, %v", calendar, err)
	}
}
