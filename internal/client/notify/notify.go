// Package notify sends messages to operators: by mail, in chats and to webhooks. It takes
// the addresses of services, in the format of shoutrrr, and a message. It returns whether
// any service accepted the message, and the errors of those that did not.
//
// It uses shoutrrr to parse addresses and, where they are public, to build request
// bodies. It sends the requests itself, because shoutrrr's senders accept no deadline,
// certificate authorities or dialer, wait forever for a silent mail server, report success
// if Telegram is unreachable, and put addresses, which are secret, into their errors.
package notify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"divims/internal/pool"
)

// Config holds the addresses of the services and the clients to reach them with.
type Config struct {
	// Addresses are the addresses of the services.
	Addresses []pool.Secret
	// Client calls HTTP services. It should not follow redirects to other hosts.
	Client *http.Client
	// Dial and Roots are used for mail servers. A nil Roots means the system's authorities.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *x509.CertPool
}

// Sender sends messages to all services of a pool.
type Sender struct {
	config   Config
	services []service
}

// service is one parsed address.
type service struct {
	// name consists of the address's position and kind. It is not secret.
	name   string
	notify notifyFunc
}

// notifyFunc sends a message to one service through the clients in via. Its errors show
// nothing of the address but the host.
type notifyFunc func(ctx context.Context, via Config, message pool.Message) error

// New returns a Sender for the addresses in config. It opens no connection.
func New(config Config) (*Sender, error) {
	s := &Sender{config: config}
	for i, address := range config.Addresses {
		kind, notify, err := parse(address.Reveal())
		if err != nil {
			return nil, fmt.Errorf("notification service %d %w", i+1, err)
		}
		s.services = append(s.services, service{fmt.Sprintf("notification service %d (%s)", i+1, kind), notify})
	}
	return s, nil
}

// partialError means that some, but not all, recipients of a service failed.
type partialError struct{ error }

// Notify sends a message to all services in parallel, until the context's deadline.
// delivered is true if at least one service accepted it. The error names each service that
// failed, also if only some of its recipients did.
func (s *Sender) Notify(ctx context.Context, message pool.Message) (delivered bool, err error) {
	problems := make([]error, len(s.services))
	var all sync.WaitGroup
	for i, service := range s.services {
		all.Go(func() { problems[i] = service.notify(ctx, s.config, message) })
	}
	all.Wait()
	for i, problem := range problems {
		var partial partialError
		if problem == nil || errors.As(problem, &partial) {
			delivered = true
		}
		if problem != nil {
			problems[i] = fmt.Errorf("%s: %w", s.services[i].name, problem)
		}
	}
	return delivered, errors.Join(problems...)
}

// sendToEach calls send for each recipient of one service. The error is a partialError if
// at least one call succeeded.
func sendToEach(recipients []string, what string, send func(string) error) error {
	var problems []error
	for _, recipient := range recipients {
		if err := send(recipient); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	err := fmt.Errorf("%d of %d %s: %w", len(problems), len(recipients), what, problems[0])
	if len(problems) < len(recipients) {
		return partialError{err}
	}
	return err
}
