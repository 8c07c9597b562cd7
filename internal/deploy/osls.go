package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	sdk "github.com/scaleway/scaleway-sdk-go/api/function/v1beta1"

	"divims/internal/pool"
)

// osls is the program that deploys, as npm installs it.
const osls = "node_modules/.bin/osls"

// maxRuns is how often osls runs while Scaleway is busy.
const maxRuns = 3

// Deployment deploys pools.
type Deployment struct {
	Account Account
	Pools   []Pool
	// Arguments are further arguments of osls.
	Arguments []string
	// Progress receives what osls prints, without secrets, and what is corrected.
	Progress io.Writer
	// Pause waits.
	Pause func(context.Context, time.Duration) error
}

// Deploy runs osls and verifies its work. It returns a result for each pool. The error is
// that of osls, or says why nothing could be verified.
func (d Deployment) Deploy(ctx context.Context) ([]Result, error) {
	v, err := d.verifier()
	if err != nil {
		return nil, err
	}
	before, err := v.deployed(ctx, nil)
	if err != nil {
		return nil, err
	}
	for run := 1; ; run++ {
		busy, failed := d.osls(ctx)
		there, err := v.deployed(ctx, d.names())
		if err != nil {
			return nil, errors.Join(failed, err, errUnverified)
		}
		missing := d.missing(before, there, failed)
		if failed == nil || len(missing) == 0 || !busy || run == maxRuns {
			results := v.verify(ctx, d.Pools, there, missing)
			if len(missing) == 0 {
				failed = nil // what osls left undone is corrected, or a problem of a result
			}
			return results, failed
		}
		_, _ = fmt.Fprintf(d.Progress, "Scaleway was busy, and %s is not deployed yet: osls runs again\n", strings.Join(missing, ", "))
		if err := d.Pause(ctx, longestPause); err != nil {
			return nil, errors.Join(failed, err, errUnverified)
		}
	}
}

// errUnverified says what to do when osls ran and its work could not be verified, for
// example because an operator interrupted it.
var errUnverified = errors.New("nothing was verified, and a function may have no cron trigger: run task deploy again")

// Verify corrects the crons of what is deployed, and returns a result for each pool.
func (d Deployment) Verify(ctx context.Context) ([]Result, error) {
	v, err := d.verifier()
	if err != nil {
		return nil, err
	}
	there, err := v.deployed(ctx, d.names())
	if err != nil {
		return nil, err
	}
	return v.verify(ctx, d.Pools, there, nil), nil
}

// Remove deletes the function of a pool.
func (d Deployment) Remove(ctx context.Context, name string) error {
	v, err := d.verifier()
	if err != nil {
		return err
	}
	return v.remove(ctx, name)
}

func (d Deployment) verifier() (verifier, error) {
	p, err := newPlatform(d.Account)
	return verifier{p, d.Progress, d.Pause}, err
}

func (d Deployment) names() []string {
	var names []string
	for _, p := range d.Pools {
		names = append(names, p.Name)
	}
	return names
}

// missing returns the pools that were not deployed by a run of osls that failed. Each
// deployment of a function has a date.
func (d Deployment) missing(before, there map[string]*sdk.Function, failed error) []string {
	var missing []string
	for _, name := range d.names() {
		old, f := before[name], there[name]
		switch {
		case failed == nil, f != nil && f.Status == sdk.FunctionStatusError: // a result says why
		case f == nil, f.Status == sdk.FunctionStatusCreated, old != nil && (f.ReadyAt == nil || old.ReadyAt != nil && f.ReadyAt.Equal(*old.ReadyAt)):
			missing = append(missing, name)
		}
	}
	return missing
}

// osls runs `osls deploy`. It reports whether an error says that Scaleway was busy. The
// functions reach it through a pipe, so that what was checked is what is deployed.
func (d Deployment) osls(ctx context.Context) (busy bool, err error) {
	text, err := Functions(d.Pools)
	if err != nil {
		return false, err
	}
	secrets := []pool.Secret{d.Account.Key}
	for _, p := range d.Pools {
		secrets = append(secrets, p.Secrets()...)
	}
	out := newOutput(d.Progress, secrets)
	command := exec.CommandContext(ctx, osls, append([]string{"deploy"}, d.Arguments...)...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = longestPause
	command.Env = append(Environment(), "DIVIMS_FUNCTIONS=stdin", "DIVIMS_NAMESPACE="+d.Account.Namespace,
		"SCW_SECRET_KEY="+d.Account.Key.Reveal(), "SCW_DEFAULT_PROJECT_ID="+d.Account.Project, "SCW_REGION="+d.Account.Region)
	command.Stdin = bytes.NewReader(text)
	command.Stdout, command.Stderr = out, out
	err = errors.Join(command.Run(), out.Close())
	if errors.Is(err, os.ErrNotExist) {
		return false, errors.New("osls is not installed: run task deploy, or npm ci")
	}
	if err != nil {
		return out.busy || out.uncaught, fmt.Errorf("osls deploy: %w", err)
	}
	return false, nil
}
