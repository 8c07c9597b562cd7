package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/mattermost"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/slack"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/teams"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/telegram"

	"divims/internal/pool"
)

// whole is a message for services that know no titles.
func whole(message pool.Message) string { return message.Title + "\n\n" + message.Text }

// code is what an answer may say of a failure: a word like invalid_auth. Anything
// else of it might repeat a secret.
var code = regexp.MustCompile(`^[A-Za-z_]{1,40}$`)

func refused(word string) error {
	if !code.MatchString(word) {
		return errors.New("it refuses the message")
	}
	return fmt.Errorf("it refuses the message: %s", word)
}

const slackAPI = "https://slack.com/api/chat.postMessage"

// slackText escapes what Slack would take for links and mentions.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func parseSlack(address *url.URL) (tell, error) {
	config := &slack.Config{}
	if err := config.SetURL(address); err != nil {
		return nil, errors.New(slackNeeds)
	}
	return func(ctx context.Context, way Config, message pool.Message) error {
		// shoutrrr makes an attachment of each line.
		payload, _ := slack.CreateJSONPayload(config, "").(slack.MessagePayload)
		payload.Text = "*" + slackText.Replace(message.Title) + "*\n\n" + slackText.Replace(message.Text)
		if !config.Token.IsAPIToken() {
			hook, err := url.Parse(config.Token.WebhookURL())
			if err != nil {
				return errors.New(slackNeeds)
			}
			_, err = post(ctx, way, http.MethodPost, hook, nil, payload)
			return err
		}
		api, _ := url.Parse(slackAPI)
		answer, err := post(ctx, way, http.MethodPost, api, http.Header{"Authorization": {config.Token.Authorization()}}, payload)
		if err != nil {
			return err
		}
		var response slack.APIResponse
		if json.Unmarshal(answer, &response) != nil || !response.Ok {
			return refused(response.Error)
		}
		return nil
	}, nil
}

// calm keeps a text from calling people by name: Mattermost would tell everybody
// of an @all in it.
func calm(text string) string { return strings.ReplaceAll(text, "@", "@\u200b") }

func parseMattermost(address *url.URL) (tell, error) {
	config := &mattermost.Config{}
	if err := config.SetURL(address); err != nil || config.Host == "" {
		return nil, errors.New(mattermostNeeds)
	}
	hook, err := base(config.Host, config.DisableTLS)
	if err != nil {
		return nil, err
	}
	hook = hook.JoinPath("hooks", url.PathEscape(config.Token))
	return func(ctx context.Context, way Config, message pool.Message) error {
		payload, err := mattermost.CreateJSONPayload(config, "**"+calm(message.Title)+"**\n\n"+calm(message.Text), nil)
		if err != nil {
			return fmt.Errorf("encode the message: %w", err)
		}
		_, err = post(ctx, way, http.MethodPost, hook, nil, json.RawMessage(payload))
		return err
	}, nil
}

// card is the form of messages that Teams' webhooks take.
type card struct {
	Type     string    `json:"@type"`
	Context  string    `json:"@context"`
	Summary  string    `json:"summary"`
	Title    string    `json:"title"`
	Color    string    `json:"themeColor,omitempty"`
	Markdown bool      `json:"markdown"`
	Sections []section `json:"sections"`
}

type section struct {
	Text string `json:"text"`
}

func parseTeams(address *url.URL) (tell, error) {
	var err error
	if strings.HasPrefix(address.Scheme, "teams+") {
		address, err = (&teams.Service{}).GetConfigURLFromCustom(address)
	}
	config := &teams.Config{}
	if err != nil || config.SetURL(address) != nil {
		return nil, errors.New(teamsNeeds)
	}
	text := teams.BuildWebhookURL(config.Host, config.Group, config.Tenant, config.AltID, config.GroupOwner, config.ExtraID)
	hook, err := url.Parse(text)
	if err != nil || teams.ValidateWebhookURL(text) != nil {
		return nil, errors.New(teamsNeeds)
	}
	return func(ctx context.Context, way Config, message pool.Message) error {
		body := card{Type: "MessageCard", Context: "http://schema.org/extensions", Summary: message.Title, Title: message.Title, Color: config.Color}
		for line := range strings.SplitSeq(message.Text, "\n") {
			if line != "" {
				body.Sections = append(body.Sections, section{line})
			}
		}
		answer, err := post(ctx, way, http.MethodPost, hook, nil, body)
		if err == nil && strings.Contains(string(answer), "failed") { // with status 200
			return refused("")
		}
		return err
	}, nil
}

// telegramLimit is how long a message may be there, in characters of UTF-16.
const telegramLimit = 4096

func parseTelegram(address *url.URL) (tell, error) {
	config := &telegram.Config{Preview: true, Notification: true}
	if err := config.SetURL(address); err != nil {
		return nil, errors.New(telegramNeeds)
	}
	api := &url.URL{Scheme: "https", Host: "api.telegram.org", Path: "/bot" + config.Token + "/sendMessage"}
	return func(ctx context.Context, way Config, message pool.Message) error {
		text := cut(whole(message), telegramLimit)
		return each(config.Chats, "chats", func(chat string) error {
			id, thread, _ := strings.Cut(chat, ":")
			body := map[string]any{
				"chat_id": id, "text": text, "disable_web_page_preview": !config.Preview, "disable_notification": !config.Notification,
			}
			if number, err := strconv.Atoi(thread); err == nil {
				body["message_thread_id"] = number
			}
			_, err := post(ctx, way, http.MethodPost, api, nil, body)
			return err
		})
	}, nil
}

// each tells several recipients of one service. If one of them was told, the
// error is partly.
func each(recipients []string, what string, tell func(string) error) error {
	var problems []error
	for _, recipient := range recipients {
		if err := tell(recipient); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	err := fmt.Errorf("%d of %d %s: %w", len(problems), len(recipients), what, problems[0])
	if len(problems) < len(recipients) {
		return partly{err}
	}
	return err
}

// cut shortens a text to a number of UTF-16 characters, at the end of a line if
// there is one.
func cut(text string, limit int) string {
	const more = "\n…"
	length, fits := 0, 0
	for i, r := range text {
		if length <= limit-len(more) {
			fits = i
		}
		length++
		if r > 0xffff {
			length++
		}
	}
	if length <= limit {
		return text
	}
	text = text[:fits]
	if end := strings.LastIndexByte(text, '\n'); end > 0 {
		text = text[:end]
	}
	return text + more
}
