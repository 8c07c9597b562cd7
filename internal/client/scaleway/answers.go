package scaleway

import (
	"context"
	"sync"
)

// answers are the lists that the calls of one evaluation share.
type answers struct {
	mutex sync.Mutex
	byKey map[string]any // *answer[T]
}

type answer[T any] struct {
	done  chan struct{} // closed when the answer is there
	value T
	err   error
}

type answersKey struct{}

// ForEvaluation returns a context for the calls of one evaluation. However many machines
// they create, they list the project's addresses, images and security groups once. The
// next evaluation lists them again.
func ForEvaluation(ctx context.Context) context.Context {
	return context.WithValue(ctx, answersKey{}, &answers{byKey: map[string]any{}})
}

// once returns ask's answer, and the same one for the rest of the evaluation. Callers that
// come meanwhile wait for it. An error is not kept: the next caller asks again. Outside of
// evaluations, once always asks. A key has one type of answer.
func once[T any](ctx context.Context, key string, ask func(context.Context) (T, error)) (T, error) {
	shared, _ := ctx.Value(answersKey{}).(*answers)
	if shared == nil {
		return ask(ctx)
	}
	mine := &answer[T]{done: make(chan struct{})}
	if first, ok := shared.claim(key, mine).(*answer[T]); ok && first != mine {
		select {
		case <-first.done:
			return first.value, first.err
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
	mine.value, mine.err = ask(ctx)
	if mine.err != nil {
		shared.forget(key)
	}
	close(mine.done)
	return mine.value, mine.err
}

// claim returns the answer with a key. If there is none, that is the given one from now on.
func (a *answers) claim(key string, given any) any {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.byKey[key] == nil {
		a.byKey[key] = given
	}
	return a.byKey[key]
}

func (a *answers) forget(key string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.byKey, key)
}
