package scaling

import (
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	night, day, always := Hours{19 * time.Hour, 6*time.Hour + 30*time.Minute}, Hours{12 * time.Hour, 14 * time.Hour}, Hours{}
	for _, c := range []struct {
		hours Hours
		at    string
		want  bool
	}{
		{night, "18:59", false}, {night, "19:00", true}, {night, "00:00", true}, {night, "06:29", true}, {night, "06:30", false},
		{day, "11:59", false}, {day, "12:00", true}, {day, "13:59", true}, {day, "14:00", false},
		{always, "00:00", true}, {always, "15:00", true},
	} {
		at, err := time.Parse("15:04", c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.hours.Contain(at); got != c.want {
			t.Errorf("%s is %s: %t, want %t", c.at, c.hours, got, c.want)
		}
	}
}
