package notify

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"divims/internal/pool"
)

const (
	slackHook = "slack://hook:T00000000-B00000000-XXXXXXXXXXXXXXXXXXXXXXXX@webhook"
	slackBot  = "slack://xoxb:123456789012-1234567890123-4mt0t4l1YL3g1T5L4cK70k3N@C001CH4NN3L"
	teamsHook = "teams://11111111-4444-4444-8444-cccccccccccc@22222222-4444-4444-8444-cccccccccccc/33333333012222222222333333333344/44444444-4444-4444-8444-cccccccccccc/V2ESyij_gAljSoUQHvZoZYzlpAoAXExyOl26dlf1xHEx05?host=example.webhook.office.com"
	bot       = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
	mailTo    = "smtp://divims:pass%20word@mail.example.com:587/?fromaddress=divims@example.com&toaddresses=ops@example.com"
)

// httpCases are addresses, with the requests that a notification sends.
var httpCases = map[string]struct {
	address  string
	requests []string
	header   string // Authorization or a header of the address
	body     string // part of the last request's body
}{
	"Slack's webhook": {slackHook, []string{"POST https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"}, "",
		`"text":"*campus: critical: network*\n\nNothing is changed.\n\nDo: look at the nétwork &lt;&amp;&gt; @all."`},
	"Slack as a bot": {slackBot, []string{"POST https://slack.com/api/chat.postMessage"}, "Bearer xoxb-123456789012-1234567890123-4mt0t4l1YL3g1T5L4cK70k3N", `"channel":"C001CH4NN3L"`},
	"Mattermost, without mentions": {"mattermost://divims@chat.example.com/token/town?icon=warning", []string{"POST https://chat.example.com/hooks/token"}, "",
		"\"text\":\"**campus: critical: network**\\n\\nNothing is changed.\\n\\nDo: look at the nétwork <&> @\u200ball.\",\"username\":\"divims\",\"channel\":\"town\",\"icon_emoji\":\"warning\""},
	"Matrix with a token": {"matrix://:token@matrix.example.com/?rooms=!room:example.com", []string{
		"POST https://matrix.example.com/_matrix/client/v3/join/%21room:example.com",
		"PUT https://matrix.example.com/_matrix/client/v3/rooms/%21room:example.com/send/m.room.message/…",
	}, "Bearer token", `"msgtype":"m.text"`},
	"Matrix with a password and an alias": {"matrix://divims:pass@matrix.example.com/?rooms=ops:example.com", []string{
		"POST https://matrix.example.com/_matrix/client/v3/login",
		"POST https://matrix.example.com/_matrix/client/v3/join/%23ops:example.com",
		"PUT https://matrix.example.com/_matrix/client/v3/rooms/%21room:example.com/send/m.room.message/…",
	}, "Bearer token", `"msgtype":"m.text"`},
	"Matrix, all joined rooms": {"matrix://:token@matrix.example.com", []string{
		"GET https://matrix.example.com/_matrix/client/v3/joined_rooms",
		"POST https://matrix.example.com/_matrix/client/v3/join/%21room:example.com",
		"PUT https://matrix.example.com/_matrix/client/v3/rooms/%21room:example.com/send/m.room.message/…",
	}, "Bearer token", `"msgtype":"m.text"`},
	"Teams": {teamsHook, []string{
		"POST https://example.webhook.office.com/webhookb2/11111111-4444-4444-8444-cccccccccccc@22222222-4444-4444-8444-cccccccccccc/IncomingWebhook/33333333012222222222333333333344/44444444-4444-4444-8444-cccccccccccc/V2ESyij_gAljSoUQHvZoZYzlpAoAXExyOl26dlf1xHEx05",
	}, "", `"sections":[{"text":"Nothing is changed."},{"text":"Do: look`},
	"two Telegram chats": {"telegram://" + bot + "@telegram?chats=@ops,-100:7&notification=no", []string{
		"POST https://api.telegram.org/bot" + bot + "/sendMessage", "POST https://api.telegram.org/bot" + bot + "/sendMessage",
	}, "", `"chat_id":"-100","disable_notification":true,"disable_web_page_preview":false,"message_thread_id":7,"text":"campus: critical: network\n\nNothing`},
	"a webhook with text": {"generic://hook.example.com/a/b?c=d&@X-Token=the-token", []string{"POST https://hook.example.com/a/b?c=d"}, "the-token",
		"campus: critical: network\n\nNothing is changed."},
	"a webhook with JSON": {"generic+https://hook.example.com/a?template=json&titlekey=subject&$severity=high&method=put", []string{"PUT https://hook.example.com/a"}, "",
		`"severity":"high","subject":"campus: critical: network"`},
}

// Each service gets the requests that its documentation describes, with the credentials in
// the address.
func TestNotifyByHTTP(t *testing.T) {
	for name, test := range httpCases {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.respond = func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"ok":true,"access_token":"token","room_id":"!room:example.com","joined_rooms":["!room:example.com"]}`)
			}
			delivered, err := s.notify(s.sender(test.address))
			if !delivered || err != nil {
				t.Fatalf("delivered %t, %v", delivered, err)
			}
			lines := s.lines()
			for i, line := range lines {
				if place := strings.LastIndex(line, "/m.room.message/"); place >= 0 {
					lines[i] = line[:place] + "/m.room.message/…"
				}
			}
			if !slices.Equal(lines, test.requests) {
				t.Errorf("requests are %q, want %q", lines, test.requests)
			}
			last := s.requests[len(s.requests)-1]
			if last.Authorization+last.Token != test.header || !strings.Contains(unescaped(last.Body), test.body) {
				t.Errorf("last request %+v", last)
			}
		})
	}
}

// unescaped reverses the escapes of json.Marshal for <, > and &.
func unescaped(text string) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(text)
}

func TestNotifyByMail(t *testing.T) {
	for name, test := range map[string]struct {
		address   string
		serve     func(*stage)
		to        []string
		user      string
		encrypted bool
	}{
		"with STARTTLS and a password": {mailTo, plainServer, []string{"ops@example.com"}, "divims", true},
		"two recipients, one with +":   {strings.Replace(mailTo, "ops@", "ada%2Bops@example.com,bob@", 1), plainServer, []string{"ada+ops@example.com", "bob@example.com"}, "divims", true},
		"implicit TLS":                 {strings.Replace(mailTo, "587/?", "465/?", 1), func(s *stage) { s.serveMailInTLS(func(*smtp.Server) {}) }, []string{"ops@example.com"}, "divims", true},
		"to a relay without TLS": {"smtp://mail.example.com/?starttls=no&fromaddress=divims@example.com&toaddresses=ops@example.com",
			func(s *stage) { s.serveMail(func(server *smtp.Server) { server.TLSConfig = nil }) }, []string{"ops@example.com"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			test.serve(s)
			delivered, err := s.notify(s.sender(test.address))
			if !delivered || err != nil {
				t.Fatalf("delivered %t, %v", delivered, err)
			}
			if len(s.mails) != 1 {
				t.Fatalf("mails %+v", s.mails)
			}
			seen := s.mails[0]
			if seen.from != "divims@example.com" || !slices.Equal(seen.to, test.to) || seen.user != test.user || seen.encrypted != test.encrypted {
				t.Errorf("mail %+v", seen)
			}
			checkMail(t, seen.text)
		})
	}
}

func plainServer(s *stage) { s.serveMail(func(*smtp.Server) {}) }

// checkMail parses a mail and compares it with news.
func checkMail(t *testing.T, text string) {
	t.Helper()
	read, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	if err != nil || subject != news.Title {
		t.Errorf("subject %q, %v", subject, err)
	}
	if _, err := read.Header.Date(); err != nil || read.Header.Get("Message-Id") == "" || read.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("header %v, %v", read.Header, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
	if err != nil || strings.TrimSpace(string(body)) != news.Text {
		t.Errorf("text %q, %v", body, err)
	}
}

// No line of a mail is too long for SMTP, and a line break in the title adds no header.
func TestMailLinesAndHeaders(t *testing.T) {
	message := news
	message.Title = "ü\r\nBcc: everybody@example.com" + strings.Repeat("ü", 500)
	message.Text = strings.Repeat("longer ", 5000)
	s := newStage(t)
	s.serveMail(func(*smtp.Server) {})
	if delivered, err := s.sender(mailTo).Notify(t.Context(), message); !delivered {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(s.mails[0].text, "\n") {
		if len(line) > 998 || strings.HasPrefix(line, "Bcc") {
			t.Errorf("a line has %d bytes or is a Bcc header: %.80q", len(line), line)
		}
	}
}

// The error names the service and the reason.
func TestErrorsNameTheService(t *testing.T) {
	for name, test := range map[string]struct {
		address   string
		respond   http.HandlerFunc
		server    func(*smtp.Server)
		delivered bool
		err       string
	}{
		"a webhook returns 403": {"generic://hook.example.com", status(403), nil, false, "notification service 1 (generic): HTTP status 403"},
		"a webhook redirects": {"generic://hook.example.com", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example.com", http.StatusTemporaryRedirect)
		}, nil, false, "redirected to another host"},
		"a webhook resets": {"generic://hook.example.com", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, false, "the connection broke"},
		"Slack rejects a bot": {slackBot, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"ok":false,"error":"invalid_auth"}`)
		}, nil, false,
			"notification service 1 (slack): the service rejected the message: invalid_auth"},
		"Teams fails with status 200": {teamsHook, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "Webhook message delivery failed")
		}, nil, false, "rejected"},
		"Telegram is down":          {"telegram://" + bot + "@telegram?chats=1", status(502), nil, false, "1 of 1 chats: HTTP status 502"},
		"two chats":                 {"telegram://" + bot + "@telegram?chats=1,2", func(http.ResponseWriter, *http.Request) {}, nil, true, ""},
		"Matrix returns no token":   {"matrix://divims:pass@matrix.example.com", nil, nil, false, "log in: the response has no token"},
		"the certificate is wrong":  {"generic://elsewhere.example.com", nil, nil, false, "certificate is valid for"},
		"there is no mail server":   {mailTo, nil, nil, false, "notification service 1 (smtp): connect: "},
		"the password is wrong":     {strings.Replace(mailTo, "pass%20word", "wrong", 1), nil, func(*smtp.Server) {}, false, "log in: status 535 5.7.8"},
		"STARTTLS is not offered":   {mailTo, nil, func(server *smtp.Server) { server.TLSConfig = nil }, false, "does not offer STARTTLS"},
		"the recipient is rejected": {strings.Replace(mailTo, "ops@", "nobody@", 1), nil, func(*smtp.Server) {}, false, "1 of 1 recipients: recipient: status 550 5.1.1"},
		"one of two is rejected":    {strings.Replace(mailTo, "ops@", "nobody@example.com,ops@", 1), nil, func(*smtp.Server) {}, true, "1 of 2 recipients: recipient: status 550 5.1.1"},
		"the mail is too large":     {mailTo, nil, func(server *smtp.Server) { server.MaxMessageBytes = 10 }, false, "data: status 552 5.3.4"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.respond = test.respond
			if test.server != nil {
				s.serveMail(test.server)
			}
			delivered, err := s.notify(s.sender(test.address))
			if delivered != test.delivered || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("delivered %t, %v", delivered, err)
			}
			if err != nil && containsSecret(err.Error()) {
				t.Errorf("the error contains a secret: %v", err)
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func containsSecret(text string) bool {
	return slices.ContainsFunc([]string{"pass word", "pass%20word", "XXXXXXXX", "4mt0t4l1", "V2ESyij", "AAHdq", "the-secret", "the-token"}, func(secret string) bool {
		return strings.Contains(text, secret)
	})
}

// A silent web server and a mail server that is silent after its greeting do not delay
// other services. At the deadline their errors say so.
func TestSilentServiceDoesNotDelayOthers(t *testing.T) {
	s := newStage(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.respond = func(_ http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Host, "chat.") {
			<-r.Context().Done()
		}
	}
	var err error
	if s.mail, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.mail.Close() })
	waiting := make(chan struct{})
	go func() {
		defer close(waiting)
		conn, err := s.mail.Accept()
		if err != nil {
			return
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = io.WriteString(conn, "220 mail.example.com\r\n")
		_, _ = conn.Read(make([]byte, 1)) // the first byte of EHLO, which gets no response
	}()
	sender := s.sender("generic://hook.example.com", "mattermost://chat.example.com/token", mailTo)
	chat := sender.services[1].notify
	sender.services[1].notify = func(ctx context.Context, via Config, message pool.Message) error {
		defer cancel()               // ends the other two services, after this one
		defer func() { <-waiting }() // the mail server has received the first byte
		return chat(ctx, via, message)
	}
	delivered, err := sender.Notify(ctx, news)
	if !delivered || err == nil {
		t.Fatalf("delivered %t, %v", delivered, err)
	}
	for _, service := range []string{"service 1 (generic): no answer in time", "service 3 (smtp): no answer in time"} {
		if !strings.Contains(err.Error(), service) {
			t.Errorf("error is %v, want %s in it", err, service)
		}
	}
	if strings.Contains(err.Error(), "service 2") {
		t.Errorf("the error names service 2, which did not fail: %v", err)
	}
}

func TestNothingIsSentAfterTheDeadline(t *testing.T) {
	s := newStage(t)
	s.serveMail(func(*smtp.Server) {})
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	delivered, err := s.sender("generic://hook.example.com", mailTo).Notify(ctx, news)
	if delivered || err == nil || strings.Count(err.Error(), "no answer in time") != 2 || len(s.lines())+len(s.mails) > 0 {
		t.Errorf("delivered %t, %v, requests %q, %d mails", delivered, err, s.lines(), len(s.mails))
	}
}

// A long response is not read to its end.
func TestLongResponsesAreReadInPart(t *testing.T) {
	s := newStage(t)
	s.respond = func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat("x", 1<<16))
		for range 1 << 14 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
		t.Error("the client read all of 1 GiB")
	}
	if delivered, err := s.notify(s.sender("generic://hook.example.com")); !delivered || err != nil {
		t.Errorf("delivered %t, %v", delivered, err)
	}
}

func TestInvalidAddresses(t *testing.T) {
	for name, test := range map[string]struct{ address, problem string }{
		"no scheme":                     {"the-secret", "must begin with one of generic, matrix, mattermost, slack, smtp, teams, telegram, followed by ://"},
		"an unknown scheme":             {"the-secret://x", "must begin with"},
		"an unsupported service":        {"discord://the-secret@1", "must begin with"},
		"an invalid escape":             {"smtp://the-secret%zz@x", "is not an address"},
		"a line break":                  {"generic://hook.example.com\nthe-secret", "is not an address"},
		"far too long":                  {"generic://hook.example.com/" + strings.Repeat("the-secret", 500), "is longer than"},
		"mail to nobody":                {"smtp://u:the-secret@mail.example.com/?fromaddress=a@example.com", "needs a host, fromaddress= and toaddresses="},
		"mail from nobody":              {"smtp://u:the-secret@mail.example.com/?toaddresses=a@example.com", "needs a host"},
		"mail to an invalid address":    {"smtp://mail.example.com/?fromaddress=a@example.com&toaddresses=the-secret", "needs a host"},
		"mail with a header in it":      {"smtp://mail.example.com/?fromaddress=a@example.com%0d%0aBcc:the-secret&toaddresses=a@example.com", "needs a host"},
		"mail with an unknown key":      {mailTo + "&the-secret=1", "needs a host"},
		"mail without verification":     {mailTo + "&skiptlsverify=yes", "DIVIMS_CA_CERTIFICATES"},
		"a password without TLS":        {mailTo + "&starttls=no", "must use TLS"},
		"a webhook without TLS":         {"generic+http://hook.example.com/the-secret", "must use TLS"},
		"Mattermost without TLS":        {"mattermost://chat.example.com/the-secret?disabletls=yes", "must use TLS"},
		"Matrix without TLS":            {"matrix://:the-secret@matrix.example.com/?disabletls=yes", "must use TLS"},
		"a webhook's unknown template":  {"generic://hook.example.com/the-secret?template=xml", "the template json or none"},
		"a webhook without a host":      {"generic:///the-secret", "needs a host"},
		"Slack without a token":         {"slack://the-secret@webhook", "needs a token and a channel"},
		"Mattermost without a token":    {"mattermost://chat.example.com", "needs a host and a token"},
		"Matrix without a token":        {"matrix://matrix.example.com", "needs a host and a token"},
		"Matrix with an empty room":     {"matrix://:the-secret@matrix.example.com/?rooms=", "not a usable matrix address"},
		"Teams without a host":          {strings.Split(teamsHook, "?")[0], "needs the parts of the webhook"},
		"Teams on a foreign host":       {strings.Replace(teamsHook, "example.webhook.office.com", "the-secret.example.com", 1), "needs the parts"},
		"Telegram without chats":        {"telegram://" + bot + "@telegram", "needs a token and chats"},
		"Telegram with a strange token": {"telegram://the-secret@telegram?chats=1", "needs a token and chats"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(test.address)
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Fatalf("error is %v, want %q", err, test.problem)
			}
			if containsSecret(err.Error()) {
				t.Errorf("the error contains the address: %v", err)
			}
		})
	}
}

// FuzzCheck checks that Check's errors show nothing of the address.
func FuzzCheck(f *testing.F) {
	for _, address := range []string{slackHook, slackBot, teamsHook, mailTo, "telegram://" + bot + "@telegram?chats=1", "matrix://:t@matrix.example.com/?rooms=,a",
		"mattermost://a@b/c/d", "generic+https://hook.example.com/?template=json&@a=b&$c=d&__title=e", "teams+https://example.webhook.office.com/webhookb2/x"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		const secret = "ThE-SeCrEt"
		if err := Check(address + secret); err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error contains the address: %v", err)
		}
	})
}

func TestTruncate(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		limit int
		want  string
	}{
		"short enough":            {"one\ntwo", 10, "one\ntwo"},
		"exactly":                 {"0123456789", 10, "0123456789"},
		"at the end of a line":    {"one\ntwo\nthree\nfour", 14, "one\ntwo\n…"},
		"one long line":           {"0123456789abcdef", 10, "012345\n…"},
		"characters of two units": {strings.Repeat("🙂", 10), 10, "🙂🙂🙂\n…"},
	} {
		if got := truncate(test.text, test.limit); got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWebhookJSONIsComplete(t *testing.T) {
	s := newStage(t)
	if delivered, err := s.notify(s.sender("generic://hook.example.com?template=json")); !delivered {
		t.Fatal(err)
	}
	var body map[string]string
	if err := json.Unmarshal([]byte(s.requests[0].Body), &body); err != nil || body["title"] != news.Title || body["message"] != news.Text {
		t.Errorf("body %q, %v", s.requests[0].Body, err)
	}
}
