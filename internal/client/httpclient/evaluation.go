package httpclient

import (
	"context"
	"sync"
)

// evaluation holds the retry budget and the circuit breakers of one evaluation. The
// next evaluation starts with new ones.
type evaluation struct {
	budget   retryBudget
	breakers circuitBreakers
}

type evaluationKey struct{}

// ForEvaluation returns a context for the requests of one evaluation: they share
// a retry budget and the circuit breakers. Requests with any other context are
// neither retried nor refused.
func ForEvaluation(ctx context.Context) context.Context {
	return context.WithValue(ctx, evaluationKey{}, &evaluation{})
}

// evaluationOf returns the evaluation of a context, nil outside of evaluations.
func evaluationOf(ctx context.Context) *evaluation {
	e, _ := ctx.Value(evaluationKey{}).(*evaluation)
	return e
}

// An evaluation may retry minRetries requests, and one more for every
// requestsPerRetry that it sends: a network that fails as a whole must not be
// given twice the work.
const (
	requestsPerRetry = 10
	minRetries       = 5
)

// retryBudget limits the retries of one evaluation. It is safe for concurrent use.
type retryBudget struct {
	mutex             sync.Mutex
	requests, retries int
}

// countRequest counts a request. Every ten of them allow one more retry.
func (b *retryBudget) countRequest() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.requests++
}

// take takes one retry out of the budget and reports whether there was one left.
func (b *retryBudget) take() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.retries >= minRetries+b.requests/requestsPerRetry {
		return false
	}
	b.retries++
	return true
}
