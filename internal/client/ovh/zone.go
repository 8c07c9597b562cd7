// Package ovh is a DNS zone at OVH. In go an application's keys and a zone's name;
// out come the zone's records, and the few changes that a pool needs to make.
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

// recordTTL is for how long others may keep a record, in seconds.
const recordTTL = 300

// Config says which zone it is and who asks.
type Config struct {
	// Endpoint is "ovh-eu", "ovh-ca", "ovh-us" or the API's address, without a
	// final slash.
	Endpoint                                       string
	ApplicationKey, ApplicationSecret, ConsumerKey pool.Secret
	// Zone is the zone's name, for example "example.com".
	Zone string
	// Timeout is for each call.
	Timeout time.Duration
}

// Zone is a DNS zone. It is never made, only written to. It may be used by
// several goroutines, but makes one call after the other: OVH's library is not
// made for more.
type Zone struct {
	name  string
	mutex sync.Mutex
	api   *ovh.Client
}

// New gives the zone; it sends nothing. The library also reads ovh.conf files,
// but takes nothing out of them that is given here.
func New(config Config, client *http.Client) (*Zone, error) {
	api, err := ovh.NewClient(config.Endpoint, config.ApplicationKey.Reveal(), config.ApplicationSecret.Reveal(), config.ConsumerKey.Reveal())
	if err != nil {
		return nil, fmt.Errorf("ovh settings: %w", err)
	}
	own := *client // whose timeout the library sets
	own.Transport = bounded{client.Transport}
	api.Client, api.Timeout, api.UserAgent = &own, config.Timeout, "divims"
	return &Zone{name: config.Zone, api: api}, nil
}

// record is a record as the API has it. Its target is a name with a final dot, an
// address, or anything else.
type record struct {
	ID        int64  `json:"id,omitempty"`
	FieldType string `json:"fieldType"`
	SubDomain string `json:"subDomain"`
	Target    string `json:"target"`
	TTL       int    `json:"ttl"`
}

// Records lists those records of the names that lead to addresses or to other
// names, complete or an error.
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

// Write adds a record unless there is the same one already, and has the zone
// published in any case: an earlier Write may have ended before that.
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

// Delete deletes exactly this record; one that is gone already is no error.
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

// publish lets the name servers know of changes.
func (z *Zone) publish(ctx context.Context) error {
	return z.call(ctx, http.MethodPost, z.path("/refresh"), nil, nil)
}

// same finds the records that say the same as this one.
func (z *Zone) same(ctx context.Context, wanted pool.DNSRecord) ([]record, error) {
	found, err := z.named(ctx, wanted)
	return slices.DeleteFunc(found, func(r record) bool { return z.toRecord(r) != wanted }), err
}

// named finds the records of the name, and of the type if there is one.
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
		if r.SubDomain == subdomain { // whatever the filter let pass
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

// target is a record's data, with the final dot that keeps a name whole.
func target(r pool.DNSRecord) string {
	if r.Type == pool.RecordCNAME {
		return r.Data + "."
	}
	return r.Data
}

// explain cuts what OVH says, and leaves the URL out of what net/http says.
func explain(err error) error {
	if refused, ok := errors.AsType[*ovh.APIError](err); ok {
		return fmt.Errorf("HTTP status %d: %.300q", refused.Code, refused.Message)
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}
