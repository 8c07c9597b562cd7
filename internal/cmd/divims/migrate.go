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

const migrateHelp = `Turn the predecessor's configuration into a pool's file: its config.defaults.php and the
project's config.php, of which the later FILE counts, and the list of servers in
maintenance, PROJECT_ServersInMaintenance.json.

The PHP is read as data and never run. What is no plain value is an error that names the
line. Secrets go into the new file alone, which only you can read; on the screen is a
table of what was mapped, what has no counterpart and what you have to decide.`

func newMigrate() *cobra.Command {
	var name, output string
	cmd := &cobra.Command{
		Use:   "migrate FILE...",
		Short: "Turn the predecessor's configuration into a pool's file",
		Long:  migrateHelp,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := runMigrate(name, output, arguments, asJSON(cmd), cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return runError{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "pool", "", "name of the pool; the project's if it is not given")
	cmd.Flags().StringVar(&output, "output", "", "file to write, which must not exist; POOL.env, in pools if there is such a folder, if it is not given")
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
			return errors.New("what is the pool's name? Say it with --pool")
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
	_, err = fmt.Fprintf(progress, "\nwritten to %s, secrets included; go through what is to be decided, and then run check\n", output)
	return err
}

// poolFile is where a pool's settings are kept.
func poolFile(name string) string {
	if info, err := os.Stat("pools"); err == nil && info.IsDir() {
		return filepath.Join("pools", name+".env")
	}
	return name + ".env"
}

// readFiles reads the configurations, and the list of servers in maintenance by the
// end of its name.
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
			files.Pool = strings.ToLower(project)
		}
	}
	if len(files.Configs) == 0 {
		return files, errors.New("no config.php is among the files")
	}
	return files, nil
}

// largestSource is far above any file of the predecessor's, in bytes.
const largestSource = 1 << 20

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	source, err := io.ReadAll(io.LimitReader(file, largestSource+1))
	if err == nil && len(source) > largestSource {
		err = fmt.Errorf("%s is larger than %d MiB", path, largestSource>>20)
	}
	return source, err
}

// writeNew writes a file that only its owner can read, and that must not exist.
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
