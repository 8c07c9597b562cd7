package notify

import (
	"slices"
	"strings"
	"testing"
)

func TestURLsFromText(t *testing.T) {
	const mail = "smtp://u:p@mail.example.com:587/?fromaddress=a@example.com&toaddresses=b@example.com,c@example.com"
	const hook = "generic+https://hook.example.com/a?template=json"
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"one that contains a comma":    {mail, []string{mail}},
		"two with a comma between":     {mail + "," + hook, []string{mail, hook}},
		"two with comma and blanks":    {hook + " , " + mail, []string{hook, mail}},
		"three on lines":               {hook + "\n" + mail + "\r\n" + hook, []string{hook, mail, hook}},
		"an address within an address": {hook + "&icon=https://example.com/a.png", []string{hook + "&icon=https://example.com/a.png"}},
	} {
		t.Run(name, func(t *testing.T) {
			var urls URLs
			if err := urls.UnmarshalText([]byte(test.text)); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, address := range urls {
				got = append(got, address.Reveal())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("urls = %q; want %q", got, test.want)
			}
		})
	}
}

func TestBadURLIsNamedByItsPosition(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"the second of two":         {"mattermost://chat.example.com/the-secret, discord://the-secret@1", "has an address, number 2 in the list, that"},
		"text before the first":     {"the-secret mattermost://chat.example.com/the-secret", "has an address, number 1 in the list, that"},
		"text after the last":       {"mattermost://chat.example.com/the-secret the-secret", "has an address, number 1 in the list, that"},
		"a password without TLS":    {"smtp://u:the-secret@mail.example.com/?starttls=no&from=a@example.com&to=a@example.com", "has an address, number 1 in the list, that"},
		"more than can be notified": {strings.Repeat("generic://hook.example.com/the-secret ", 21), "has more than 20 addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			err := new(URLs).UnmarshalText([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v; want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "the-secret") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}
