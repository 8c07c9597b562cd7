package scaling

import "slices"

// servers is a list of servers, in the order of their numbers.
type servers []*server

// count returns how many servers satisfy the condition.
func (list servers) count(condition func(*server) bool) int {
	n := 0
	for _, s := range list {
		if condition(s) {
			n++
		}
	}
	return n
}

// capacity returns the summed capacity of the servers that satisfy the condition.
func (list servers) capacity(condition func(*server) bool) float64 {
	sum := 0.0
	for _, s := range list {
		if condition(s) {
			sum += s.capacity()
		}
	}
	return sum
}

// choose returns the servers that satisfy the condition, sorted by order. Equal
// servers stay in the order of their numbers.
func (list servers) choose(condition func(*server) bool, order func(a, b *server) int) servers {
	var chosen servers
	for _, s := range list {
		if condition(s) {
			chosen = append(chosen, s)
		}
	}
	slices.SortStableFunc(chosen, order)
	return chosen
}
