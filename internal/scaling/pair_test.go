package scaling

import "testing"

func TestPairText(t *testing.T) {
	for text, want := range map[string]Pair{"2": {2, 2}, "2, 1.5": {2, 1.5}, "100": {100, 100}, ".5": {0.5, 0.5}} {
		var got Pair
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "+1", "1e1", "0x1p1", "NaN", "Inf", "101", "1,2,3", "1,", ",1"} {
		var got Pair
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q = %v; want an error", text, got)
		}
	}
}
