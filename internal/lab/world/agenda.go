package world

import (
	"container/heap"
	"time"
)

// rank settles what comes first of what happens at the same moment: a poll at
// the full minute sees the machines and people of that minute, and the row of
// the timeline sees the poll.
type rank int

const (
	byHoster rank = iota
	byPeople
	byScalelite
	byClock
)

// event is something that will happen.
type event struct {
	at   time.Time
	rank rank
	seq  int // settles the rest: first planned, first done
	// run does it, and says when it happens again; zero for never.
	run func() time.Time
}

// agenda is what will happen, as a heap with the next event on top.
type agenda struct {
	events []*event
	seq    int
}

// plan adds an event.
func (a *agenda) plan(at time.Time, rank rank, run func() time.Time) {
	a.seq++
	heap.Push(a, &event{at: at.UTC(), rank: rank, seq: a.seq, run: run})
}

// next takes the next event if it is due by t.
func (a *agenda) next(t time.Time) *event {
	if len(a.events) == 0 || a.events[0].at.After(t) {
		return nil
	}
	return heap.Pop(a).(*event)
}

// again puts back an event that next took.
func (a *agenda) again(e *event, at time.Time) {
	e.at = at.UTC()
	heap.Push(a, e)
}

// The rest is heap.Interface.

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
