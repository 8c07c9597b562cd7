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

// TestTellsByHTTP: each service is asked what its documentation asks for, with
// the credentials of the address.
func TestTellsByHTTP(t *testing.T) {
	for name, test := range map[string]struct {
		address string
		asked   []string
		header  string // Authorization or a header of the address
		body    string // a part of the last request's
	}{
		"Slack's webhook": {slackHook, []string{"POST https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"}, "",
			`"text":"*campus: critical: network*\n\nNothing is changed.\n\nDo: look at the nétwork &lt;&amp;&gt; @all."`},
		"Slack as a bot": {slackBot, []string{"POST https://slack.com/api/chat.postMessage"}, "Bearer xoxb-123456789012-1234567890123-4mt0t4l1YL3g1T5L4cK70k3N", `"channel":"C001CH4NN3L"`},
		"Mattermost calls nobody by name": {"mattermost://divims@chat.example.com/token/town?icon=warning", []string{"POST https://chat.example.com/hooks/token"}, "",
			"\"text\":\"**campus: critical: network**\\n\\nNothing is changed.\\n\\nDo: look at the nétwork <&> @\u200ball.\",\"username\":\"divims\",\"channel\":\"town\",\"icon_emoji\":\"warning\""},
		"Matrix by a token": {"matrix://:token@matrix.example.com/?rooms=!room:example.com", []string{
			"POST https://matrix.example.com/_matrix/client/v3/join/%21room:example.com",
			"PUT https://matrix.example.com/_matrix/client/v3/rooms/%21room:example.com/send/m.room.message/…",
		}, "Bearer token", `"msgtype":"m.text"`},
		"Matrix by a password, in an alias": {"matrix://divims:pass@matrix.example.com/?rooms=ops:example.com", []string{
			"POST https://matrix.example.com/_matrix/client/v3/login",
			"POST https://matrix.example.com/_matrix/client/v3/join/%23ops:example.com",
			"PUT https://matrix.example.com/_matrix/client/v3/rooms/%21room:example.com/send/m.room.message/…",
		}, "Bearer token", `"msgtype":"m.text"`},
		"Matrix where the user is": {"matrix://:token@matrix.example.com", []string{
			"GET https://matrix.example.com/_matrix/client/v3/joined_rooms",
			"POST https://matrix.example.com/_matrix/client/v3/join/%21room:example.com",
			"PUT https://matrix.example.com/_matrix/client/v3/rooms/%21room:example.com/send/m.room.message/…",
		}, "Bearer token", `"msgtype":"m.text"`},
		"Teams": {teamsHook, []string{
			"POST https://example.webhook.office.com/webhookb2/11111111-4444-4444-8444-cccccccccccc@22222222-4444-4444-8444-cccccccccccc/IncomingWebhook/33333333012222222222333333333344/44444444-4444-4444-8444-cccccccccccc/V2ESyij_gAljSoUQHvZoZYzlpAoAXExyOl26dlf1xHEx05",
		}, "", `"sections":[{"text":"Nothing is changed."},{"text":"Do: look`},
		"two chats of Telegram": {"telegram://" + bot + "@telegram?chats=@ops,-100:7&notification=no", []string{
			"POST https://api.telegram.org/bot" + bot + "/sendMessage", "POST https://api.telegram.org/bot" + bot + "/sendMessage",
		}, "", `"chat_id":"-100","disable_notification":true,"disable_web_page_preview":false,"message_thread_id":7,"text":"campus: critical: network\n\nNothing`},
		"a webhook that takes text": {"generic://hook.example.com/a/b?c=d&@X-Token=the-token", []string{"POST https://hook.example.com/a/b?c=d"}, "the-token",
			"campus: critical: network\n\nNothing is changed."},
		"a webhook that takes JSON": {"generic+https://hook.example.com/a?template=json&titlekey=subject&$severity=high&method=put", []string{"PUT https://hook.example.com/a"}, "",
			`"severity":"high","subject":"campus: critical: network"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.answer = func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"ok":true,"access_token":"token","room_id":"!room:example.com","joined_rooms":["!room:example.com"]}`)
			}
			told, err := s.notify(s.sender(test.address))
			if !told || err != nil {
				t.Fatalf("told %t, %v", told, err)
			}
			asked := s.asked()
			for i, line := range asked {
				if place := strings.LastIndex(line, "/m.room.message/"); place >= 0 {
					asked[i] = line[:place] + "/m.room.message/…"
				}
			}
			if !slices.Equal(asked, test.asked) {
				t.Errorf("asked %q", asked)
			}
			last := s.requests[len(s.requests)-1]
			if last.Authorization+last.Token != test.header || !strings.Contains(unescaped(last.Body), test.body) {
				t.Errorf("last request %+v", last)
			}
		})
	}
}

// unescaped undoes what json.Marshal does to <, > and &.
func unescaped(text string) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(text)
}

func TestTellsByMail(t *testing.T) {
	for name, test := range map[string]struct {
		address   string
		serve     func(*stage)
		to        []string
		user      string
		encrypted bool
	}{
		"with STARTTLS and a password": {mailTo, plainServer, []string{"ops@example.com"}, "divims", true},
		"to two, one with a plus":      {strings.Replace(mailTo, "ops@", "ada%2Bops@example.com,bob@", 1), plainServer, []string{"ada+ops@example.com", "bob@example.com"}, "divims", true},
		"all in TLS":                   {strings.Replace(mailTo, "587/?", "465/?", 1), func(s *stage) { s.serveMailInTLS(func(*smtp.Server) {}) }, []string{"ops@example.com"}, "divims", true},
		"in the clear, as asked, to a relay": {"smtp://mail.example.com/?starttls=no&fromaddress=divims@example.com&toaddresses=ops@example.com",
			func(s *stage) { s.serveMail(func(server *smtp.Server) { server.TLSConfig = nil }) }, []string{"ops@example.com"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			test.serve(s)
			told, err := s.notify(s.sender(test.address))
			if !told || err != nil {
				t.Fatalf("told %t, %v", told, err)
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

// checkMail reads a mail as a mail program does.
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

// TestNoMailIsTooLongForSMTP nor gets headers from its subject.
func TestNoMailIsTooLongForSMTP(t *testing.T) {
	message := news
	message.Title = "ü\r\nBcc: everybody@example.com" + strings.Repeat("ü", 500)
	message.Text = strings.Repeat("longer ", 5000)
	s := newStage(t)
	s.serveMail(func(*smtp.Server) {})
	if told, err := s.sender(mailTo).Notify(t.Context(), message); !told {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(s.mails[0].text, "\n") {
		if len(line) > 998 || strings.HasPrefix(line, "Bcc") {
			t.Errorf("a line of %d bytes: %.80q", len(line), line)
		}
	}
}

// TestWhoIsNotToldIsNamed, with the reason, while the others are told.
func TestWhoIsNotToldIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		address string
		answer  http.HandlerFunc
		server  func(*smtp.Server)
		told    bool
		err     string
	}{
		"a webhook refuses": {"generic://hook.example.com", status(403), nil, false, "notification service 1 (generic): HTTP status 403"},
		"a webhook leads elsewhere": {"generic://hook.example.com", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example.com", http.StatusTemporaryRedirect)
		}, nil, false, "or led elsewhere"},
		"a webhook breaks off": {"generic://hook.example.com", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, false, "the connection broke"},
		"Slack refuses a bot": {slackBot, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"ok":false,"error":"invalid_auth"}`)
		}, nil, false,
			"notification service 1 (slack): it refuses the message: invalid_auth"},
		"Teams fails with status 200": {teamsHook, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "Webhook message delivery failed")
		}, nil, false, "refuses"},
		"Telegram cannot be reached":   {"telegram://" + bot + "@telegram?chats=1", status(502), nil, false, "1 of 1 chats: HTTP status 502"},
		"one chat of two is gone":      {"telegram://" + bot + "@telegram?chats=1,2", func(w http.ResponseWriter, r *http.Request) {}, nil, true, ""},
		"Matrix knows no token":        {"matrix://divims:pass@matrix.example.com", nil, nil, false, "log in: there is no token"},
		"the certificate is another's": {"generic://elsewhere.example.com", nil, nil, false, "certificate is valid for"},
		"there is no mail server":      {mailTo, nil, nil, false, "notification service 1 (smtp): connect: "},
		"the password is wrong":        {strings.Replace(mailTo, "pass%20word", "wrong", 1), nil, func(*smtp.Server) {}, false, "log in: status 535 5.7.8"},
		"STARTTLS was taken out":       {mailTo, nil, func(server *smtp.Server) { server.TLSConfig = nil }, false, "offers no STARTTLS"},
		"nobody takes the mail":        {strings.Replace(mailTo, "ops@", "nobody@", 1), nil, func(*smtp.Server) {}, false, "1 of 1 recipients: recipient: status 550 5.1.1"},
		"one of two takes it":          {strings.Replace(mailTo, "ops@", "nobody@example.com,ops@", 1), nil, func(*smtp.Server) {}, true, "1 of 2 recipients: recipient: status 550 5.1.1"},
		"the mail is too large":        {mailTo, nil, func(server *smtp.Server) { server.MaxMessageBytes = 10 }, false, "data: status 552 5.3.4"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.answer = test.answer
			if test.server != nil {
				s.serveMail(test.server)
			}
			told, err := s.notify(s.sender(test.address))
			if told != test.told || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("told %t, %v", told, err)
			}
			if err != nil && containsSecret(err.Error()) {
				t.Errorf("the error shows a secret: %v", err)
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

// TestAServiceThatSaysNothingCostsItsOwnTimeOnly: the others are told meanwhile,
// and at the deadline it is over, for a web server as for a mail server that
// greets and then falls silent.
func TestAServiceThatSaysNothingCostsItsOwnTimeOnly(t *testing.T) {
	s := newStage(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Host, "chat.") {
			<-r.Context().Done()
		}
	}
	var err error
	if s.mail, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
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
		_, _ = conn.Read(make([]byte, 1)) // the first letter of EHLO, which gets no answer
	}()
	sender := s.sender("generic://hook.example.com", "mattermost://chat.example.com/token", mailTo)
	chat := sender.services[1].tell
	sender.services[1].tell = func(ctx context.Context, way Config, message pool.Message) error {
		defer cancel() // once it was told, and the mail server is waited for, the time of the others is up
		defer func() { <-waiting }()
		return chat(ctx, way, message)
	}
	some, err := sender.Notify(ctx, news)
	if !some || err == nil {
		t.Fatalf("told %t, %v", some, err)
	}
	for _, service := range []string{"service 1 (generic): no answer in time", "service 3 (smtp): no answer in time"} {
		if !strings.Contains(err.Error(), service) {
			t.Errorf("%s is not named in: %v", service, err)
		}
	}
	if strings.Contains(err.Error(), "service 2") {
		t.Errorf("the service that was told is named: %v", err)
	}
}

func TestNobodyIsToldAfterTheDeadline(t *testing.T) {
	s := newStage(t)
	s.serveMail(func(*smtp.Server) {})
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	told, err := s.sender("generic://hook.example.com", mailTo).Notify(ctx, news)
	if told || err == nil || strings.Count(err.Error(), "no answer in time") != 2 || len(s.asked())+len(s.mails) > 0 {
		t.Errorf("told %t, %v, asked %q, %d mails", told, err, s.asked(), len(s.mails))
	}
}

// TestAnswersAreReadInPartOnly, however long they are.
func TestAnswersAreReadInPartOnly(t *testing.T) {
	s := newStage(t)
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		chunk := []byte(strings.Repeat("x", 1<<16))
		for range 1 << 14 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
		t.Error("a whole GiB was read")
	}
	if told, err := s.notify(s.sender("generic://hook.example.com")); !told || err != nil {
		t.Errorf("told %t, %v", told, err)
	}
}

func TestAddressesThatCannotBeUsed(t *testing.T) {
	for name, test := range map[string]struct{ address, problem string }{
		"no scheme":                     {"the-secret", "has to begin with one of generic, matrix, mattermost, slack, smtp, teams, telegram and ://"},
		"an unknown scheme":             {"the-secret://x", "has to begin with"},
		"a service that is not taken":   {"discord://the-secret@1", "has to begin with"},
		"no address":                    {"smtp://the-secret%zz@x", "is no address"},
		"a line break":                  {"generic://hook.example.com\nthe-secret", "is no address"},
		"far too long":                  {"generic://hook.example.com/" + strings.Repeat("the-secret", 500), "is longer than"},
		"mail to nobody":                {"smtp://u:the-secret@mail.example.com/?fromaddress=a@example.com", "needs a host, fromaddress= and toaddresses="},
		"mail from nobody":              {"smtp://u:the-secret@mail.example.com/?toaddresses=a@example.com", "needs a host"},
		"mail to no address":            {"smtp://mail.example.com/?fromaddress=a@example.com&toaddresses=the-secret", "needs a host"},
		"mail with a header in it":      {"smtp://mail.example.com/?fromaddress=a@example.com%0d%0aBcc:the-secret&toaddresses=a@example.com", "needs a host"},
		"mail with an unknown key":      {mailTo + "&the-secret=1", "needs a host"},
		"mail without certificates":     {mailTo + "&skiptlsverify=yes", "DIVIMS_CA_CERTIFICATES"},
		"a password in the clear":       {mailTo + "&starttls=no", "without TLS to this machine only"},
		"a webhook in the clear":        {"generic+http://hook.example.com/the-secret", "without TLS to this machine only"},
		"Mattermost in the clear":       {"mattermost://chat.example.com/the-secret?disabletls=yes", "without TLS"},
		"Matrix in the clear":           {"matrix://:the-secret@matrix.example.com/?disabletls=yes", "without TLS"},
		"a webhook's unknown template":  {"generic://hook.example.com/the-secret?template=xml", "the template json or none"},
		"a webhook without a host":      {"generic:///the-secret", "needs a host"},
		"Slack without a token":         {"slack://the-secret@webhook", "needs a token and a channel"},
		"Mattermost without a token":    {"mattermost://chat.example.com", "needs a host and a token"},
		"Matrix without a token":        {"matrix://matrix.example.com", "needs a host and a token"},
		"Matrix with an empty room":     {"matrix://:the-secret@matrix.example.com/?rooms=", "no matrix address that can be used"},
		"Teams without a host":          {strings.Split(teamsHook, "?")[0], "needs the parts of the webhook"},
		"Teams elsewhere":               {strings.Replace(teamsHook, "example.webhook.office.com", "the-secret.example.com", 1), "needs the parts"},
		"Telegram without chats":        {"telegram://" + bot + "@telegram", "needs a token and chats"},
		"Telegram with a strange token": {"telegram://the-secret@telegram?chats=1", "needs a token and chats"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(test.address)
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Fatalf("error %v, wanted %q", err, test.problem)
			}
			if containsSecret(err.Error()) {
				t.Errorf("the error shows the address: %v", err)
			}
		})
	}
}

// FuzzCheck: whatever the address, Check ends, and tells nothing of it.
func FuzzCheck(f *testing.F) {
	for _, address := range []string{slackHook, slackBot, teamsHook, mailTo, "telegram://" + bot + "@telegram?chats=1", "matrix://:t@matrix.example.com/?rooms=,a",
		"mattermost://a@b/c/d", "generic+https://hook.example.com/?template=json&@a=b&$c=d&__title=e", "teams+https://example.webhook.office.com/webhookb2/x"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		const secret = "ThE-SeCrEt"
		if err := Check(address + secret); err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows the address: %v", err)
		}
	})
}

func TestCut(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		limit int
		want  string
	}{
		"short enough":             {"one\ntwo", 10, "one\ntwo"},
		"exactly":                  {"0123456789", 10, "0123456789"},
		"at the end of a line":     {"one\ntwo\nthree\nfour", 14, "one\ntwo\n…"},
		"one long line":            {"0123456789abcdef", 10, "012345\n…"},
		"what counts twice, twice": {strings.Repeat("🙂", 10), 10, "🙂🙂🙂\n…"},
	} {
		if got := cut(test.text, test.limit); got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestJSONOfAWebhookIsWhole(t *testing.T) {
	s := newStage(t)
	if told, err := s.notify(s.sender("generic://hook.example.com?template=json")); !told {
		t.Fatal(err)
	}
	var body map[string]string
	if err := json.Unmarshal([]byte(s.requests[0].Body), &body); err != nil || body["title"] != news.Title || body["message"] != news.Text {
		t.Errorf("body %q, %v", s.requests[0].Body, err)
	}
}
