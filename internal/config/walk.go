package config

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"text/template"

	"github.com/kelseyhightower/envconfig"

	"divims/internal/client/notify"
	"divims/internal/pool"
)

// prefix begins the names of all our variables; a _ follows it.
const prefix = "DIVIMS"

// Setting is the declaration of one setting, from its tags.
type Setting struct {
	// Name is the name of the variable without DIVIMS_.
	Name string
	// Group is the heading that the setting is listed under.
	Group       string
	Default     string
	Description string
	Required    bool
	// Section is where it goes when a pool is deployed: "env" and "secret" to the
	// function's variables, "function" to the function's own fields, and "commands"
	// nowhere.
	Section string

	tag   reflect.StructTag
	field reflect.Value // of the Settings that are walked
}

// Declarations returns all settings by group. The groups, and the settings in a group, are
// in the order of the struct Settings.
func Declarations() []Setting {
	all := walk(&Settings{})
	first := map[string]int{} // the index of a group's first setting
	for i, s := range all {
		if _, known := first[s.Group]; !known {
			first[s.Group] = i
		}
	}
	slices.SortStableFunc(all, func(a, b Setting) int { return cmp.Compare(first[a.Group], first[b.Group]) })
	return all
}

// walk returns the settings in a struct, each with its field, in their order.
//
// The package envconfig finds the fields, also of embedded structs, and their names.
// envconfig.Usaget runs a template over all fields, which is enough to collect them.
// envconfig.Process is not used: it stops at the first problem, shows the value in
// it, takes an empty variable for a value, reads only the process's environment, and
// also reads variables without the prefix.
//
// envconfig also descends into a field that is a struct, or a pointer to one, without
// an UnmarshalText. A field of type *time.Location would be missing, for example,
// because it contains no settings. TestEveryFieldIsASetting notices that.
func walk(settings *Settings) []Setting {
	var all []Setting
	group := ""
	collect := template.FuncMap{"collect": func(key string, field reflect.Value, tag reflect.StructTag) string {
		if heading := tag.Get("group"); heading != "" {
			group = heading
		}
		all = append(all, Setting{
			Name: strings.TrimPrefix(key, prefix+"_"), Group: group, Section: section(field.Type(), tag),
			Default: tag.Get("default"), Description: tag.Get("desc"), Required: tag.Get("required") == "true",
			tag: tag, field: field,
		})
		return ""
	}}
	each := template.Must(template.New("settings").Funcs(collect).Parse(`{{range .}}{{collect .Key .Field .Tags}}{{end}}`))
	if err := envconfig.Usaget(prefix, settings, io.Discard, each); err != nil {
		panic(fmt.Sprintf("config: walk the settings: %v", err)) // Settings and the template are constants
	}
	return all
}

// section returns the Section of a setting.
func section(of reflect.Type, tag reflect.StructTag) string {
	switch {
	case tag.Get("deploy") == "never":
		return "commands"
	case tag.Get("deploy") == "function":
		return "function"
	case tag.Get("deploy") == "secret", of == reflect.TypeFor[pool.Secret](), of == reflect.TypeFor[notify.URLs]():
		return "secret"
	}
	return "env"
}

// example returns a value for a setting.
func (s Setting) example() string {
	if text := s.tag.Get("example"); text != "" {
		return text
	}
	return s.Default
}
