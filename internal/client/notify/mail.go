package notify

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	mailer "github.com/nicholas-fedor/shoutrrr/pkg/services/email/smtp"

	"divims/internal/pool"
)

// mailbox is a mail server with a sender and recipients.
type mailbox struct {
	config *mailer.Config
	from   *mail.Address
	to     []*mail.Address
}

func parseMail(address *url.URL) (notifyFunc, error) {
	config := &mailer.Config{Port: mailer.DefaultSMTPPort, Auth: mailer.AuthTypes.Unknown, UseStartTLS: true, Encryption: mailer.EncMethods.Auto, ClientHost: "localhost"}
	if err := config.SetURL(address); err != nil || config.Host == "" {
		return nil, errors.New(mailNeeds)
	}
	config.FixEmailTags()
	m := mailbox{config: config}
	var err error
	if m.from, err = mail.ParseAddress(config.FromAddress); err != nil {
		return nil, errors.New(mailNeeds)
	}
	m.from.Name = config.FromName
	for _, recipient := range config.ToAddresses {
		to, err := mail.ParseAddress(recipient)
		if err != nil {
			return nil, errors.New(mailNeeds)
		}
		m.to = append(m.to, to)
	}
	switch {
	case config.SkipTLSVerify:
		return nil, errors.New("must not turn certificate checks off; DIVIMS_CA_CERTIFICATES adds authorities to trust")
	case m.withoutTLS() && config.Username != "" && !isLoopback(config.Host):
		return nil, errNoTLS
	case strings.ContainsAny(config.ClientHost, " \r\n"):
		return nil, errors.New(mailNeeds)
	}
	return m.send, nil
}

// implicitTLS reports whether the connection begins with TLS, without STARTTLS.
func (m mailbox) implicitTLS() bool {
	return m.config.Encryption == mailer.EncMethods.ImplicitTLS ||
		m.config.Encryption == mailer.EncMethods.Auto && m.config.Port == mailer.ImplicitTLSPort
}

// withoutTLS reports whether the address turns TLS off. In all other cases TLS is required:
// an attacker could remove STARTTLS from the server's offer.
func (m mailbox) withoutTLS() bool {
	return !m.implicitTLS() && (m.config.Encryption == mailer.EncMethods.None || !m.config.UseStartTLS)
}

// send sends one mail to all recipients.
func (m mailbox) send(ctx context.Context, via Config, message pool.Message) error {
	raw, err := via.Dial(ctx, "tcp", net.JoinHostPort(m.config.Host, strconv.Itoa(int(m.config.Port))))
	if err != nil {
		return fmt.Errorf("connect: %w", redact(err))
	}
	defer func() { _ = raw.Close() }()
	// net/smtp does not support contexts: closing the connection ends its calls.
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	security := &tls.Config{ServerName: m.config.Host, RootCAs: via.Roots, MinVersion: tls.VersionTLS12}
	conn := raw
	if m.implicitTLS() {
		conn = tls.Client(raw, security)
	}
	err = m.deliver(conn, security, message)
	if err != nil && ctx.Err() != nil {
		return errors.New("no answer in time")
	}
	return err
}

// step returns err with the name of the step that failed, or nil if err is nil.
func step(name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, redactReply(err))
	}
	return nil
}

// enhanced matches an enhanced status code (RFC 3463).
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// redactReply keeps only the codes of a server's reply. Its text may contain anything.
func redactReply(err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		if strings.HasPrefix(err.Error(), "unencrypted connection") {
			return errors.New("a password is not sent without TLS")
		}
		if err = redact(err); errors.Is(err, errBroken) {
			return errors.New("the connection broke, or the reply was not SMTP")
		}
		return err
	}
	return errors.New(strings.TrimSpace(fmt.Sprintf("status %d %s", reply.Code, enhanced.FindString(reply.Msg))))
}

func (m mailbox) deliver(conn net.Conn, security *tls.Config, message pool.Message) error {
	client, err := smtp.NewClient(conn, m.config.Host)
	if err != nil {
		return step("greeting", err)
	}
	defer func() { _ = client.Close() }()
	if err := m.begin(client, security); err != nil {
		return err
	}
	rejections := m.address(client)
	var partial partialError
	if rejections != nil && !errors.As(rejections, &partial) {
		return rejections
	}
	if err := step("data", writeData(client, m.compose(time.Now(), message))); err != nil {
		return err
	}
	_ = client.Quit() // the server has already accepted the mail
	return rejections
}

// begin sends the greeting, starts TLS and logs in.
func (m mailbox) begin(client *smtp.Client, security *tls.Config) error {
	if err := client.Hello(m.config.ClientHost); err != nil {
		return step("hello", err)
	}
	if !m.implicitTLS() && !m.withoutTLS() {
		extensions, err := m.extensions(client)
		if err != nil {
			return step("hello", err)
		}
		if _, offered := extensions["STARTTLS"]; !offered {
			return errors.New("the server does not offer STARTTLS")
		}
		if err := client.StartTLS(security); err != nil {
			return step("STARTTLS", err)
		}
	}
	return m.login(client)
}

// address sends the sender and the recipients. The error is a partialError if the server
// accepts some of the recipients.
func (m mailbox) address(client *smtp.Client) error {
	if err := client.Mail(m.from.Address); err != nil {
		return step("sender", err)
	}
	addresses := make([]string, len(m.to))
	for i, to := range m.to {
		addresses[i] = to.Address
	}
	return sendToEach(addresses, "recipients", func(to string) error { return step("recipient", client.Rcpt(to)) })
}

func writeData(client *smtp.Client, mail []byte) error {
	data, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := data.Write(mail); err != nil {
		return err
	}
	return data.Close()
}

// compose returns the mail as plain text. The encoding keeps lines within SMTP's limit.
func (m mailbox) compose(now time.Time, message pool.Message) []byte {
	var text strings.Builder
	_, domain, _ := strings.Cut(m.from.Address, "@")
	recipients := make([]string, len(m.to))
	for i, to := range m.to {
		recipients[i] = to.String()
	}
	for _, line := range [][2]string{
		{"From", m.from.String()},
		{"To", strings.Join(recipients, ",\r\n ")},
		{"Subject", subject(message.Title)},
		{"Date", now.UTC().Format(time.RFC1123Z)},
		{"Message-ID", "<" + rand.Text() + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", `text/plain; charset="utf-8"`},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		text.WriteString(line[0] + ": " + line[1] + "\r\n")
	}
	text.WriteString("\r\n")
	body := quotedprintable.NewWriter(&text)
	_, _ = body.Write([]byte(message.Text)) // a strings.Builder returns no errors
	_ = body.Close()
	text.WriteString("\r\n")
	return []byte(text.String())
}

// subject encodes a title for the Subject header, in several lines if it is long. Line
// breaks in the title are encoded, so they cannot add headers.
func subject(title string) string {
	if runes := []rune(title); len(runes) > maxSubject {
		title = string(runes[:maxSubject]) + "…"
	}
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", title), "?= =?", "?=\r\n =?")
}

// maxSubject is the longest title that is sent, in characters. Mail programs show less.
const maxSubject = 200
