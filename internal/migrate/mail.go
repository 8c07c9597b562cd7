package migrate

import (
	"errors"
	"net/mail"
	"net/url"
	"slices"
	"strings"
)

// mail leaves the notifications to the operator, with the addresses that were set: the
// predecessor used the system's mail server, and a function has none.
func (r *Result) mail(old map[string]Value) {
	to, hasTo := old["log_mail_to"]
	from, hasFrom := old["log_mail_from"]
	delete(old, "log_mail_to")
	delete(old, "log_mail_from")
	if hasFrom {
		r.row(Row{None, "log_mail_from", "", "", "the sender is in NOTIFY_URLS"})
	}
	if !hasTo {
		return
	}
	recipients, err := addresses(to)
	switch {
	case err != nil:
		r.row(Row{Decide, "log_mail_to", "NOTIFY_URLS", "", err.Error()})
	case len(recipients) == 0:
		r.row(Row{None, "log_mail_to", "", "", "it is empty"})
	default:
		sender, err := addresses(from)
		if err != nil || len(sender) != 1 {
			sender = []string{"FROM"}
		}
		r.row(Row{Decide, "log_mail_to", "NOTIFY_URLS", "smtp://USER:PASSWORD@HOST:587/?fromaddress=" + sender[0] + "&toaddresses=" + strings.Join(recipients, ","),
			"mail is sent by SMTP: replace the words in capitals in this address"})
	}
}

// addresses returns mail addresses in the form of a URL's query: one, several with commas,
// or a list of them.
func addresses(value Value) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return parseAddresses(v)
	case *Array:
		var all []string
		for _, key := range v.Keys() {
			element, _ := v.Get(key)
			some, err := addresses(element)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	}
	return nil, errNoAddresses
}

var errNoAddresses = errors.New("must be mail addresses")

// parseAddresses reads addresses with commas or semicolons between them. Their names may
// have commas within quotes.
func parseAddresses(list string) ([]string, error) {
	if parsed, err := mail.ParseAddressList(list); err == nil {
		all := make([]string, len(parsed))
		for i, address := range parsed {
			all[i] = escapeAddress(address)
		}
		return all, nil
	}
	parts := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' })
	parts = slices.DeleteFunc(parts, func(part string) bool { return strings.TrimSpace(part) == "" })
	all := make([]string, len(parts))
	for i, part := range parts {
		parsed, err := mail.ParseAddress(part)
		if err != nil {
			return nil, errNoAddresses
		}
		all[i] = escapeAddress(parsed)
	}
	return all, nil
}

// escapeAddress writes an address for a URL's query.
func escapeAddress(address *mail.Address) string {
	return strings.ReplaceAll(url.QueryEscape(address.Address), "%40", "@")
}
