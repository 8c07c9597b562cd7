package world

import (
	"container/heap"
	"time"
)

// rank orders events that happen at the same moment, lowest first: a poll at a full
// minute sees the machines and people of that minute, and the timeline's row of that
// minute sees the result of the poll.
type rank int

const (
	byHoster rank = iota
	byPeople
	byScalelite
	byClock
)

// event is something that happens at a planned time.
type event struct {
	at   time.Time
	rank rank
	seq  int // orders events of the same time and rank: first planned, first run
	// run executes the event and returns when it happens again, or the zero time if it
	// does not.
	run func() time.Time
}

// agenda holds the planned events in a heap, the next one on top.
type agenda struct {
	events []*event
	seq    int
}

// plan adds an event.
func (a *agenda) plan(at time.Time, rank rank, run func() time.Time) {
	a.seq++
	heap.Push(a, &event{at: at.UTC(), rank: rank, seq: a.seq, run: run})
}

// next removes and returns the next event if it is due by t, or returns nil.
func (a *agenda) next(t time.Time) *event {
	if len(a.events) == 0 || a.events[0].at.After(t) {
		return nil
	}
	return heap.Pop(a).(*event)
}

// again plans an event that next returned once more, for another time.
func (a *agenda) again(e *event, at time.Time) {
	e.at = at.UTC()
	heap.Push(a, e)
}

// The methods below implement heap.Interface.

func (a *agenda) Len() int { return len(a.events) }

func (a *agenda) Less(i, j int) bool {
	x, y := a.events[i], a.events[j]
	if !x.at.Equal(y.at) {
		return x.at.Before(y.at)
	}
	if x.rank != y.rank {
		return x.rank < y.rank
	}
	return x.seq < y.seq
}

func (a *agenda) Swap(i, j int) { a.events[i], a.events[j] = a.events[j], a.events[i] }

func (a *agenda) Push(e any) { a.events = append(a.events, e.(*event)) }

func (a *agenda) Pop() any {
	last := len(a.events) - 1
	e := a.events[last]
	a.events[last] = nil
	a.events = a.events[:last]
	return e
}
