package scaleway

import (
	"errors"
	"fmt"

	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// explain says what was being done when an error came. If the API says that
// what it was done to does not exist, the error is a pool.ErrGone. A bare 404
// is none: that can be a gateway on the way, which knows nothing of machines.
func explain(err error, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	missing, ok := errors.AsType[*scw.ResourceNotFoundError](err)
	switch {
	case !ok:
		return fmt.Errorf("%s: %w", what, short{err})
	case missing == nil: // what the SDK makes of an unknown_resource it cannot parse
		return fmt.Errorf("%s: %w", what, pool.ErrGone)
	}
	return fmt.Errorf("%s: %.40s %.40s %w", what, missing.Resource, missing.ResourceID, pool.ErrGone)
}

// short is an error whose text is cut: the API's own words, which it holds, can
// be as long as an answer.
type short struct{ error }

func (e short) Error() string { return fmt.Sprintf("%.500s", e.error.Error()) }

func (e short) Unwrap() error { return e.error }

// also joins two errors in one line; either can be nil.
func also(first, second error) error {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return fmt.Errorf("%w; %w", first, second)
}

// refusal says why a machine cannot be had, if the error means that another
// commercial type or another zone may still do. Otherwise it is empty.
func refusal(err error) string {
	if _, ok := errors.AsType[*scw.OutOfStockError](err); ok {
		return "out of stock"
	}
	if quota, ok := errors.AsType[*scw.QuotasExceededError](err); ok {
		return "over quota" + resources(quota)
	}
	if precondition, ok := errors.AsType[*scw.PreconditionFailedError](err); ok {
		return fmt.Sprintf("precondition failed: %.40s %.100s", precondition.Precondition, precondition.HelpMessage)
	}
	if invalid, ok := errors.AsType[*scw.InvalidArgumentsError](err); ok {
		for _, detail := range invalid.Details {
			if detail.ArgumentName == "commercial_type" {
				return fmt.Sprintf("not offered: %.100s", detail.HelpMessage)
			}
		}
	}
	return ""
}

func resources(err *scw.QuotasExceededError) string {
	names := ""
	for _, detail := range err.Details[:min(len(err.Details), 5)] {
		names += fmt.Sprintf(" of %.40s", detail.Resource)
	}
	return names
}
