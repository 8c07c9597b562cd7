package notify

import (
	"errors"
	"fmt"
	"net/smtp"
	"regexp"
	"slices"
	"strings"

	mailer "github.com/nicholas-fedor/shoutrrr/pkg/services/email/smtp"
)

// mechanisms are the login mechanisms that are chosen from a server's offer, the preferred
// one first. The password is sent in a verified TLS connection, so PLAIN is as safe as
// CRAM-MD5, and more often usable: many servers offer CRAM-MD5 although they have only
// hashes of the passwords.
var mechanisms = []string{"PLAIN", "LOGIN", "CRAM-MD5"}

// login logs in, if the address has a user.
func (m mailbox) login(client *smtp.Client) error {
	if m.config.Username == "" || m.config.Auth == mailer.AuthTypes.None {
		return nil
	}
	auth, err := m.auth(client)
	if err != nil {
		return err
	}
	return step("log in", client.Auth(auth))
}

// auth returns the login method that the address names, or else one that the server offers.
func (m mailbox) auth(client *smtp.Client) (smtp.Auth, error) {
	user, password := m.config.Username, m.config.Password
	switch m.config.Auth {
	case mailer.AuthTypes.OAuth2:
		return mailer.OAuth2Auth(user, password), nil
	case mailer.AuthTypes.CRAMMD5:
		return smtp.CRAMMD5Auth(user, password), nil
	}
	plain := smtp.PlainAuth("", user, password, m.config.Host)
	if m.config.Auth == mailer.AuthTypes.Plain {
		return plain, nil
	}
	extensions, err := m.extensions(client)
	if err != nil {
		return nil, step("hello", err)
	}
	mechanism, err := choose(extensions["AUTH"])
	switch mechanism {
	case "LOGIN":
		return &loginAuth{plain, []string{user, password}}, nil
	case "CRAM-MD5":
		return smtp.CRAMMD5Auth(user, password), nil
	}
	return plain, err
}

// choose returns the first of our mechanisms that a server offers.
func choose(offered []string) (string, error) {
	for _, mechanism := range mechanisms {
		if slices.Contains(offered, mechanism) {
			return mechanism, nil
		}
	}
	offered = slices.DeleteFunc(offered, func(word string) bool { return !mechanismName.MatchString(word) })
	if len(offered) == 0 {
		return "", errors.New("log in: the server offers no login")
	}
	offered = offered[:min(len(offered), maxMechanisms)]
	return "", fmt.Errorf("log in: the server offers %s, but none of %s", strings.Join(offered, ", "), strings.Join(mechanisms, ", "))
}

// mechanismName matches the name of a mechanism (RFC 4422). Other words of a server's
// offer are not shown.
var mechanismName = regexp.MustCompile(`^[A-Z0-9_-]{1,20}$`)

// maxMechanisms is how many of the mechanisms that a server offers are shown in an error.
const maxMechanisms = 10

// loginAuth is the mechanism LOGIN. The server asks for the user, then for the password.
// The texts of its questions differ between servers.
type loginAuth struct {
	smtp.Auth // PLAIN, whose Start refuses unencrypted connections
	answers   []string
}

// Start returns the mechanism's name, or an error if the password must not be sent.
func (a *loginAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	_, _, err := a.Auth.Start(server)
	return "LOGIN", nil, err
}

// Next returns the answer to the server's next question.
func (a *loginAuth) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if len(a.answers) == 0 {
		return nil, errors.New("unexpected server challenge")
	}
	answer := a.answers[0]
	a.answers = a.answers[1:]
	return []byte(answer), nil
}

// extensions returns the extensions that a server offers and their parameters, in upper
// case. It sends EHLO again, because net/smtp recognizes neither lower case nor the old
// form AUTH=LOGIN.
func (m mailbox) extensions(client *smtp.Client) (map[string][]string, error) {
	id, err := client.Text.Cmd("EHLO %s", m.config.ClientHost)
	if err != nil {
		return nil, err
	}
	client.Text.StartResponse(id)
	defer client.Text.EndResponse(id)
	_, reply, err := client.Text.ReadResponse(250)
	if err != nil {
		return nil, err
	}
	offered := map[string][]string{}
	_, reply, _ = strings.Cut(reply, "\n") // the first line is the server's name
	for line := range strings.SplitSeq(strings.ToUpper(reply), "\n") {
		words := strings.Fields(strings.Replace(line, "AUTH=", "AUTH ", 1))
		if len(words) > 0 {
			offered[words[0]] = append(offered[words[0]], words[1:]...)
		}
	}
	return offered, nil
}
