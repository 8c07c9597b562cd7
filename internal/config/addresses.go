package config

import (
	"fmt"
	"regexp"
	"strings"

	"divims/internal/client/notify"
	"divims/internal/pool"
)

// NotifyURLs are addresses of notification services, with passwords in them.
type NotifyURLs []pool.Secret

// mostNotified is more services than a message can go to in time.
const mostNotified = 20

// beginning is where an address of a list begins. Within one there are commas, too.
var beginning = regexp.MustCompile(`[\s,]+[a-z][a-z0-9+]*://`)

// UnmarshalText takes addresses with commas or spaces between them.
func (n *NotifyURLs) UnmarshalText(text []byte) error {
	list, begin := string(text), 0
	for _, next := range append(beginning.FindAllStringIndex(list, -1), []int{len(list)}) {
		address := strings.Trim(list[begin:next[0]], ", \t\r\n")
		begin = next[0]
		if err := notify.Check(address); err != nil {
			return wrong(fmt.Sprintf("has in place %d an address that %v", len(*n)+1, err))
		}
		*n = append(*n, pool.NewSecret(address))
	}
	if len(*n) > mostNotified {
		return wrong(fmt.Sprintf("has more than %d addresses", mostNotified))
	}
	return nil
}
