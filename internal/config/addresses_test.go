package config

import (
	"slices"
	"strings"
	"testing"
)

func TestNotifyURLs(t *testing.T) {
	const mail = "smtp://u:p@mail.example.com:587/?fromaddress=a@example.com&toaddresses=b@example.com,c@example.com"
	const hook = "generic+https://hook.example.com/a?template=json"
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"one, with a comma in it":     {mail, []string{mail}},
		"two, with a comma between":   {mail + "," + hook, []string{mail, hook}},
		"two, with both":              {hook + " , " + mail, []string{hook, mail}},
		"three, in lines":             {hook + "\n" + mail + "\r\n" + hook, []string{hook, mail, hook}},
		"an address within a address": {hook + "&icon=https://example.com/a.png", []string{hook + "&icon=https://example.com/a.png"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, address := range load(t, map[string]string{"NOTIFY_URLS": test.text}).NotifyURLs {
				got = append(got, address.Reveal())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestABadAddressIsToldByItsPlace(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"the second of two":    {"mattermost://chat.example.com/the-secret, discord://the-secret@1", "has in place 2 an address that has to begin with one of generic,"},
		"something before":     {"the-secret mattermost://chat.example.com/the-secret", "has in place 1 an address that has to begin"},
		"something behind":     {"mattermost://chat.example.com/the-secret the-secret", "has in place 1 an address that"},
		"a password in clear":  {"smtp://u:the-secret@mail.example.com/?starttls=no&from=a@example.com&to=a@example.com", "in place 1 an address that may go without TLS to this machine only"},
		"far too many to tell": {strings.Repeat("generic://hook.example.com/the-secret ", 21), "has more than 20 addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			found := problems(t, environ(map[string]string{"NOTIFY_URLS": test.text}))
			if len(found) != 1 || found[0].Variable != "DIVIMS_NOTIFY_URLS" || !strings.Contains(found[0].Wrong, test.want) {
				t.Errorf("%v", found)
			}
			if strings.Contains(found.Error(), "the-secret") {
				t.Errorf("a secret is shown: %v", found)
			}
		})
	}
}

// TestSalvage: of a bad environment, the settings that are right can be used to
// tell of the others.
func TestSalvage(t *testing.T) {
	s := Salvage(environ(map[string]string{"POOL_SIZE": "many", "NOTIFY_URLS": "generic://hook.example.com", "CONNECT_TO": "a.example.com=127.0.0.1:1,b"}))
	if s.Pool != "campus" || s.PoolSize != 0 || len(s.NotifyURLs) != 1 || s.ConnectTo != nil {
		t.Errorf("%+v", s)
	}
}
