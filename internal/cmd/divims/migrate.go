package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"divims/internal/migrate"
)

const migrateHelp = `Turn the predecessor's configuration into the file of a pool. Give it config.defaults.php,
the project's config.php and the list of servers in maintenance,
PROJECT_ServersInMaintenance.json. If two files set the same thing, the later one counts.

The PHP is read as data and never run. An expression that is not a plain value is an
error that names the line. Secrets are written to the new file only, which only you can
read. The screen shows which settings were mapped, which have no counterpart, and which
you must decide.`

const migrateExample = `  divims migrate config/config.defaults.php config/project/acme/config.php tmp/acme_ServersInMaintenance.json`

func newMigrate() *cobra.Command {
	var name, output string
	cmd := &cobra.Command{
		Use:     "migrate FILE...",
		Short:   "Turn the predecessor's configuration into the file of a pool",
		Long:    migrateHelp,
		Example: migrateExample,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := runMigrate(name, output, arguments, asJSON(cmd), cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return runError{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "pool", "", "name of the pool (default: the project's name)")
	cmd.Flags().StringVar(&output, "output", "", "file to write; it must not exist (default: pools/POOL.env, or POOL.env if there is no folder pools)")
	return cmd
}

func runMigrate(name, output string, paths []string, asJSON bool, out, progress io.Writer) error {
	files, err := readFiles(name, paths)
	if err != nil {
		return err
	}
	result := migrate.Translate(files)
	if output == "" {
		if result.Pool == "" {
			return errors.New("the pool's name is not known: set it with --pool")
		}
		output = poolFile(result.Pool)
	}
	if err := writeNew(output, result.EnvFile()); err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(out).Encode(result)
	}
	if err := result.Table(out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(progress, "\nThe settings, secrets included, are in %s. Decide what is marked there, then run check.\n", output)
	return err
}

// poolFile returns the file in which a pool's settings are kept.
func poolFile(name string) string {
	if info, err := os.Stat("pools"); err == nil && info.IsDir() {
		return filepath.Join("pools", name+".env")
	}
	return name + ".env"
}

// readFiles reads the configurations (PHP) and the lists of servers in maintenance
// (files whose name ends in .json).
func readFiles(name string, paths []string) (migrate.Files, error) {
	files := migrate.Files{Pool: name}
	for _, path := range paths {
		source, err := readBounded(path)
		if err != nil {
			return files, err
		}
		if strings.HasSuffix(path, ".json") {
			numbers, err := migrate.ReadMaintenance(path, source)
			if err != nil {
				return files, err
			}
			files.Maintenance = append(files.Maintenance, numbers...)
			continue
		}
		config, err := migrate.ReadPHP(path, source)
		if err != nil {
			return files, err
		}
		files.Configs = append(files.Configs, config)
		if project := filepath.Base(filepath.Dir(path)); name == "" && filepath.Base(path) == "config.php" {
			files.Pool = project
		}
	}
	if len(files.Configs) == 0 {
		return files, errors.New("none of the files is a config.php")
	}
	return files, nil
}

// maxSource is the largest file that is read, in bytes. The predecessor's are far smaller.
const maxSource = 1 << 20

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	source, err := io.ReadAll(io.LimitReader(file, maxSource+1))
	if err == nil && len(source) > maxSource {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxSource>>20)
	}
	return source, err
}

// writeNew writes a new file that only its owner can read. An existing file is an error.
func writeNew(path, text string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
