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

func parseMail(address *url.URL) (tell, error) {
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
		return nil, errors.New("cannot go without checking certificates; DIVIMS_CA_CERTIFICATES names authorities to trust")
	case m.inClear() && config.Username != "" && !isLoopback(config.Host):
		return nil, errClear
	case strings.ContainsAny(config.ClientHost, " \r\n"):
		return nil, errors.New(mailNeeds)
	}
	return m.tell, nil
}

// implicitTLS: the connection begins with TLS.
func (m mailbox) implicitTLS() bool {
	return m.config.Encryption == mailer.EncMethods.ImplicitTLS ||
		m.config.Encryption == mailer.EncMethods.Auto && m.config.Port == mailer.ImplicitTLSPort
}

// inClear: TLS was asked not to be used. Otherwise it is demanded: STARTTLS that
// is used only if it is offered can be taken out by anybody on the way.
func (m mailbox) inClear() bool {
	return !m.implicitTLS() && (m.config.Encryption == mailer.EncMethods.None || !m.config.UseStartTLS)
}

// tell sends one mail to all recipients.
func (m mailbox) tell(ctx context.Context, way Config, message pool.Message) error {
	raw, err := way.Dial(ctx, "tcp", net.JoinHostPort(m.config.Host, strconv.Itoa(int(m.config.Port))))
	if err != nil {
		return fmt.Errorf("connect: %w", plain(err))
	}
	defer raw.Close()
	// net/smtp knows no contexts.
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	security := &tls.Config{ServerName: m.config.Host, RootCAs: way.Roots, MinVersion: tls.VersionTLS12}
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

// step is one step of a delivery; its error names the step.
func step(name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, plainReply(err))
	}
	return nil
}

// enhanced is a status code as RFC 3463 has it.
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// plainReply keeps of a server's reply its codes only: the text is anything.
func plainReply(err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		if strings.HasPrefix(err.Error(), "unencrypted connection") {
			return errors.New("a password is not sent without TLS")
		}
		return plain(err)
	}
	return errors.New(strings.TrimSpace(fmt.Sprintf("status %d %s", reply.Code, enhanced.FindString(reply.Msg))))
}

func (m mailbox) deliver(conn net.Conn, security *tls.Config, message pool.Message) error {
	client, err := smtp.NewClient(conn, m.config.Host)
	if err != nil {
		return step("greeting", err)
	}
	defer client.Close()
	if err := m.begin(client, security); err != nil {
		return err
	}
	refusals := m.address(client)
	var some partly
	if refusals != nil && !errors.As(refusals, &some) {
		return refusals
	}
	if err := step("data", handOver(client, m.compose(time.Now(), message))); err != nil {
		return err
	}
	_ = client.Quit() // the mail is accepted, whatever comes now
	return refusals
}

// begin says who calls, makes the connection secure and logs in.
func (m mailbox) begin(client *smtp.Client, security *tls.Config) error {
	if err := client.Hello(m.config.ClientHost); err != nil {
		return step("hello", err)
	}
	if !m.implicitTLS() && !m.inClear() {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return errors.New("the server offers no STARTTLS")
		}
		if err := client.StartTLS(security); err != nil {
			return step("STARTTLS", err)
		}
	}
	if auth := m.auth(); auth != nil {
		return step("log in", client.Auth(auth))
	}
	return nil
}

// address names the sender and the recipients; the error is a partly if some of them
// are taken.
func (m mailbox) address(client *smtp.Client) error {
	if err := client.Mail(m.from.Address); err != nil {
		return step("sender", err)
	}
	addresses := make([]string, len(m.to))
	for i, to := range m.to {
		addresses[i] = to.Address
	}
	return each(addresses, "recipients", func(to string) error { return step("recipient", client.Rcpt(to)) })
}

func handOver(client *smtp.Client, mail []byte) error {
	data, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := data.Write(mail); err != nil {
		return err
	}
	return data.Close()
}

// auth is how to log in; nil for not at all.
func (m mailbox) auth() smtp.Auth {
	user, password := m.config.Username, m.config.Password
	switch m.config.Auth {
	case mailer.AuthTypes.CRAMMD5:
		return smtp.CRAMMD5Auth(user, password)
	case mailer.AuthTypes.OAuth2:
		return mailer.OAuth2Auth(user, password)
	case mailer.AuthTypes.None:
		return nil
	}
	if user == "" {
		return nil
	}
	return smtp.PlainAuth("", user, password, m.config.Host)
}

// compose writes the mail: plain text, of which no line is too long for SMTP.
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
	_, _ = body.Write([]byte(message.Text)) // a strings.Builder takes everything
	_ = body.Close()
	text.WriteString("\r\n")
	return []byte(text.String())
}

// subject is a title as a header: encoded where it is not plain, so that no line
// break of it begins another header, and in lines that are not too long.
func subject(title string) string {
	if runes := []rune(title); len(runes) > longestSubject {
		title = string(runes[:longestSubject]) + "…"
	}
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", title), "?= =?", "?=\r\n =?")
}

// longestSubject is as much of a title as mail programs show, and more.
const longestSubject = 200
