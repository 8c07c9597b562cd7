// Package notify tells operators something: by mail, in chats, by webhook. In go
// the addresses of services, in shoutrrr's form, and a message; out comes whether
// anybody was told.
//
// Of shoutrrr it takes the form of the addresses and, where they are public, the
// bodies of requests. It sends itself, since shoutrrr's senders take no deadline,
// no authorities and no dialer, wait for ever for a mail server that says
// nothing, count a Telegram that cannot be reached as told, and put addresses,
// which are secrets here, into their errors.
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

// Config says whom to tell, and how to get there.
type Config struct {
	// Addresses are those of the services; Check accepts each of them.
	Addresses []pool.Secret
	// Client reaches services by HTTP. It should not follow redirects elsewhere.
	Client *http.Client
	// Dial and Roots reach mail servers. Roots is nil for the system's authorities.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *x509.CertPool
}

// Sender tells all services of a pool.
type Sender struct {
	config   Config
	services []service
}

// service is one address, ready to be told.
type service struct {
	// name is its place in the list and its kind, and no secret.
	name string
	tell tell
}

// tell sends a message to one service. Its errors hold nothing of the address
// but the host.
type tell func(ctx context.Context, way Config, message pool.Message) error

// New makes the sender for some addresses. It reaches nobody.
func New(config Config) (*Sender, error) {
	s := &Sender{config: config}
	for i, address := range config.Addresses {
		kind, tell, err := parse(address.Reveal())
		if err != nil {
			return nil, fmt.Errorf("notification service %d %w", i+1, err)
		}
		s.services = append(s.services, service{fmt.Sprintf("notification service %d (%s)", i+1, kind), tell})
	}
	return s, nil
}

// partly is an error beside which somebody was told all the same.
type partly struct{ error }

// Notify tells all services side by side, within the context's deadline, so that
// a slow one costs the others nothing. told is true if anybody was told; the error
// names every service that was not, or not completely.
func (s *Sender) Notify(ctx context.Context, message pool.Message) (told bool, err error) {
	problems := make([]error, len(s.services))
	var all sync.WaitGroup
	for i, service := range s.services {
		all.Go(func() { problems[i] = service.tell(ctx, s.config, message) })
	}
	all.Wait()
	for i, problem := range problems {
		var some partly
		if problem == nil || errors.As(problem, &some) {
			told = true
		}
		if problem != nil {
			problems[i] = fmt.Errorf("%s: %w", s.services[i].name, problem)
		}
	}
	return told, errors.Join(problems...)
}
