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

// LOGIN sends no password to another machine without TLS, like PLAIN.
func TestNoLoginWithoutTLS(t *testing.T) {
	auth := &loginAuth{smtp.PlainAuth("", "divims", "the-secret", "mail.example.com"), []string{"divims", "the-secret"}}
	if _, _, err := auth.Start(&smtp.ServerInfo{Name: "mail.example.com", Auth: []string{"LOGIN"}}); err == nil {
		t.Error("the login begins without TLS")
	}
	if _, _, err := auth.Start(&smtp.ServerInfo{Name: "mail.example.com", TLS: true}); err != nil {
		t.Error(err)
	}
}

// A server that goes on asking gets no third answer.
func TestLoginAnswersTwoQuestions(t *testing.T) {
	auth := &loginAuth{answers: []string{"divims", "the-secret"}}
	for _, want := range []string{"divims", "the-secret"} {
		if answer, err := auth.Next([]byte("?"), true); string(answer) != want || err != nil {
			t.Errorf("answer %q, %v; want %q", answer, err, want)
		}
	}
	if answer, err := auth.Next([]byte("?"), true); err == nil {
		t.Errorf("the third answer is %q", answer)
	}
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
