package notify

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"divims/internal/pool"
)

// stage runs a web server and a mail server on this machine. They answer
// for every host name.
type stage struct {
	t           *testing.T
	certificate tls.Certificate
	roots       *x509.CertPool

	mutex    sync.Mutex
	requests []request
	mails    []mailSeen
	// mechanisms are the login mechanisms that the mail server offers.
	mechanisms []string
	// respond is the web server's handler; nil for status 200 and an empty object.
	respond http.HandlerFunc
	web     *httptest.Server
	mail    net.Listener
}

// request is a request that the web server received.
type request struct{ Line, ContentType, Authorization, Token, Body string }

type mailSeen struct {
	from, user string
	mechanism  string
	to         []string
	text       string
	encrypted  bool
}

var names = []string{
	"hooks.slack.com", "slack.com", "chat.example.com", "matrix.example.com", "example.webhook.office.com", "api.telegram.org",
	"hook.example.com", "mail.example.com",
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, roots: x509.NewCertPool(), mechanisms: []string{sasl.Plain}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s.certificate = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	authority, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.roots.AddCert(authority)

	s.web = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.web.Config.ErrorLog = log.New(io.Discard, "", 0) // the client's error is checked instead
	s.web.TLS = &tls.Config{Certificates: []tls.Certificate{s.certificate}}
	s.web.StartTLS()
	t.Cleanup(s.web.Close)
	return s
}

func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mutex.Lock()
	s.requests = append(s.requests, request{
		r.Method + " https://" + r.Host + r.URL.EscapedPath() + query(r), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.Header.Get("X-Token"), string(body),
	})
	respond := s.respond
	s.mutex.Unlock()
	if respond == nil {
		_, _ = io.WriteString(w, "{}")
		return
	}
	respond(w, r)
}

func query(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return "?" + r.URL.RawQuery
}

// config returns a Config whose dialers lead every host name to this machine: mail to the
// mail server, everything else to the web server.
func (s *stage) config(addresses ...string) Config {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		to := s.web.Listener.Addr()
		if port != "443" && port != "80" {
			if s.mail == nil {
				return nil, errors.New("no mail server")
			}
			to = s.mail.Addr()
		}
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, to.String())
	}
	config := Config{Dial: dial, Roots: s.roots, Client: &http.Client{
		Transport:     &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: s.roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("not followed") },
	}}
	for _, address := range addresses {
		config.Addresses = append(config.Addresses, pool.NewSecret(address))
	}
	return config
}

func (s *stage) sender(addresses ...string) *Sender {
	s.t.Helper()
	sender, err := New(s.config(addresses...))
	if err != nil {
		s.t.Fatal(err)
	}
	return sender
}

var news = pool.Message{Title: "campus: critical: network", Text: "Nothing is changed.\n\nDo: look at the nétwork <&> @all."}

// notify sends the message news, with a timeout of 30 s.
func (s *stage) notify(sender *Sender) (delivered bool, err error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	return sender.Notify(ctx, news)
}

// serveMail starts a mail server with one user and STARTTLS.
func (s *stage) serveMail(configure func(*smtp.Server)) { s.serveMailOn(net.Listen, configure) }

// serveMailInTLS starts one with TLS from the beginning of each connection.
func (s *stage) serveMailInTLS(configure func(*smtp.Server)) {
	s.serveMailOn(func(network, address string) (net.Listener, error) {
		return tls.Listen(network, address, &tls.Config{Certificates: []tls.Certificate{s.certificate}})
	}, configure)
}

func (s *stage) serveMailOn(listen func(network, address string) (net.Listener, error), configure func(*smtp.Server)) {
	s.t.Helper()
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{stage: s, conn: c}, nil }))
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.Domain = "mail.example.com"
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{s.certificate}}
	configure(server)
	var err error
	if s.mail, err = listen("tcp", "127.0.0.1:0"); err != nil {
		s.t.Fatal(err)
	}
	go func() { _ = server.Serve(s.mail) }()
	s.t.Cleanup(func() { _ = server.Close() })
}

// session is one SMTP session.
type session struct {
	stage *stage
	conn  *smtp.Conn
	seen  mailSeen
}

func (m *session) AuthMechanisms() []string { return m.stage.mechanisms }

func (m *session) Auth(mechanism string) (sasl.Server, error) {
	if !slices.ContainsFunc(m.stage.mechanisms, func(offered string) bool { return strings.EqualFold(offered, mechanism) }) {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	m.seen.mechanism = mechanism
	check := func(user, password string) error {
		if user != "divims" || password != "pass word" {
			return smtp.ErrAuthFailed
		}
		m.seen.user = user
		return nil
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case sasl.Login:
		return &loginServer{check: check}, nil
	case "CRAM-MD5":
		return cramMD5{func(user string, digest []byte) error {
			own := hmac.New(md5.New, []byte("pass word"))
			own.Write([]byte(challenge))
			if !hmac.Equal(digest, own.Sum(nil)) {
				return smtp.ErrAuthFailed
			}
			return check(user, "pass word")
		}}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// loginServer is the server's side of LOGIN.
type loginServer struct {
	check   func(user, password string) error
	answers []string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	if response != nil {
		l.answers = append(l.answers, string(response))
	}
	switch len(l.answers) {
	case 0:
		return []byte("User Name\x00"), false, nil
	case 1:
		return []byte("Password\x00"), false, nil
	}
	return nil, true, l.check(l.answers[0], l.answers[1])
}

const challenge = "<1896.697170952@mail.example.com>"

// cramMD5 is the server's side of CRAM-MD5 (RFC 2195).
type cramMD5 struct {
	check func(user string, digest []byte) error
}

func (c cramMD5) Next(response []byte) ([]byte, bool, error) {
	if len(response) == 0 {
		return []byte(challenge), false, nil
	}
	user, text, _ := strings.Cut(string(response), " ")
	digest, err := hex.DecodeString(text)
	if err != nil {
		return nil, false, err
	}
	return nil, true, c.check(user, digest)
}

func (m *session) Mail(from string, _ *smtp.MailOptions) error {
	m.seen.from = from
	return nil
}

func (m *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user, said the-secret-in-the-reply"}
	}
	m.seen.to = append(m.seen.to, to)
	return nil
}

func (m *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m.seen.text = string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
	_, m.seen.encrypted = m.conn.TLSConnectionState()
	m.stage.mutex.Lock()
	m.stage.mails = append(m.stage.mails, m.seen)
	m.stage.mutex.Unlock()
	return nil
}

func (*session) Reset()        {}
func (*session) Logout() error { return nil }

// lines returns the method and URL of each request so far.
func (s *stage) lines() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var lines []string
	for _, r := range s.requests {
		lines = append(lines, r.Line)
	}
	return slices.Clone(lines)
}
