package scaling

// Pair holds one number for participants and one for meetings.
type Pair struct{ Participants, Meetings float64 }
