package notify

import (
	"fmt"
	"regexp"
	"strings"

	"divims/internal/config/setting"
	"divims/internal/pool"
)

// Settings say who is notified.
type Settings struct {
	URLs URLs `envconfig:"NOTIFY_URLS" group:"Notifications" example:"smtp://divims:PASSWORD@mail.example.com:587/?fromaddress=divims@example.com&toaddresses=ops@example.com" desc:"services that are notified, as shoutrrr addresses with commas or spaces between them: smtp, slack, mattermost, matrix, teams, telegram, generic; if empty, nobody is notified"`
}

// URLs are addresses of notification services, with passwords in them.
type URLs []pool.Secret

// maxURLs is the most services that a message can be sent to in time.
const maxURLs = 20

// nextURL matches what separates an address from the next one in a list. An
// address may contain commas itself.
var nextURL = regexp.MustCompile(`[\s,]+[a-z][a-z0-9+]*://`)

// UnmarshalText reads addresses with commas or spaces between them.
func (u *URLs) UnmarshalText(text []byte) error {
	list, begin := string(text), 0
	for _, next := range append(nextURL.FindAllStringIndex(list, -1), []int{len(list)}) {
		address := strings.Trim(list[begin:next[0]], ", \t\r\n")
		begin = next[0]
		if err := Check(address); err != nil {
			return setting.Error(fmt.Sprintf("has an address, number %d in the list, that %v", len(*u)+1, err))
		}
		*u = append(*u, pool.NewSecret(address))
	}
	if len(*u) > maxURLs {
		return setting.Error(fmt.Sprintf("has more than %d addresses", maxURLs))
	}
	return nil
}
