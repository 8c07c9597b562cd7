package scaleway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// explain adds what was being done to an error. If the API says that the resource does
// not exist, the error wraps pool.ErrGone. A 404 without the API's own error body does
// not count, because it may come from a gateway.
func explain(err error, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	missing, ok := errors.AsType[*scw.ResourceNotFoundError](err)
	switch {
	case !ok:
		return fmt.Errorf("%s: %w", what, short{err})
	case missing == nil: // the SDK returns this for an unknown_resource that it cannot parse
		return fmt.Errorf("%s: %w", what, pool.ErrGone)
	}
	return fmt.Errorf("%s: %.40s %.40s %w", what, missing.Resource, missing.ResourceID, pool.ErrGone)
}

// isGone reports whether an error says that the resource does not exist. As in explain,
// the API itself must say so.
func isGone(err error) bool {
	_, missing := errors.AsType[*scw.ResourceNotFoundError](err)
	return missing || errors.Is(err, pool.ErrGone)
}

// isDefinite reports whether the API refused a request, so that it was certainly not
// carried out. After any other error it may have been.
func isDefinite(err error) bool {
	if answer, ok := errors.AsType[*scw.ResponseError](err); ok {
		return answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusRequestTimeout
	}
	sdk, _ := errors.AsType[scw.SdkError](err)
	switch sdk.(type) {
	case *scw.InvalidArgumentsError, *scw.QuotasExceededError, *scw.PermissionsDeniedError,
		*scw.DeniedAuthenticationError, *scw.ResourceNotFoundError, *scw.ResourceExpiredError, *scw.ResourceLockedError,
		*scw.TransientStateError, *scw.OutOfStockError, *scw.PreconditionFailedError:
		return true
	}
	return false
}

// reason returns the text of an error for the reason why a zone could not be listed.
func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return err.Error()
}

// short cuts the text of an error, which can contain an answer of any length.
type short struct{ error }

func (e short) Error() string { return fmt.Sprintf("%.500s", e.error.Error()) }

func (e short) Unwrap() error { return e.error }

// joinErrors joins two errors in one line. Either may be nil.
func joinErrors(first, second error) error {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return fmt.Errorf("%w; %w", first, second)
}

// refusal returns how the API refused a machine of a type in a zone. Unless the answer
// is definite, the refusal is of the whole zone, without the type.
func refusal(zone scw.Zone, commercialType string, err error) *pool.Refusal {
	if !isDefinite(err) {
		return &pool.Refusal{Zone: string(zone), Reason: shown(err)}
	}
	return &pool.Refusal{Zone: string(zone), Type: commercialType, Reason: refusalReason(err), Stock: isShortage(err)}
}

// isShortage reports whether the hoster is out of stock, or the project over its quota.
func isShortage(err error) bool {
	_, stock := errors.AsType[*scw.OutOfStockError](err)
	_, quota := errors.AsType[*scw.QuotasExceededError](err)
	return stock || quota
}

// refusalReason returns the reason of a definite refusal.
func refusalReason(err error) string {
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
			switch name, _, _ := strings.Cut(detail.ArgumentName, "."); name {
			case "commercial_type":
				return fmt.Sprintf("not offered: %.100s", detail.HelpMessage)
			case "volumes":
				return fmt.Sprintf("the root volume (DIVIMS_ROOT_VOLUME_SIZE) does not fit: %.100s", detail.HelpMessage)
			case "security_group":
				return fmt.Sprintf("the security group (DIVIMS_SECURITY_GROUP) is refused: %.100s", detail.HelpMessage)
			}
		}
	}
	if missing, ok := errors.AsType[*scw.ResourceNotFoundError](err); ok && missing != nil && missing.Resource == "instance_security_group" {
		return fmt.Sprintf("the security group %.40s (DIVIMS_SECURITY_GROUP) does not exist", missing.ResourceID)
	}
	return shown(err)
}

// shown returns the text of an error for a refusal, without the name of the library.
func shown(err error) string {
	if missing, ok := errors.AsType[*scw.ResourceNotFoundError](err); ok && missing == nil {
		return "a resource does not exist"
	}
	return fmt.Sprintf("%.200s", strings.TrimPrefix(reason(err), "scaleway-sdk-go: "))
}

func resources(err *scw.QuotasExceededError) string {
	names := ""
	for _, detail := range err.Details[:min(len(err.Details), 5)] {
		names += fmt.Sprintf(" of %.40s", detail.Resource)
	}
	return names
}
