package functionsapi

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"go/version"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"divims/internal/lab/platform"
)

// builder builds programs from archives, each in a folder of its own. It uses the machine's
// Go, but not its caches and none of its DIVIMS_ and SCW_ variables.
type builder struct {
	// cache is the folder for modules and compiled packages.
	cache string
	// lock allows one build at a time, so that the next one finds its packages in the cache.
	lock sync.Mutex
	// built are the programs by what they were built from. It is nil at first.
	built map[[sha256.Size]byte]program
}

// program is the result of a build.
type program struct {
	path  string
	bytes int64
}

// build builds an archive, unless the same was built before. Its errors are shown to the
// function's owner.
func (b *builder) build(ctx context.Context, work string, archive []byte, runtime, handler string) (program, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	source := sha256.Sum256(append([]byte(runtime+" "+handler+"\n"), archive...))
	if done, found := b.built[source]; found {
		return done, nil
	}
	done, err := b.buildAnew(ctx, work, archive, runtime, handler)
	if err == nil {
		if b.built == nil {
			b.built = map[[sha256.Size]byte]program{}
		}
		b.built[source] = done
	}
	return done, err
}

// buildAnew unpacks an archive into a new folder in work and builds it together with the
// platform's own package main.
func (b *builder) buildAnew(ctx context.Context, work string, archive []byte, runtime, handler string) (program, error) {
	folder, err := os.MkdirTemp(work, "build-*")
	if err != nil {
		return program{}, err
	}
	source := filepath.Join(folder, "source")
	if err := unpack(archive, source); err != nil {
		return program{}, fmt.Errorf("unpack the archive: %w", err)
	}
	if err := checkNoMain(source); err != nil {
		return program{}, err
	}
	module, err := b.module(ctx, source, runtime)
	if err != nil {
		return program{}, err
	}
	overlay, err := platform.WriteOverlay(folder, source, module, handler)
	if err != nil {
		return program{}, err
	}
	path := filepath.Join(folder, "program")
	if _, err := b.run(ctx, source, "build", "-trimpath", "-overlay", overlay, "-o", path, "./"+platform.MainFolder); err != nil {
		return program{}, fmt.Errorf("function build failed: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return program{}, err
	}
	return program{path, info.Size()}, nil
}

// maxUnpacked is the code's size limit: 500 MiB.
const maxUnpacked = 500 << 20

// unpack writes the files of a zip archive into a folder that does not exist yet.
func unpack(archive []byte, folder string) error {
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return err
	}
	left := int64(maxUnpacked)
	for _, file := range files.File {
		if !filepath.IsLocal(file.Name) || !file.Mode().IsRegular() && !file.Mode().IsDir() {
			return fmt.Errorf("%q is not a regular file or folder inside the archive", file.Name)
		}
		if file.Mode().IsDir() {
			continue
		}
		n, err := unpackFile(file, filepath.Join(folder, file.Name), left)
		if err != nil {
			return err
		}
		if left -= n; left <= 0 {
			return errors.New("the code is larger than 500 MiB")
		}
	}
	return nil
}

// unpackFile writes one file, but at most limit bytes of it, and returns its size.
func unpackFile(file *zip.File, name string, limit int64) (int64, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return 0, err
	}
	in, err := file.Open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, io.LimitReader(in, limit))
	return n, errors.Join(err, out.Close())
}

// checkNoMain returns an error if the archive has a package main: the platform reserves
// that name.
func checkNoMain(source string) error {
	return filepath.WalkDir(source, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly)
		if err != nil {
			return fmt.Errorf("function build failed: %w", err)
		}
		if file.Name.Name == "main" {
			short, _ := filepath.Rel(source, name)
			return fmt.Errorf("function build failed: %s is in a package main, and you must not have any package named main in your module", short)
		}
		return nil
	})
}

// module returns the path of the archive's module. It returns an error if the module needs
// a newer Go than the first version of the runtime.
func (b *builder) module(ctx context.Context, source, runtime string) (string, error) {
	if _, err := os.Stat(filepath.Join(source, "go.mod")); err != nil {
		return "", errors.New("function build failed: there is no go.mod at the root of the archive")
	}
	said, err := b.run(ctx, source, "list", "-m", "-f", "{{.Path}} {{.GoVersion}}")
	if err != nil {
		return "", fmt.Errorf("function build failed: %w", err)
	}
	module, needed, _ := strings.Cut(said, " ")
	if version.Compare("go"+needed, firstGo(runtime)) > 0 {
		return "", fmt.Errorf("function build failed: go.mod requires go >= %s (running %s; GOTOOLCHAIN=local)", needed, firstGo(runtime))
	}
	present, err := b.run(ctx, source, "env", "GOVERSION")
	if err != nil {
		return "", err
	}
	if version.Lang(present) != version.Lang(firstGo(runtime)) {
		return "", fmt.Errorf("the runtime %s cannot be tested with %s", runtime, present)
	}
	return module, nil
}

// run runs the go command in a folder and returns its output.
func (b *builder) run(ctx context.Context, folder string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir, command.Env = folder, append(buildEnvironment(),
		"GOFLAGS=-mod=mod -modcacherw", "GOTOOLCHAIN=local", "GOWORK=off", "CGO_ENABLED=0",
		"GOMODCACHE="+filepath.Join(b.cache, "modules"), "GOCACHE="+filepath.Join(b.cache, "packages"))
	var out, errOut strings.Builder
	command.Stdout, command.Stderr = &out, &errOut
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w: %s", arguments[0], err, strings.TrimSpace(errOut.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// buildEnvironment returns the environment of this process without the variables of DiViMS
// and Scaleway, so that a build has no secrets.
func buildEnvironment() []string {
	var environment []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "DIVIMS_") && !strings.HasPrefix(variable, "SCW_") {
			environment = append(environment, variable)
		}
	}
	return environment
}
