package calendar_test

import (
	"fmt"
	"log"
	"time"

	"divims/internal/client/calendar"
)

func ExampleRead() {
	const text = `BEGIN:VCALENDAR
X-WR-TIMEZONE:Europe/Paris
BEGIN:VEVENT
UID:lecture
SUMMARY:users=500
DTSTART:20260310T080000
DTEND:20260310T100000
RRULE:FREQ=WEEKLY;BYDAY=TU,TH
EXDATE:20260312T080000
END:VEVENT
BEGIN:VEVENT
UID:exam
SUMMARY:users=1200
DTSTART:20260311T130000
DURATION:PT90M
END:VEVENT
END:VCALENDAR`
	from := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	read, err := calendar.Read([]byte(text), from, from.AddDate(0, 0, 14), time.UTC)
	if err != nil {
		log.Fatal(err)
	}
	for _, event := range read.Events {
		fmt.Println(event.Start, event.End.Sub(event.Start), event.Summary)
	}
	// Output:
	// 2026-03-11 13:00:00 +0100 CET 1h30m0s users=1200
	// 2026-03-10 08:00:00 +0100 CET 2h0m0s users=500
	// 2026-03-17 08:00:00 +0100 CET 2h0m0s users=500
	// 2026-03-19 08:00:00 +0100 CET 2h0m0s users=500
}
