// Package ovh is the client of a DNS zone at OVH. It reads, writes and deletes the
// records that lead to a pool's servers.
package ovh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ovh/go-ovh/ovh"

	"divims/internal/pool"
)

// recordTTL is how long name servers may cache a record, in seconds.
const recordTTL = 300

// Config holds the zone and the keys of the API.
type Config struct {
	// Endpoint is "ovh-eu", "ovh-ca", "ovh-us" or the URL of the API without a final
	// slash.
	Endpoint                                       string
	ApplicationKey, ApplicationSecret, ConsumerKey pool.Secret
	// Zone is the zone's name, for example "example.com".
	Zone string
	// Timeout is the deadline of each call.
	Timeout time.Duration
}

// Zone is an existing DNS zone. Several goroutines may use it, but it makes one call at a
// time, because OVH's library is not safe for concurrent use.
type Zone struct {
	name  string
	mutex sync.Mutex
	api   *ovh.Client
}

// New returns the zone and sends nothing. OVH's library also reads ovh.conf files, but
// the values given here take precedence.
func New(config Config, client *http.Client) (*Zone, error) {
	api, err := ovh.NewClient(config.Endpoint, config.ApplicationKey.Reveal(), config.ApplicationSecret.Reveal(), config.ConsumerKey.Reveal())
	if err != nil {
		return nil, fmt.Errorf("ovh settings: %w", err)
	}
	own := *client // a copy, because the library sets its timeout
	own.Transport = bounded{client.Transport}
	api.Client, api.Timeout, api.UserAgent = &own, config.Timeout, "divims"
	return &Zone{name: config.Zone, api: api}, nil
}

// record is a record in the API's form. The target of a CNAME record is a whole name if it
// ends in a dot, otherwise a name inside the zone.
type record struct {
	ID        int64  `json:"id,omitempty"`
	FieldType string `json:"fieldType"`
	SubDomain string `json:"subDomain"`
	Target    string `json:"target"`
	TTL       int    `json:"ttl"`
}

// Records returns the A, AAAA and CNAME records of the given names. The list is complete,
// or there is an error.
func (z *Zone) Records(ctx context.Context, names []string) ([]pool.DNSRecord, error) {
	var records []pool.DNSRecord
	for _, name := range names {
		found, err := z.named(ctx, pool.DNSRecord{Name: name})
		if err != nil {
			return nil, fmt.Errorf("list the records of %s at OVH: %w", name, explain(err))
		}
		for _, r := range found {
			if read := z.toRecord(r); read.Leads() {
				records = append(records, read)
			}
		}
	}
	return records, nil
}

// Write adds a record unless the zone has the same one. It publishes the zone in any case,
// because an earlier Write may have failed before publishing.
func (z *Zone) Write(ctx context.Context, wanted pool.DNSRecord) error {
	found, err := z.same(ctx, wanted)
	if err == nil && len(found) == 0 {
		subdomain, _ := wanted.Within(z.name)
		err = z.call(ctx, http.MethodPost, z.path("/record"), record{
			FieldType: string(wanted.Type), SubDomain: subdomain, Target: target(wanted), TTL: recordTTL,
		}, nil)
	}
	if err == nil {
		err = z.publish(ctx)
	}
	if err != nil {
		return fmt.Errorf("write the record %s at OVH: %w", wanted, explain(err))
	}
	return nil
}

// Delete deletes exactly this record. It is no error if the zone does not have it.
func (z *Zone) Delete(ctx context.Context, unwanted pool.DNSRecord) error {
	found, err := z.same(ctx, unwanted)
	for _, r := range found {
		if err == nil {
			err = z.call(ctx, http.MethodDelete, z.path(fmt.Sprintf("/record/%d", r.ID)), nil, nil)
		}
	}
	if err == nil {
		err = z.publish(ctx)
	}
	if err != nil {
		return fmt.Errorf("delete the record %s at OVH: %w", unwanted, explain(err))
	}
	return nil
}

// publish sends changes to the name servers.
func (z *Zone) publish(ctx context.Context) error {
	return z.call(ctx, http.MethodPost, z.path("/refresh"), nil, nil)
}

// same returns the zone's records that equal wanted.
func (z *Zone) same(ctx context.Context, wanted pool.DNSRecord) ([]record, error) {
	found, err := z.named(ctx, wanted)
	return slices.DeleteFunc(found, func(r record) bool { return z.toRecord(r) != wanted }), err
}

// named returns the zone's records with the name of like and, if like.Type is set, its
// type.
func (z *Zone) named(ctx context.Context, like pool.DNSRecord) ([]record, error) {
	subdomain, ok := like.Within(z.name)
	if !ok {
		return nil, fmt.Errorf("%s is not in the zone %s", like.Name, z.name)
	}
	query := url.Values{"subDomain": {subdomain}}
	if like.Type != "" {
		query.Set("fieldType", string(like.Type))
	}
	var ids []int64
	if err := z.call(ctx, http.MethodGet, z.path("/record?"+query.Encode()), nil, &ids); err != nil {
		return nil, err
	}
	var records []record
	for _, id := range ids {
		var r record
		if err := z.call(ctx, http.MethodGet, z.path(fmt.Sprintf("/record/%d", id)), nil, &r); err != nil {
			return nil, err
		}
		if r.SubDomain == subdomain { // the API's filter is not relied on
			records = append(records, r)
		}
	}
	return records, nil
}

func (z *Zone) path(rest string) string { return "/domain/zone/" + url.PathEscape(z.name) + rest }

func (z *Zone) call(ctx context.Context, method, path string, body, answer any) error {
	z.mutex.Lock()
	defer z.mutex.Unlock()
	return z.api.CallAPIWithContext(ctx, method, path, body, answer, true)
}

func (z *Zone) toRecord(r record) pool.DNSRecord {
	read := pool.DNSRecord{
		Name: strings.TrimPrefix(strings.ToLower(r.SubDomain)+"."+z.name, "."), Type: pool.RecordType(r.FieldType), Data: r.Target,
	}
	if name, absolute := strings.CutSuffix(r.Target, "."); absolute {
		read.Data = strings.ToLower(name)
	} else if read.Type == pool.RecordCNAME {
		read.Data = strings.ToLower(r.Target) + "." + z.name
	}
	return read
}

// target returns a record's data in the API's form. A final dot marks a whole name.
func target(r pool.DNSRecord) string {
	if r.Type == pool.RecordCNAME {
		return r.Data + "."
	}
	return r.Data
}

// explain shortens an error message of OVH, and removes the URL from one of net/http.
func explain(err error) error {
	if refused, ok := errors.AsType[*ovh.APIError](err); ok {
		return fmt.Errorf("HTTP status %d: %.300q", refused.Code, refused.Message)
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}
