// Package storage keeps a pool's state, history, decision records and last good
// calendar in S3-compatible object storage. Every write is conditional: it fails
// if somebody else has changed the object since it was read.
package storage

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"divims/internal/client/httpclient"
	"divims/internal/pool"
)

// Config says where the objects of a pool are: in the bucket, under
// <Prefix>/<Pool>/.
type Config struct {
	Settings
	Pool string
	// Owner is the pool that the objects must belong to. The zero Owner checks nothing.
	Owner pool.Owner
	// Interval is the time between evaluations. Of samples that are nearer to each other
	// than half of it, only the first is kept.
	Interval time.Duration
}

// Store reads and writes the objects of one pool. It caches what it reads and
// writes, so a warm process need not read an object again. If somebody else has
// changed the object, the conditional write fails and the object is read again. A
// Store is safe for concurrent use, but holds at most one lease at a time.
type Store struct {
	s3       *s3.Client
	bucket   string
	folder   string
	owner    pool.Owner
	interval time.Duration
	// keep is how long decision records are kept.
	keep time.Duration

	mutex sync.Mutex
	cache map[string]object // by kind
	held  *heldLease        // nil without a lease

	// decisions and weekRecords are the records of the lists that were read last, week the
	// samples.
	decisions, weekRecords parsed[json.RawMessage]
	week                   parsed[pool.Sample]
}

// object is the last known content of an object in the bucket and its ETag. The
// ETag is empty if the object does not exist.
type object struct {
	name string
	body []byte
	etag string
	// modified is when the object was last written, and date when the server sent its
	// answer, both by the storage's clock. They are zero if the server does not say.
	modified, date time.Time
	// cached is true if the object was not read just now.
	cached bool
}

// firstPause is half of the usual pause before a request's first retry; the pause
// doubles with each.
const firstPause = 100 * time.Millisecond

// New returns the store of a pool. It makes no request.
func New(config Config, client *http.Client) *Store {
	options := s3.Options{
		BaseEndpoint: aws.String(config.URL),
		Region:       config.Region,
		UsePathStyle: config.PathStyle,
		HTTPClient:   &bounded{client},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: config.AccessKey.Reveal(), SecretAccessKey: config.SecretKey.Reveal()}, nil
		}),
		// Not every server supports the checksums that newer clients send by default.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.Retryables = append(o.Retryables, retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}})
			o.Backoff = retry.BackoffDelayerFunc(func(attempt int, err error) (time.Duration, error) {
				requested := requestedPause(err)
				if requested > httpclient.MaxRequestedPause {
					return 0, err
				}
				return requested + httpclient.Jitter(config.Bucket, firstPause<<attempt), nil
			})
		}),
	}
	return &Store{
		s3:       s3.New(options),
		bucket:   config.Bucket,
		folder:   path.Join(config.Prefix, config.Pool),
		owner:    config.Owner,
		interval: config.Interval,
		keep:     config.DecisionsKeep,
		cache:    map[string]object{},
	}
}

// requestedPause returns how long the service asked to wait with Retry-After; 0 if it did
// not.
func requestedPause(err error) time.Duration {
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return 0
	}
	return httpclient.RetryAfter(answer.Response.Header.Get("Retry-After"))
}

// key returns the full key of one of the pool's objects.
func (s *Store) key(name string) string { return path.Join(s.folder, name) }

// kind returns the cache key of an object. The cache holds one object of each kind:
// this hour's decisions replace those of the hour before.
func kind(name string) string {
	folder, _, _ := strings.Cut(name, "/")
	return folder
}

// remember caches an object, unless the cache already holds a later hour's or week's
// object of its kind: that one is written next.
func (s *Store) remember(o object) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if o.name >= s.cache[kind(o.name)].name {
		s.cache[kind(o.name)] = o
	}
}

func (s *Store) forget(name string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.cache, kind(name))
}

// remembered returns the cached object of the name's kind, and whether it is the
// named one.
func (s *Store) remembered(name string) (o object, found bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	o, found = s.cache[kind(name)]
	o.cached = true
	return o, found && o.name == name
}
