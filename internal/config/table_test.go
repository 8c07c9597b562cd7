package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestTableHasEverySetting(t *testing.T) {
	table := Table()
	for _, row := range []string{
		"| `DIVIMS_POOL_SIZE` | required | number of servers |\n",
		"| `DIVIMS_INTERVAL` | `5m` | time between evaluations, as the cron trigger has it |\n",
		"| `DIVIMS_TIMEZONE` | `Europe/Paris` |",
	} {
		if !strings.Contains(table, row) {
			t.Errorf("the table lacks %q", row)
		}
	}
	if rows, want := strings.Count(table, "\n"), len(names())+2; rows != want {
		t.Errorf("the table has %d lines; want %d", rows, want)
	}
}

// TestTagsOfSettings holds what Load takes for granted of the struct: a meaning
// for each setting, an example or a default for its problems, and rules that
// Load knows and the example keeps.
func TestTagsOfSettings(t *testing.T) {
	fields := reflect.TypeFor[Settings]()
	for i := range fields.NumField() {
		field := fields.Field(i)
		name := field.Tag.Get("envconfig")
		if name == "" || field.Tag.Get("desc") == "" || example(name) == "" {
			t.Errorf("%s lacks a name, a meaning or an example", field.Name)
		}
		if pattern := field.Tag.Get("match"); pattern != "" && patterns[pattern].fits == nil {
			t.Errorf("%s has to match %q, which does not exist", field.Name, pattern)
		}
		if name == "CA_CERTIFICATES" {
			continue // its example names a file
		}
		if err := set(reflect.New(field.Type).Elem(), field.Tag, example(name)); err != nil {
			t.Errorf("the example of %s %v", name, err)
		}
	}
}
