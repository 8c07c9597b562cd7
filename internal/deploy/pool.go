package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"divims/internal/config"
	"divims/internal/pool"
)

// Pool is a pool to be deployed, from its file.
type Pool struct {
	// Name is the name of the file without .env, and that of the function.
	Name string
	// Path is the file.
	Path     string
	Settings config.Settings
	// Schedule is when its cron calls.
	Schedule string

	// values are the settings as they are written, by full name. Empty ones are left out.
	values map[string]string
}

// functionName is the form of a function's name.
var functionName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// Read reads every NAME.env in a folder. The error is of type Problems if files have
// any. What the files' commands write to stderr goes to progress.
func Read(ctx context.Context, folder string, progress io.Writer) ([]Pool, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.env"))
	if err != nil {
		return nil, err
	}
	paths = slices.DeleteFunc(paths, func(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") })
	if len(paths) == 0 {
		return nil, Problems{fmt.Sprintf("there is no %s: write a pool's settings to such a file, as the README shows", filepath.Join(folder, "NAME.env"))}
	}
	var pools []Pool
	var problems Problems
	for _, path := range paths {
		p, found := readPool(ctx, path, progress)
		if len(found) > 0 {
			problems = append(problems, found...)
			continue
		}
		pools = append(pools, p)
	}
	problems = append(problems, twice(pools)...)
	problems = append(problems, schedule(pools)...)
	if len(problems) > 0 {
		return nil, problems
	}
	return pools, nil
}

// readPool reads one file and returns its problems.
func readPool(ctx context.Context, path string, progress io.Writer) (Pool, Problems) {
	p := Pool{Name: strings.TrimSuffix(filepath.Base(path), ".env"), Path: path}
	if !functionName.MatchString(p.Name) {
		return p, Problems{path + ": the name of the file is the name of the function: it may have a-z, 0-9 and, in between, -"}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return p, Problems{err.Error()}
	}
	file, problems := parse(path, text)
	if len(problems) > 0 {
		return p, problems
	}
	environment, err := runShell(ctx, path, progress)
	if err != nil {
		return p, Problems{err.Error()}
	}
	if problems := file.missing(environment); len(problems) > 0 {
		return p, problems
	}
	p.values = settingsIn(environment)
	if p.values["DIVIMS_POOL"] == "" {
		return p, Problems{path + " sets no DIVIMS_POOL: every NAME.env is a pool. Give a file that pools' files read another ending, for example common.sh"}
	}
	return p, p.load(file)
}

// settingsIn returns the DIVIMS_ variables of an environment that are not empty.
func settingsIn(environment map[string]string) map[string]string {
	values := maps.Clone(environment)
	maps.DeleteFunc(values, func(name, value string) bool {
		return !strings.HasPrefix(name, "DIVIMS_") || strings.TrimSpace(value) == ""
	})
	return values
}

// maxValue is the length of the longest variable that a function accepts, in characters.
const maxValue = 1000

// wholeVariable is a value that the plugin replaces by a variable of this machine.
var wholeVariable = regexp.MustCompile(`^\${[^}]*}$`)

// load checks the values and reads the settings.
func (p *Pool) load(file file) Problems {
	var found Problems
	add := func(name, wrong string) { found = append(found, file.at(name)+": "+wrong) }
	var environ []string
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		value := p.values[name]
		environ = append(environ, name+"="+value)
		if wholeVariable.MatchString(value) {
			add(name, name+" is a ${…} as a whole, which Scaleway's plugin would replace by a variable of this machine")
		}
		if strings.HasPrefix(value, "file:") {
			add(name, name+" names a file of this machine, which the function does not have: put the content into the setting")
		}
	}
	for _, s := range config.Declarations() {
		name := "DIVIMS_" + s.Name
		if length := utf8.RuneCountInString(p.values[name]); s.Section == "env" && length > maxValue {
			add(name, fmt.Sprintf("%s has %d characters, and Scaleway accepts at most %d", name, length, maxValue))
		}
	}
	settings, err := config.Load(environ)
	var problems config.Problems
	if errors.As(err, &problems) {
		for _, problem := range problems {
			add(problem.Variable, problem.String())
		}
	} else if err != nil {
		add("", err.Error())
	}
	p.Settings = settings
	return found
}

// twice returns a problem for each pool that has the state of another one.
func twice(pools []Pool) Problems {
	var found Problems
	paths := map[string]string{}
	for _, p := range pools {
		s := p.Settings.Storage
		state := strings.Join([]string{s.URL, s.Bucket, s.Prefix, p.Settings.Pool.Name}, " ")
		if other, taken := paths[state]; taken {
			found = append(found, fmt.Sprintf("%s and %s have the same DIVIMS_POOL in the same bucket: two functions would share one state", other, p.Path))
		}
		paths[state] = p.Path
	}
	return found
}

// Secrets returns the pool's secret values, so that they are not printed.
func (p *Pool) Secrets() []pool.Secret {
	var secrets []pool.Secret
	for _, s := range config.Declarations() {
		if value := p.values["DIVIMS_"+s.Name]; value != "" && s.Section == "secret" || strings.HasSuffix(s.Name, "_SECRET") {
			secrets = append(secrets, pool.NewSecret(value))
		}
	}
	return secrets
}

// HasFile reports whether a folder has the file of a pool.
func HasFile(folder, name string) bool {
	_, err := os.Stat(filepath.Join(folder, name+".env"))
	return err == nil
}
