package scaling

import (
	"cmp"
	"slices"
)

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

// numbers returns the numbers of the servers.
func (list servers) numbers() []int {
	numbers := make([]int, len(list))
	for i, s := range list {
		numbers[i] = s.Server.Number
	}
	return numbers
}

// numbered returns the server with a number. The list must have all servers of the pool.
func (list servers) numbered(number int) *server { return list[number-1] }

// byNumber orders servers by their numbers.
func byNumber(a, b *server) int { return cmp.Compare(a.Server.Number, b.Server.Number) }

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
