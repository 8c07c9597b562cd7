package pool

import "time"

// JoinTime is how long after its creation a meeting may be without anybody because the
// people are still on their way: Scalelite has sent them to its server.
const JoinTime = 5 * time.Minute

// AwaitsPeople reports whether nobody has joined a meeting yet that was created within the
// JoinTime, or at an unknown time. If its server is cordoned now, Scalelite creates the
// meeting a second time on another one, and its people are split. BBB itself moves people
// into breakout rooms, so those await nobody.
func (m Meeting) AwaitsPeople(now time.Time) bool {
	return !m.Breakout && m.Participants == 0 && (m.Created.IsZero() || now.Sub(m.Created) < JoinTime)
}
