package world

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// draws is the source of all chance in a world. Every draw is a function of the seed, of
// what is drawn and for whom, and of how often that was drawn before. So calls that run
// side by side may come in any order without changing what the others draw.
type draws struct {
	seed uint64
	// counts has the number of draws so far.
	counts map[drawn]uint64
}

// drawn is what is drawn, and for whom.
type drawn struct{ what, whom string }

func newDraws(seed uint64) draws { return draws{seed, map[drawn]uint64{}} }

// draw returns the random numbers of the next draw of something for somebody.
func (w *World) draw(what, whom string) *rand.Rand {
	key := drawn{what, whom}
	w.draws.counts[key]++
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "%s\x00%s\x00%d", what, whom, w.draws.counts[key])
	return rand.New(rand.NewPCG(w.draws.seed, hash.Sum64()))
}

// between draws a time from now+least to now+most, in steps of a second.
func (w *World) between(least, most time.Duration, what, whom string) time.Time {
	choices := int64((most-least)/time.Second) + 1
	return w.now.Add(least + time.Duration(w.draw(what, whom).Int64N(choices))*time.Second)
}

// Chance draws whether something happens to somebody, with a probability from 0 to 1.
func (w *World) Chance(what, whom string, probability float64) bool {
	return w.draw(what, whom).Float64() < probability
}

// newID draws a UUID, as the services use for ids.
func (w *World) newID(what, whom string) string {
	random := w.draw(what, whom)
	a, b := random.Uint64(), random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&(1<<48-1))
}
