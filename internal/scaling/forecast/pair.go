package forecast

// Pair holds one number for participants and one for meetings.
type Pair struct{ Participants, Meetings float64 }

func (p Pair) add(q Pair) Pair {
	return Pair{p.Participants + q.Participants, p.Meetings + q.Meetings}
}

func (p Pair) scale(factor float64) Pair { return Pair{p.Participants * factor, p.Meetings * factor} }

// multiply multiplies participants by participants and meetings by meetings.
func (p Pair) multiply(q Pair) Pair {
	return Pair{p.Participants * q.Participants, p.Meetings * q.Meetings}
}

// combine applies f to the two numbers of participants and to the two of meetings.
func (p Pair) combine(q Pair, f func(a, b float64) float64) Pair {
	return Pair{f(p.Participants, q.Participants), f(p.Meetings, q.Meetings)}
}
