package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	sdk "github.com/scaleway/scaleway-sdk-go/api/function/v1beta1"
)

// Result is what became of one function.
type Result struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
	// Schedule is when its cron calls, in UTC.
	Schedule string `json:"schedule,omitempty"`
	// Problem is what is wrong, and what to do; empty if nothing is.
	Problem string `json:"problem,omitempty"`
}

const (
	callTimeout = 30 * time.Second
	// maxTries is how often a call or a correction is tried.
	maxTries = 7
	// longestPause is the longest pause between two of them. They begin with a second,
	// and double.
	longestPause = 15 * time.Second
	// buildTimeout is how long a function may be built, buildPause how often it is looked at.
	buildTimeout = 20 * time.Minute
	buildPause   = 5 * time.Second
)

// functions is what is done at Scaleway's Functions.
type functions interface {
	functions(ctx context.Context) ([]*sdk.Function, error)
	crons(ctx context.Context, functionID string) ([]*sdk.Cron, error)
	createCron(ctx context.Context, functionID, schedule string) error
	deleteCron(ctx context.Context, id string) error
	deleteFunction(ctx context.Context, id string) error
}

// verifier compares what is deployed with what should be, and corrects it.
type verifier struct {
	platform functions
	progress io.Writer
	pause    func(context.Context, time.Duration) error
}

// try repeats a call while Scaleway is busy.
func (v verifier) try(ctx context.Context, call func() error) error {
	for i := range maxTries {
		err := call()
		if err == nil || !isBusy(err) || i == maxTries-1 {
			return err
		}
		if err := v.pause(ctx, pauseAfter(i)); err != nil {
			return err
		}
	}
	return nil
}

// pauseAfter returns the pause after the try i, counted from 0.
func pauseAfter(i int) time.Duration { return min(time.Second<<i, longestPause) }

// deployed returns the functions by name, when none of the named ones is being built.
func (v verifier) deployed(ctx context.Context, names []string) (map[string]*sdk.Function, error) {
	for waited := time.Duration(0); ; waited += buildPause {
		byName := map[string]*sdk.Function{}
		err := v.try(ctx, func() error {
			list, err := v.platform.functions(ctx)
			for _, f := range list {
				byName[f.Name] = f
			}
			return err
		})
		building := slices.ContainsFunc(names, func(name string) bool {
			f := byName[name]
			return f != nil && (f.Status == sdk.FunctionStatusPending || f.Status == sdk.FunctionStatusCreating)
		})
		if err != nil || !building || waited >= buildTimeout {
			return byName, err
		}
		if err := v.pause(ctx, buildPause); err != nil {
			return nil, err
		}
	}
}

// verify checks the functions of pools, of which those in missing are known not to have
// been deployed, and corrects their crons.
func (v verifier) verify(ctx context.Context, pools []Pool, there map[string]*sdk.Function, missing []string) []Result {
	var results []Result
	for _, p := range pools {
		result := Result{Name: p.Name, Schedule: p.Schedule}
		f := there[p.Name]
		if f != nil {
			result.URL = "https://" + f.DomainName
		}
		switch {
		case f == nil:
			result.Problem = "it is not deployed: the output above says why. Run task deploy again"
		case f.Status == sdk.FunctionStatusError:
			result.Problem = "Scaleway could not build it: " + text(f.ErrorMessage) + ". The version before runs for at most 24 hours: fix that, and run task deploy again"
		case f.Status != sdk.FunctionStatusReady:
			result.Problem = fmt.Sprintf("it is not ready, but %s: run task deploy again", f.Status)
		case slices.Contains(missing, p.Name):
			result.Problem = "the new version is not deployed, and the one before runs on: run task deploy again"
		}
		if f != nil {
			if err := v.correctCrons(ctx, f, p.Schedule); err != nil {
				result.Problem = joinSentences(result.Problem, fmt.Sprintf("it has not exactly one cron trigger %q (%s): run task deploy -- --verify", p.Schedule, err))
			}
		}
		results = append(results, result)
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if !slices.ContainsFunc(pools, func(p Pool) bool { return p.Name == name }) {
			_, _ = fmt.Fprintf(v.progress, "%s: there is no file for this function any more, but it still evaluates its pool. To delete it: task deploy -- --remove %s\n", name, name)
		}
	}
	return results
}

func text(s *string) string {
	if s == nil {
		return "no reason is given"
	}
	return *s
}

func joinSentences(first, second string) string {
	if first == "" {
		return second
	}
	return first + "; " + second
}

var errUnsettled = errors.New("it was corrected several times")

// correctCrons sees to it that a function has exactly one cron, the right one. An answer
// of a busy API is not believed: what is there is read again after a pause.
func (v verifier) correctCrons(ctx context.Context, f *sdk.Function, schedule string) error {
	last := errUnsettled
	for i := range maxTries {
		var crons []*sdk.Cron
		err := v.try(ctx, func() (err error) {
			crons, err = v.platform.crons(ctx, f.ID)
			return err
		})
		if err != nil {
			return err
		}
		keep := slices.IndexFunc(crons, func(c *sdk.Cron) bool { return isRight(c, schedule) })
		if keep >= 0 && len(crons) == 1 {
			return nil
		}
		if err := v.correct(ctx, f, crons, keep, schedule); isBusy(err) {
			last = err
		} else if err != nil {
			return err
		}
		if err := v.pause(ctx, pauseAfter(i)); err != nil {
			return err
		}
	}
	return last
}

// correct deletes all crons but one, and creates it if there is none.
func (v verifier) correct(ctx context.Context, f *sdk.Function, crons []*sdk.Cron, keep int, schedule string) error {
	var problems []error
	for i, c := range crons {
		if i != keep {
			_, _ = fmt.Fprintf(v.progress, "%s: deleting a cron trigger %q too many\n", f.Name, c.Schedule)
			problems = append(problems, v.platform.deleteCron(ctx, c.ID))
		}
	}
	if keep < 0 {
		_, _ = fmt.Fprintf(v.progress, "%s: creating its cron trigger %q, which is missing\n", f.Name, schedule)
		problems = append(problems, v.platform.createCron(ctx, f.ID, schedule))
	}
	return errors.Join(problems...)
}

// remove deletes a function with its crons.
func (v verifier) remove(ctx context.Context, name string) error {
	there, err := v.deployed(ctx, nil)
	if err != nil {
		return err
	}
	f := there[name]
	if f == nil {
		return fmt.Errorf("there is no function %s; there are %q", name, slices.Sorted(maps.Keys(there)))
	}
	// Its crons first: a function without crons does nothing by itself.
	err = v.try(ctx, func() error {
		crons, err := v.platform.crons(ctx, f.ID)
		for _, c := range crons {
			err = errors.Join(err, v.platform.deleteCron(ctx, c.ID))
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.try(ctx, func() error { return v.platform.deleteFunction(ctx, f.ID) })
}
