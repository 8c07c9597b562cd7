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
)

// prefix begins the name of every variable of ours.
const prefix = "DIVIMS"

// Load reads the settings from an environment as os.Environ gives it. The error
// is of type Problems and holds every problem there is; nothing outside was
// touched then but the files that the environment names.
//
// envconfig's own Process is not used: it stops at the first problem and shows
// the value in it, takes an empty variable for a value, and reads only the
// process's environment.
func Load(environ []string) (Settings, error) {
	settings, l := read(environ)
	settings.check(&l)
	l.refuseUnknown()
	if len(l.problems) > 0 {
		return Settings{}, l.problems
	}
	settings.complete()
	return settings, nil
}

// Salvage reads what it can of an environment that Load refuses: a setting that is
// missing or wrong is empty. It serves to tell operators of the problems.
func Salvage(environ []string) Settings {
	settings, _ := read(environ)
	return settings
}

// read reads each setting by itself.
func read(environ []string) (settings Settings, l loading) {
	l = loading{given: ours(environ), blamed: map[string]bool{}}
	fields := reflect.TypeFor[Settings]()
	for i := range fields.NumField() {
		l.read(fields.Field(i), reflect.ValueOf(&settings).Elem().Field(i))
	}
	return settings, l
}

// ours gives the variables with our prefix, by the rest of their names.
func ours(environ []string) map[string]string {
	given := map[string]string{}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if setting, found := strings.CutPrefix(name, prefix+"_"); found {
			given[setting] = strings.TrimSpace(value)
		}
	}
	return given
}

// loading is a Load under way. Settings go by their names without the prefix.
type loading struct {
	given    map[string]string
	blamed   map[string]bool
	problems Problems
}

func (l *loading) read(field reflect.StructField, target reflect.Value) {
	name := field.Tag.Get("envconfig")
	text := l.given[name]
	if text == "" {
		text = field.Tag.Get("default")
	}
	if text == "" {
		if field.Tag.Get("required") == "true" {
			l.blame(name, "is required")
		}
		return
	}
	if err := set(target, field.Tag, text); err != nil {
		target.SetZero()
		l.blame(name, err.Error())
	}
}

// check blames the first of the named settings if ok is false, unless one of
// them is blamed already.
func (l *loading) check(ok bool, problem string, names ...string) {
	if ok || slices.ContainsFunc(names, func(name string) bool { return l.blamed[name] }) {
		return
	}
	l.blame(names[0], problem)
}

func (l *loading) blame(name, problem string) {
	l.blamed[name] = true
	l.problems = append(l.problems, Problem{Variable: prefix + "_" + name, Wrong: problem, Example: example(name)})
}

func (l *loading) refuseUnknown() {
	known := names()
	for _, name := range slices.Sorted(maps.Keys(l.given)) {
		if !slices.Contains(known, name) {
			name = strings.Trim(fmt.Sprintf("%.60q", name), `"`) // anything may stand there
			problem := "is not a setting"
			if near := nearest(name, known); near != "" {
				problem += "; is " + prefix + "_" + near + " meant?"
			}
			l.blame(name, problem)
		}
	}
}

// set puts a text into a field if it keeps the rules of the field's tags. In a
// list, each place has to keep them.
func set(target reflect.Value, tag reflect.StructTag, text string) error {
	if list, ok := target.Addr().Interface().(*[]string); ok {
		return setList(list, tag, text)
	}
	if words := tag.Get("oneof"); words != "" && !slices.Contains(strings.Split(words, ","), text) {
		return wrong("has to be one of " + words)
	}
	if name := tag.Get("match"); name != "" && !patterns[name].fits(text) {
		return wrong("has to be " + patterns[name].what)
	}
	if err := parse(target, text); err != nil {
		return err
	}
	return keepBounds(target, tag)
}

func setList(list *[]string, tag reflect.StructTag, text string) error {
	for part := range strings.SplitSeq(text, ",") {
		var place string
		if err := set(reflect.ValueOf(&place).Elem(), tag, strings.TrimSpace(part)); err != nil {
			return fmt.Errorf("%w, in each place of the list", err)
		}
		if place == "" || slices.Contains(*list, place) {
			return wrong("has an empty place, or the same twice")
		}
		*list = append(*list, place)
	}
	return nil
}

func parse(target reflect.Value, text string) (err error) {
	switch value := target.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return value.UnmarshalText([]byte(text))
	case *string:
		*value = text
	case *int:
		if *value, err = strconv.Atoi(text); err != nil {
			return wrong("has to be a whole number")
		}
	case *bool:
		if *value, err = strconv.ParseBool(text); err != nil {
			return wrong("has to be true or false")
		}
	case *time.Duration:
		*value, err = ParseDuration(text)
	default:
		panic(fmt.Sprintf("config: no way to read a %s", target.Type()))
	}
	return err
}

// keepBounds holds a number against its min and max, which are written as its
// value is.
func keepBounds(target reflect.Value, tag reflect.StructTag) error {
	low, high := tag.Get("min"), tag.Get("max")
	switch {
	case low != "" && target.Int() < bound(target.Type(), low):
		return wrong("has to be at least " + low)
	case high != "" && target.Int() > bound(target.Type(), high):
		return wrong("has to be at most " + high)
	}
	return nil
}

func bound(of reflect.Type, text string) int64 {
	limit := reflect.New(of).Elem()
	if err := parse(limit, text); err != nil {
		panic(fmt.Sprintf("config: bound %q of a %s %v", text, of, err))
	}
	return limit.Int()
}
