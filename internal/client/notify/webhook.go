package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/specialized/generic"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"divims/internal/pool"
)

func parseWebhook(address *url.URL) (notifyFunc, error) {
	var err error
	if strings.HasPrefix(address.Scheme, "generic+") {
		address, err = (&generic.Service{}).GetConfigURLFromCustom(address)
	}
	config, _ := generic.DefaultConfig()
	if err != nil || config.SetURL(address) != nil {
		return nil, errors.New(webhookNeeds)
	}
	hook := config.WebhookURL()
	if hook.Hostname() == "" || config.Template != "" && config.Template != "json" && config.Template != generic.JSONTemplate {
		return nil, errors.New(webhookNeeds)
	}
	if err := requireTLS(hook); err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {config.ContentType}, "Accept": {config.ContentType}}
	if config.Template == "" {
		header = http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	}
	for name, values := range config.GetURL().Query() {
		if name, found := strings.CutPrefix(name, string(generic.HeaderPrefixChar)); found {
			header.Set(name, values[0])
		}
	}
	service := &generic.Service{Config: config}
	return func(ctx context.Context, via Config, message pool.Message) error {
		params := types.Params{config.TitleKey: message.Title, config.MessageKey: message.Text}
		if config.Template == "" {
			params = types.Params{config.MessageKey: titleAndText(message)}
		}
		payload, err := service.GetPayload(config, params)
		if err != nil {
			return errors.New("the message cannot be encoded")
		}
		body, err := io.ReadAll(payload)
		if err != nil {
			return fmt.Errorf("encode the message: %w", err)
		}
		_, err = send(ctx, via, strings.ToUpper(config.RequestMethod), hook, header.Clone(), body)
		return err
	}, nil
}
