package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// runShell lets a shell read a pool's file, as `set -a; . pools/campus.env` does, and
// returns its environment afterwards. DIVIMS_ variables of the current environment are
// left out, so that they do not become settings of the pool.
func runShell(ctx context.Context, path string, progress io.Writer) (map[string]string, error) {
	if !strings.Contains(path, "/") {
		path = "./" + path // otherwise the shell looks for it in PATH
	}
	command := exec.CommandContext(ctx, "sh", "-ec", `set -a; . "$1" >&2; exec env -0`, "sh", path)
	command.Env = Environment()
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	err := command.Run()
	printed := traceLine.ReplaceAllString(errOut.String(), "")
	if err != nil {
		return nil, fmt.Errorf("%s%s", path, shellProblem(err, strings.ReplaceAll(printed, ": "+path+": ", ": ")))
	}
	if out.Len() == 0 {
		return nil, fmt.Errorf("%s ends the shell that reads it: delete the command exit", path)
	}
	_, _ = io.WriteString(progress, printed)
	environment := map[string]string{}
	for variable := range strings.SplitSeq(out.String(), "\x00") {
		name, value, _ := strings.Cut(variable, "=")
		environment[name] = value
	}
	return environment, nil
}

// Environment returns the environment of this process without DIVIMS_ variables.
func Environment() []string {
	var environment []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "DIVIMS_") {
			environment = append(environment, variable)
		}
	}
	return environment
}

var (
	// traceLine is what the shell prints of a command after set -x. It has values in it.
	traceLine = regexp.MustCompile(`(?m)^\++ .*\n?`)
	// shellError is what dash, busybox and bash write: FILE: 3: reason, FILE: line 3: reason.
	shellError = regexp.MustCompile(`(?m)^.*?: (?:line )?([0-9]+): (.*)$`)
	// notRun is the reason if a command does not exist. The command may be a part of a
	// secret, and so may what bash quotes.
	notRun = regexp.MustCompile(`: (not found|command not found|No such file or directory|[Pp]ermission denied)$`)
	quoted = regexp.MustCompile("`.*")
)

// shellProblem says why the shell could not read a file, in words that follow the path.
func shellProblem(err error, said string) string {
	found := shellError.FindStringSubmatch(said)
	var ended *exec.ExitError
	switch {
	case !errors.As(err, &ended):
		return ": " + err.Error()
	case found == nil:
		return strings.TrimRight(fmt.Sprintf(": one of its commands failed (%s): %.300s", err, strings.TrimSpace(said)), ": ")
	case notRun.MatchString(found[2]):
		return fmt.Sprintf(" line %s: the shell takes a part of this line for a command that it cannot run: write NAME='value', without spaces around =", found[1])
	}
	return fmt.Sprintf(" line %s: %s", found[1], strings.TrimSpace(quoted.ReplaceAllString(found[2], "…")))
}
