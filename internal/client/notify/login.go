package notify

import (
	"encoding/base64"
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
	mechanism, err := m.mechanism(client)
	if err != nil {
		return err
	}
	user, password := m.config.Username, m.config.Password
	switch mechanism {
	case "XOAUTH2":
		err = client.Auth(mailer.OAuth2Auth(user, password))
	case "CRAM-MD5":
		err = client.Auth(smtp.CRAMMD5Auth(user, password))
	case "LOGIN":
		err = m.answerQuestions(client)
	default:
		err = client.Auth(m.plain())
	}
	return step("log in", err)
}

// plain is the mechanism PLAIN, which refuses unencrypted connections to other machines.
func (m mailbox) plain() smtp.Auth {
	return smtp.PlainAuth("", m.config.Username, m.config.Password, m.config.Host)
}

// mechanism returns the mechanism that the address names, or else one that the server offers.
func (m mailbox) mechanism(client *smtp.Client) (string, error) {
	switch m.config.Auth {
	case mailer.AuthTypes.OAuth2:
		return "XOAUTH2", nil
	case mailer.AuthTypes.CRAMMD5:
		return "CRAM-MD5", nil
	case mailer.AuthTypes.Plain:
		return "PLAIN", nil
	}
	extensions, err := m.extensions(client)
	if err != nil {
		return "", step("hello", err)
	}
	return choose(extensions["AUTH"])
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

// answerQuestions logs in by the mechanism LOGIN: the server asks for the user, then for the
// password. The texts of its questions differ between servers, and are not read: some are
// not in base64, which net/smtp expects. Like PLAIN, it is refused without TLS.
func (m mailbox) answerQuestions(client *smtp.Client) error {
	_, isTLS := client.TLSConnectionState()
	if _, _, err := m.plain().Start(&smtp.ServerInfo{Name: m.config.Host, TLS: isTLS}); err != nil {
		return err
	}
	for _, exchange := range []struct {
		line string
		code int
	}{
		{"AUTH LOGIN", 334},
		{base64.StdEncoding.EncodeToString([]byte(m.config.Username)), 334},
		{base64.StdEncoding.EncodeToString([]byte(m.config.Password)), 235},
	} {
		if _, err := command(client, exchange.code, exchange.line); err != nil {
			return err
		}
	}
	return nil
}

// command sends a line and returns the text of the reply, which must have the code.
func command(client *smtp.Client, code int, line string) (string, error) {
	id, err := client.Text.Cmd("%s", line)
	if err != nil {
		return "", err
	}
	client.Text.StartResponse(id)
	defer client.Text.EndResponse(id)
	_, reply, err := client.Text.ReadResponse(code)
	return reply, err
}

// extensions returns the extensions that a server offers and their parameters, in upper
// case. It sends EHLO again, because net/smtp recognizes neither lower case nor the old
// form AUTH=LOGIN.
func (m mailbox) extensions(client *smtp.Client) (map[string][]string, error) {
	reply, err := command(client, 250, "EHLO "+m.config.ClientHost)
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
