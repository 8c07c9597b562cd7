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

// titleAndText returns a message as one text, for services without titles.
func titleAndText(message pool.Message) string { return message.Title + "\n\n" + message.Text }

// errorWord matches an error code such as invalid_auth. Other text in a response is not
// shown, because it might repeat a secret.
var errorWord = regexp.MustCompile(`^[A-Za-z_]{1,40}$`)

func rejected(word string) error {
	if !errorWord.MatchString(word) {
		return errors.New("the service rejected the message")
	}
	return fmt.Errorf("the service rejected the message: %s", word)
}

const slackAPI = "https://slack.com/api/chat.postMessage"

// slackText escapes the characters that Slack uses for links and mentions.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func parseSlack(address *url.URL) (notifyFunc, error) {
	config := &slack.Config{}
	if err := config.SetURL(address); err != nil {
		return nil, errors.New(slackNeeds)
	}
	return func(ctx context.Context, via Config, message pool.Message) error {
		// Set the text here, because shoutrrr turns each line into an attachment.
		payload, _ := slack.CreateJSONPayload(config, "").(slack.MessagePayload)
		payload.Text = "*" + slackText.Replace(message.Title) + "*\n\n" + slackText.Replace(message.Text)
		if !config.Token.IsAPIToken() {
			hook, err := url.Parse(config.Token.WebhookURL())
			if err != nil {
				return errors.New(slackNeeds)
			}
			_, err = post(ctx, via, http.MethodPost, hook, nil, payload)
			return err
		}
		api, _ := url.Parse(slackAPI)
		body, err := post(ctx, via, http.MethodPost, api, http.Header{"Authorization": {config.Token.Authorization()}}, payload)
		if err != nil {
			return err
		}
		var response slack.APIResponse
		if json.Unmarshal(body, &response) != nil || !response.Ok {
			return rejected(response.Error)
		}
		return nil
	}, nil
}

// withoutMentions inserts a zero-width space after each @. Mattermost would otherwise
// notify everybody of an @all in the text.
func withoutMentions(text string) string { return strings.ReplaceAll(text, "@", "@\u200b") }

func parseMattermost(address *url.URL) (notifyFunc, error) {
	config := &mattermost.Config{}
	if err := config.SetURL(address); err != nil || config.Host == "" {
		return nil, errors.New(mattermostNeeds)
	}
	hook, err := base(config.Host, config.DisableTLS)
	if err != nil {
		return nil, err
	}
	hook = hook.JoinPath("hooks", url.PathEscape(config.Token))
	return func(ctx context.Context, via Config, message pool.Message) error {
		payload, err := mattermost.CreateJSONPayload(config, "**"+withoutMentions(message.Title)+"**\n\n"+withoutMentions(message.Text), nil)
		if err != nil {
			return fmt.Errorf("encode the message: %w", err)
		}
		_, err = post(ctx, via, http.MethodPost, hook, nil, json.RawMessage(payload))
		return err
	}, nil
}

// card is the message format of Teams' webhooks.
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

func parseTeams(address *url.URL) (notifyFunc, error) {
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
	return func(ctx context.Context, via Config, message pool.Message) error {
		body := card{Type: "MessageCard", Context: "http://schema.org/extensions", Summary: message.Title, Title: message.Title, Color: config.Color}
		for line := range strings.SplitSeq(message.Text, "\n") {
			if line != "" {
				body.Sections = append(body.Sections, section{line})
			}
		}
		response, err := post(ctx, via, http.MethodPost, hook, nil, body)
		if err == nil && strings.Contains(string(response), "failed") { // even with status 200
			return rejected("")
		}
		return err
	}, nil
}

// maxTelegram is the longest message that Telegram accepts, in UTF-16 code units.
const maxTelegram = 4096

func parseTelegram(address *url.URL) (notifyFunc, error) {
	config := &telegram.Config{Preview: true, Notification: true}
	if err := config.SetURL(address); err != nil {
		return nil, errors.New(telegramNeeds)
	}
	api := &url.URL{Scheme: "https", Host: "api.telegram.org", Path: "/bot" + config.Token + "/sendMessage"}
	return func(ctx context.Context, via Config, message pool.Message) error {
		text := truncate(titleAndText(message), maxTelegram)
		return sendToEach(config.Chats, "chats", func(chat string) error {
			id, thread, _ := strings.Cut(chat, ":")
			body := map[string]any{
				"chat_id": id, "text": text, "disable_web_page_preview": !config.Preview, "disable_notification": !config.Notification,
			}
			if number, err := strconv.Atoi(thread); err == nil {
				body["message_thread_id"] = number
			}
			_, err := post(ctx, via, http.MethodPost, api, nil, body)
			return err
		})
	}, nil
}

// truncate shortens a text to at most limit UTF-16 code units, at the end of a line if
// possible.
func truncate(text string, limit int) string {
	const ellipsis = "\n…"
	length, fits := 0, 0
	for i, r := range text {
		if length <= limit-len(ellipsis) {
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
	return text + ellipsis
}
