package world

import "divims/internal/pool"

// RunningServers returns the numbers of the servers whose machine runs as the hoster sees
// it, whether or not it answers. They are sorted.
func (w *World) RunningServers() []int {
	var numbers []int
	for _, s := range w.servers {
		if m := s.machine(); m != nil && m.State == pool.Running {
			numbers = append(numbers, s.Number)
		}
	}
	return numbers
}
