package scaleway

import (
	"context"
	"fmt"
	"slices"
	"strings"

	domain "github.com/scaleway/scaleway-sdk-go/api/domain/v2beta1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// recordTTL is how long resolvers may cache a record, in seconds.
const recordTTL = 300

// Zone is an existing DNS zone at Scaleway. Changes are made one after the other.
type Zone struct {
	client *Client
	name   string
	// writing holds one value while a change is made.
	writing chan struct{}
}

// DNS returns the zone of that name, for example "example.com".
func (c *Client) DNS(zone string) *Zone {
	return &Zone{client: c, name: zone, writing: make(chan struct{}, 1)}
}

// Records lists the A, AAAA and CNAME records of the names. It fails unless the list is
// complete.
func (z *Zone) Records(ctx context.Context, names []string) ([]pool.DNSRecord, error) {
	request := domain.ListDNSZoneRecordsRequest{DNSZone: z.name, PageSize: size()}
	found, err := readAll(
		func(record *domain.Record) string { return record.ID },
		func(page *int32) ([]*domain.Record, uint64, error) {
			request.Page = page
			answer, err := z.client.domains.ListDNSZoneRecords(&request, scw.WithContext(ctx))
			if err != nil {
				return nil, 0, err
			}
			return answer.Records, uint64(answer.TotalCount), nil
		})
	if err != nil {
		return nil, explain(err, "list the records of the zone %s", z.name)
	}
	var records []pool.DNSRecord
	for _, record := range found {
		if read := z.toRecord(record); read.Leads() && slices.Contains(names, read.Name) {
			records = append(records, read)
		}
	}
	return records, nil
}

func (z *Zone) toRecord(record *domain.Record) pool.DNSRecord {
	read := pool.DNSRecord{Name: z.whole(record.Name), Type: pool.RecordType(record.Type), Data: record.Data}
	if name, absolute := strings.CutSuffix(record.Data, "."); absolute {
		read.Data = strings.ToLower(name)
	} else if read.Type == pool.RecordCNAME {
		read.Data = z.whole(record.Data)
	}
	return read
}

// Write sets a record. It replaces all records of its name and type.
func (z *Zone) Write(ctx context.Context, record pool.DNSRecord) error {
	name, err := z.inside(record)
	if err != nil {
		return err
	}
	kind := domain.RecordType(record.Type)
	err = z.change(ctx, domain.RecordChange{Set: &domain.RecordChangeSet{
		IDFields: &domain.RecordIdentifier{Name: name, Type: kind},
		Records:  []*domain.Record{{Name: name, Type: kind, Data: absolute(record), TTL: recordTTL}},
	}})
	if err != nil {
		return explain(err, "write the record %s", record)
	}
	return nil
}

// Delete deletes exactly this record. It is no error if the record does not exist.
func (z *Zone) Delete(ctx context.Context, record pool.DNSRecord) error {
	name, err := z.inside(record)
	if err != nil {
		return err
	}
	data := absolute(record)
	err = z.change(ctx, domain.RecordChange{Delete: &domain.RecordChangeDelete{
		IDFields: &domain.RecordIdentifier{Name: name, Type: domain.RecordType(record.Type), Data: &data},
	}})
	if err != nil {
		return explain(err, "delete the record %s", record)
	}
	return nil
}

func (z *Zone) change(ctx context.Context, change domain.RecordChange) error {
	select {
	case z.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-z.writing }()
	_, err := z.client.domains.UpdateDNSZoneRecords(&domain.UpdateDNSZoneRecordsRequest{
		DNSZone: z.name, Changes: []*domain.RecordChange{&change}, DisallowNewZoneCreation: true,
	}, scw.WithContext(ctx))
	return err
}

// whole returns the full name of a name within the zone. inside is the inverse.
func (z *Zone) whole(name string) string {
	return strings.TrimPrefix(strings.ToLower(name)+"."+z.name, ".")
}

func (z *Zone) inside(record pool.DNSRecord) (string, error) {
	name, ok := record.Within(z.name)
	if !ok {
		return "", fmt.Errorf("%s is not in the zone %s", record.Name, z.name)
	}
	return name, nil
}

// absolute returns a record's data. A name gets a final dot, without which the API would
// take it as relative to the zone.
func absolute(record pool.DNSRecord) string {
	if record.Type == pool.RecordCNAME {
		return record.Data + "."
	}
	return record.Data
}
