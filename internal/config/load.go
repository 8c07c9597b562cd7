package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"divims/internal/config/setting"
)

// Load reads the settings from an environment, which has the form of os.Environ.
// An empty variable counts as not set. The error is of type Problems and holds
// every problem there is. Load opens no connection and reads no file but those
// that the environment names.
func Load(environ []string) (Settings, error) {
	settings, l := read(environ)
	settings.check(l)
	l.refuseUnknown()
	if len(l.problems) > 0 {
		return Settings{}, l.problems
	}
	settings.complete()
	return settings, nil
}

// Salvage reads the valid settings of an environment that Load refuses, so that
// operators can be notified of its problems. Wrong settings are empty.
func Salvage(environ []string) Settings {
	settings, _ := read(environ)
	return settings
}

// read reads each setting, without checking them against each other.
func read(environ []string) (Settings, *loading) {
	var settings Settings
	l := &loading{settings: walk(&settings), given: variables(environ), hasProblem: map[string]bool{}}
	for _, s := range l.settings {
		l.read(s)
	}
	return settings, l
}

// variables returns the values of the DIVIMS_ variables, by their names without
// DIVIMS_.
func variables(environ []string) map[string]string {
	given := map[string]string{}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if setting, found := strings.CutPrefix(name, prefix+"_"); found {
			given[setting] = strings.TrimSpace(value)
		}
	}
	return given
}

// loading is the state of one Load. Its settings refer to the fields to fill in.
type loading struct {
	settings   []Setting
	given      map[string]string
	hasProblem map[string]bool
	problems   Problems
}

func (l *loading) read(s Setting) {
	text := l.given[s.Name]
	if text == "" {
		text = s.Default
	}
	if text == "" {
		if s.Required {
			l.addProblem(s.Name, "is required")
		}
		return
	}
	if err := set(s.field, s.tag, text); err != nil {
		s.field.SetZero()
		l.addProblem(s.Name, err.Error())
	}
}

// check adds a problem to the first of the named settings if ok is false, unless
// one of them already has a problem.
func (l *loading) check(ok bool, problem string, names ...string) {
	if ok || slices.ContainsFunc(names, func(name string) bool { return l.hasProblem[name] }) {
		return
	}
	l.addProblem(names[0], problem)
}

func (l *loading) addProblem(name, problem string) {
	l.hasProblem[name] = true
	found := Problem{Variable: prefix + "_" + name, Wrong: problem}
	if i := slices.IndexFunc(l.settings, func(s Setting) bool { return s.Name == name }); i >= 0 {
		found.Example = l.settings[i].example()
	}
	l.problems = append(l.problems, found)
}

func (l *loading) refuseUnknown() {
	known := namesOf(l.settings)
	for _, name := range slices.Sorted(maps.Keys(l.given)) {
		if !slices.Contains(known, name) {
			name = strings.Trim(fmt.Sprintf("%.60q", name), `"`) // it may contain anything
			problem := "is not a setting"
			if near := setting.Nearest(name, known); near != "" {
				problem += "; is " + prefix + "_" + near + " meant?"
			}
			l.addProblem(name, problem)
		}
	}
}

// set parses a text into a field if the text follows the rules in the field's tags.
func set(field reflect.Value, tag reflect.StructTag, text string) error {
	if field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.String {
		return setList(field, tag, text)
	}
	if words := tag.Get("oneof"); words != "" && !slices.Contains(strings.Split(words, ","), text) {
		return setting.Error("must be one of " + words)
	}
	if name := tag.Get("match"); name != "" && !patterns[name].fits(text) {
		return setting.Error("must be " + patterns[name].what)
	}
	if err := parse(field, text); err != nil {
		return err
	}
	return checkBounds(field, tag)
}

// setList parses a list with commas. Each item must follow the rules in the tags.
func setList(list reflect.Value, tag reflect.StructTag, text string) error {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		item := reflect.New(list.Type().Elem()).Elem()
		if err := set(item, tag, strings.TrimSpace(part)); err != nil {
			return fmt.Errorf("%w, in each item of the list", err)
		}
		if item.IsZero() || seen[item.String()] {
			return setting.Error("has an empty item, or the same twice")
		}
		seen[item.String()] = true
		list.Set(reflect.Append(list, item))
	}
	return nil
}

// parse sets a field to the value of a text.
func parse(field reflect.Value, text string) error {
	switch value := field.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return value.UnmarshalText([]byte(text))
	case *time.Duration:
		duration, err := setting.ParseDuration(text)
		*value = duration
		return err
	}
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
	case reflect.Int:
		number, err := setting.ParseNumber(text)
		if err != nil {
			return err
		}
		field.SetInt(int64(number))
	case reflect.Bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return setting.Error("must be true or false")
		}
		field.SetBool(value)
	default:
		panic(fmt.Sprintf("config: there is no parser for the type %s; give it an UnmarshalText", field.Type()))
	}
	return nil
}

// checkBounds checks a number or a duration against the tags min and max.
func checkBounds(field reflect.Value, tag reflect.StructTag) error {
	low, high := tag.Get("min"), tag.Get("max")
	switch {
	case low != "" && field.Int() < bound(field.Type(), low):
		return setting.Error("must be at least " + low)
	case high != "" && field.Int() > bound(field.Type(), high):
		return setting.Error("must be at most " + high)
	}
	return nil
}

func bound(of reflect.Type, text string) int64 {
	limit := reflect.New(of).Elem()
	if err := parse(limit, text); err != nil {
		panic(fmt.Sprintf("config: the bound %q of a %s %v", text, of, err))
	}
	return limit.Int()
}
