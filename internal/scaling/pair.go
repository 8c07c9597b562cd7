package scaling

// Pair holds one number for participants and one for meetings.
type Pair struct{ Participants, Meetings float64 }

func (p Pair) plus(q Pair) Pair {
	return Pair{p.Participants + q.Participants, p.Meetings + q.Meetings}
}

func (p Pair) times(factor float64) Pair { return Pair{p.Participants * factor, p.Meetings * factor} }

// by multiplies the two numbers of each kind.
func (p Pair) by(q Pair) Pair { return Pair{p.Participants * q.Participants, p.Meetings * q.Meetings} }

// each combines the two numbers of each kind.
func (p Pair) each(q Pair, combine func(a, b float64) float64) Pair {
	return Pair{combine(p.Participants, q.Participants), combine(p.Meetings, q.Meetings)}
}
