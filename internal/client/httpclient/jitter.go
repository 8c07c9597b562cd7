package httpclient

import (
	"fmt"
	"hash/fnv"
	"time"
)

// Jitter returns a time from 50% to 150% of pause, so that many callers that failed
// together do not come back together. It depends on what is retried and on the time, and
// on no other chance: where time is virtual, a run can be repeated exactly.
func Jitter(what string, pause time.Duration) time.Duration {
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, what, time.Now().UnixNano())
	const parts = 1000
	return pause/2 + pause/parts*time.Duration(hash.Sum64()%parts)
}
