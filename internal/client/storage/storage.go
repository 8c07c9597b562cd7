// Package storage keeps what a pool remembers in S3-compatible object storage.
// In go the state, samples, decision records and calendar of one pool; out they
// come again. Every write is conditional: nobody's work is overwritten unseen.
package storage

import (
	"context"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"divims/internal/pool"
)

// Config says where the objects of a pool are: under <Prefix>/<Pool>/ in the
// bucket.
type Config struct {
	// URL is the service's address, for example "https://s3.fr-par.scw.cloud".
	URL    string
	Region string
	Bucket string
	Prefix string
	Pool   string
	// PathStyle puts the bucket into the path of a request, not before the host name.
	PathStyle bool

	AccessKey, SecretKey pool.Secret
}

// Store keeps the objects of one pool. It remembers what it read and wrote, so
// that a process that lives on saves the reading; what somebody else changed
// meanwhile is noticed by the conditional write and read again. It may be used
// by several goroutines, but holds one lease at a time.
type Store struct {
	s3     *s3.Client
	bucket string
	folder string

	mutex sync.Mutex
	known map[string]object // by kind
	held  *heldLease        // nil without a lease
}

// object is what is known of an object: its content and the ETag that came with
// it, which is empty while the object does not exist.
type object struct {
	name string
	body []byte
	etag string
}

// New makes the store of a pool. It makes no request.
func New(config Config, client *http.Client) *Store {
	options := s3.Options{
		BaseEndpoint: aws.String(config.URL),
		Region:       config.Region,
		UsePathStyle: config.PathStyle,
		HTTPClient:   &bounded{client},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: config.AccessKey.Reveal(), SecretAccessKey: config.SecretKey.Reveal()}, nil
		}),
		// Not every server knows the checksums that newer clients send unasked.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.MaxBackoff = 500 * time.Millisecond
		}),
	}
	return &Store{
		s3:     s3.New(options),
		bucket: config.Bucket,
		folder: path.Join(config.Prefix, config.Pool),
		known:  map[string]object{},
	}
}

// key is the place of an object of the pool in the bucket.
func (s *Store) key(name string) string { return path.Join(s.folder, name) }

// kind is what is remembered one of: today's decisions take the place of yesterday's.
func kind(name string) string {
	folder, _, _ := strings.Cut(name, "/")
	return folder
}

// remember keeps what is known of an object, unless a later day's or week's is
// known: that is the one which is written next.
func (s *Store) remember(o object) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if o.name >= s.known[kind(o.name)].name {
		s.known[kind(o.name)] = o
	}
}

func (s *Store) forget(name string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.known, kind(name))
}

// remembered gives what is known of an object or, and then not known, the other
// object of its kind.
func (s *Store) remembered(name string) (o object, known bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	o, known = s.known[kind(name)]
	return o, known && o.name == name
}
