package config

import (
	"reflect"
	"testing"
	"time"

	"divims/internal/config/setting"
)

// TestDeclarations checks the struct tags: each setting has a unique name, a description,
// a group, known values of match and deploy, and an example that Load accepts.
func TestDeclarations(t *testing.T) {
	names := map[string]bool{}
	for _, s := range Declarations() {
		if names[s.Name] {
			t.Errorf("%s is declared twice", s.Name)
		}
		names[s.Name] = true
		if s.tag.Get("envconfig") != s.Name || s.Description == "" || s.Group == "" || s.example() == "" {
			t.Errorf("%s lacks a name, a description, a group or an example", s.Name)
		}
		if match := s.tag.Get("match"); match != "" && patterns[match].fits == nil {
			t.Errorf("%s must match %q, which is not a pattern", s.Name, match)
		}
		if deploy := s.tag.Get("deploy"); deploy != "" && deploy != "secret" && deploy != "never" && deploy != "function" {
			t.Errorf("%s is to be deployed as %q", s.Name, deploy)
		}
		if s.Name == "CA_CERTIFICATES" {
			continue // its example names a file
		}
		if err := set(reflect.New(s.field.Type()).Elem(), s.tag, s.example()); err != nil {
			t.Errorf("the example of %s %v", s.Name, err)
		}
	}
}

// TestEveryFieldIsASetting checks that the walk finds each field of the embedded
// structs, and that each struct begins with a group of its own.
func TestEveryFieldIsASetting(t *testing.T) {
	found := map[string]bool{}
	for _, s := range Declarations() {
		found[s.Name] = true
	}
	settings := reflect.TypeFor[Settings]()
	for i := range settings.NumField() {
		part := settings.Field(i)
		if part.Type.Field(0).Tag.Get("group") == "" {
			t.Errorf("the first setting of %s has no group", part.Name)
		}
		for _, field := range reflect.VisibleFields(part.Type) {
			name := field.Tag.Get("envconfig")
			if field.IsExported() && !field.Anonymous && field.Tag.Get("ignored") != "true" && len(field.Index) <= 2 && isOwn(part.Type, field) && !found[name] {
				t.Errorf("%s.%s is not a setting", part.Name, field.Name)
			}
		}
	}
}

// isOwn reports whether a field of a struct is declared in it, or in a struct that
// it embeds and that is no setting itself.
func isOwn(of reflect.Type, field reflect.StructField) bool {
	if len(field.Index) == 1 {
		return true
	}
	return of.Field(field.Index[0]).Anonymous
}

func TestParseOfEveryKind(t *testing.T) {
	var fields struct {
		Text     string
		Number   int
		Flag     bool
		Duration time.Duration
		Share    setting.Percentage
		List     []string
	}
	value := reflect.ValueOf(&fields).Elem()
	for i, text := range []string{"a", "3", "true", "1d", "7%", "a,b"} {
		if err := set(value.Field(i), "", text); err != nil {
			t.Errorf("%s: %v", value.Type().Field(i).Name, err)
		}
	}
	if fields.Text != "a" || fields.Number != 3 || !fields.Flag || fields.Duration != 24*time.Hour || fields.Share != 70_000 || len(fields.List) != 2 {
		t.Errorf("parsed %+v", fields)
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"POOLSIZE": "POOL_SIZE", "SCALELITE_URI": "SCALELITE_URL", "MINIMUMRATIO": "MINIMUM_RATIO", "ZONE": "ZONES", "X": "", "TOAST": "",
	} {
		if got := setting.Nearest(name, namesOf(Declarations())); got != want {
			t.Errorf("nearest to %s = %q; want %q", name, got, want)
		}
	}
}
