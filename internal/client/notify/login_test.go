package notify

import (
	"bufio"
	"io"
	"net"
	"net/smtp"
	"slices"
	"strings"
	"testing"

	mailserver "github.com/emersion/go-smtp"
	mailer "github.com/nicholas-fedor/shoutrrr/pkg/services/email/smtp"
)

// The mechanism is chosen from those that the server offers, unless the address names one.
func TestLoginMechanism(t *testing.T) {
	for name, test := range map[string]struct {
		offered   []string
		parameter string
		mechanism string
		err       string
	}{
		"PLAIN only":                        {[]string{"PLAIN"}, "", "PLAIN", ""},
		"LOGIN only":                        {[]string{"LOGIN"}, "", "LOGIN", ""},
		"CRAM-MD5 only":                     {[]string{"CRAM-MD5"}, "", "CRAM-MD5", ""},
		"all three":                         {[]string{"CRAM-MD5", "LOGIN", "PLAIN"}, "", "PLAIN", ""},
		"two":                               {[]string{"CRAM-MD5", "LOGIN"}, "", "LOGIN", ""},
		"lower case":                        {[]string{"xoauth2", "login"}, "", "LOGIN", ""},
		"the address names CRAM-MD5":        {[]string{"LOGIN", "CRAM-MD5"}, "&auth=crammd5", "CRAM-MD5", ""},
		"the address names what is missing": {[]string{"LOGIN"}, "&auth=plain", "", "log in: status 504"},
		"the address wants no login":        {[]string{"PLAIN"}, "&auth=none", "", ""},
		"none of ours":                      {[]string{"XOAUTH2", "GSSAPI"}, "", "", "log in: the server offers XOAUTH2, GSSAPI, but none of PLAIN, LOGIN, CRAM-MD5"},
		"nothing":                           {nil, "", "", "log in: the server offers no login"},
		"an odd name":                       {[]string{"the-secret!"}, "", "", "log in: the server offers no login"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.mechanisms = test.offered
			s.serveMail(func(*mailserver.Server) {})
			delivered, err := s.notify(s.sender(mailTo + test.parameter))
			if test.err != "" {
				if delivered || err == nil || !strings.Contains(err.Error(), test.err) || containsSecret(err.Error()) {
					t.Errorf("delivered %t, %v; want the error %q", delivered, err, test.err)
				}
				return
			}
			if !delivered || err != nil || s.mails[0].mechanism != test.mechanism {
				t.Errorf("delivered %t, %v; mails %+v; want login by %q", delivered, err, s.mails, test.mechanism)
			}
		})
	}
}

// A wrong password is refused in the same words by each mechanism, and is not shown.
func TestWrongPassword(t *testing.T) {
	for _, mechanism := range mechanisms {
		s := newStage(t)
		s.mechanisms = []string{mechanism}
		s.serveMail(func(*mailserver.Server) {})
		delivered, err := s.notify(s.sender(strings.Replace(mailTo, "pass%20word", "the-secret", 1)))
		if delivered || err == nil || !strings.Contains(err.Error(), "log in: status 535 5.7.8") || containsSecret(err.Error()) {
			t.Errorf("%s: delivered %t, %v; want status 535", mechanism, delivered, err)
		}
	}
}

// LOGIN answers a server's questions whatever their texts are, twice, and sends no password
// to another machine without TLS.
func TestLoginQuestions(t *testing.T) {
	const user, password = "ZGl2aW1z", "dGhlLXNlY3JldA=="
	all := []string{"AUTH LOGIN", user, password}
	for name, test := range map[string]struct {
		host    string
		replies []string
		sent    []string
		err     string
	}{
		"as usual":                  {"localhost", []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0 welcome"}, all, ""},
		"no texts":                  {"localhost", []string{"334 ", "334 ", "235 "}, all, ""},
		"texts that are not base64": {"localhost", []string{"334 Username:", "334 Password:", "235 ok"}, all, ""},
		"a third question":          {"localhost", []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "334 YWdhaW4="}, all, "log in: status 334"},
		"a wrong password":          {"localhost", []string{"334 ", "334 ", "535 5.7.8 the-secret is wrong"}, all, "log in: status 535 5.7.8"},
		"not now":                   {"localhost", []string{"454 4.7.0 later"}, all[:1], "log in: status 454 4.7.0"},
		"what is not SMTP":          {"localhost", []string{"HTTP/1.1 400 the-secret"}, all[:1], "log in: the connection broke, or the reply was not SMTP"},
		"without TLS":               {"mail.example.com", nil, nil, "log in: a password is not sent without TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			own, server := net.Pipe()
			sent := make(chan []string)
			go func() { sent <- answer(server, append([]string{"250-localhost\r\n250 AUTH LOGIN"}, test.replies...)) }()
			client, err := smtp.NewClient(own, test.host)
			if err != nil {
				t.Fatal(err)
			}
			m := mailbox{config: &mailer.Config{Host: test.host, ClientHost: "localhost", Username: "divims", Password: "the-secret", Auth: mailer.AuthTypes.Unknown}}
			err = m.login(client)
			_ = own.Close()
			if got := (<-sent)[1:]; !slices.Equal(got, test.sent) {
				t.Errorf("sent %q; want %q", got, test.sent)
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || err.Error() != test.err) {
				t.Errorf("error %v; want %q", err, test.err)
			}
		})
	}
}

// answer greets a client, and answers each of its commands with the next reply. It returns
// the commands.
func answer(server net.Conn, replies []string) (commands []string) {
	_, _ = io.WriteString(server, "220 localhost\r\n")
	for lines := bufio.NewScanner(server); lines.Scan(); {
		commands = append(commands, lines.Text())
		if len(commands) <= len(replies) {
			_, _ = io.WriteString(server, replies[len(commands)-1]+"\r\n")
		}
	}
	return commands
}

// Servers write their extensions in several ways.
func TestExtensions(t *testing.T) {
	for name, test := range map[string]struct {
		lines    []string
		auth     []string
		startTLS bool
	}{
		"as usual":              {[]string{"STARTTLS", "AUTH PLAIN LOGIN"}, []string{"PLAIN", "LOGIN"}, true},
		"lower case":            {[]string{"starttls", "auth login"}, []string{"LOGIN"}, true},
		"the old form":          {[]string{"AUTH=LOGIN"}, []string{"LOGIN"}, false},
		"the old form and more": {[]string{"AUTH=LOGIN PLAIN", "SIZE 1000"}, []string{"LOGIN", "PLAIN"}, false},
		"both forms":            {[]string{"AUTH CRAM-MD5", "AUTH=LOGIN"}, []string{"CRAM-MD5", "LOGIN"}, false},
		"spaces and tabs":       {[]string{"AUTH \tLOGIN  PLAIN "}, []string{"LOGIN", "PLAIN"}, false},
		"no login":              {[]string{"SIZE 1000"}, nil, false},
		"nothing":               {nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			own, server := net.Pipe()
			defer func() { _ = own.Close() }()
			go offer(server, append([]string{"mail.example.com starttls"}, test.lines...))
			client, err := smtp.NewClient(own, "mail.example.com")
			if err != nil {
				t.Fatal(err)
			}
			m := mailbox{config: &mailer.Config{ClientHost: "localhost"}}
			extensions, err := m.extensions(client)
			_, startTLS := extensions["STARTTLS"]
			if err != nil || !slices.Equal(extensions["AUTH"], test.auth) || startTLS != test.startTLS {
				t.Errorf("extensions %q, %v; want the mechanisms %q, STARTTLS %t", extensions, err, test.auth, test.startTLS)
			}
		})
	}
}

// offer greets a client and answers each of its commands with the same lines.
func offer(server net.Conn, lines []string) {
	defer func() { _ = server.Close() }()
	_, _ = io.WriteString(server, "220 mail.example.com\r\n")
	for commands := bufio.NewScanner(server); commands.Scan(); {
		last := len(lines) - 1
		for _, line := range lines[:last] {
			_, _ = io.WriteString(server, "250-"+line+"\r\n")
		}
		_, _ = io.WriteString(server, "250 "+lines[last]+"\r\n")
	}
}
