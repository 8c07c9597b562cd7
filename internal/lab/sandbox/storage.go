package sandbox

import (
	"bytes"
	"fmt"
	"net/http"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// The sandbox's bucket, its region, and the prefix of the pool's objects in it.
const (
	bucket = "divims-sandbox"
	region = "fr-par"
	prefix = "divims"
)

// objectStorage is object storage in memory.
type objectStorage struct {
	http.Handler
	objects *s3mem.Backend
}

// newStorage creates object storage with the bucket and the given objects of the pool.
// Objects and answers are dated in virtual time.
func newStorage(locked *lockedWorld, credentials credentials, has map[string][]byte) (*objectStorage, error) {
	clock := virtualTime{locked}
	objects := s3mem.New(s3mem.WithTimeSource(clock))
	if err := objects.CreateBucket(bucket); err != nil {
		return nil, fmt.Errorf("create the bucket %s: %w", bucket, err)
	}
	for name, body := range has {
		key := path.Join(prefix, poolName, name)
		if _, err := objects.PutObject(bucket, key, nil, bytes.NewReader(body), int64(len(body)), nil); err != nil {
			return nil, fmt.Errorf("put %s into the bucket %s: %w", key, bucket, err)
		}
	}
	// Without a limit, requests that are signed at the real time are accepted, too.
	server := gofakes3.New(objects, gofakes3.WithTimeSource(clock), gofakes3.WithTimeSkewLimit(0)).Server()
	handler := &signatureCheck{
		inner:       clock.date(server),
		credentials: aws.Credentials{AccessKeyID: credentials.accessKey, SecretAccessKey: credentials.secretKey.Reveal()},
	}
	return &objectStorage{handler, objects}, nil
}

// stateObject is the name of the object with the pool's state.
const stateObject = "state.json"

// LoseState deletes the object with the pool's state from the bucket. It does nothing if
// there is none.
func (s *Sandbox) LoseState() error {
	if _, err := s.storage.objects.DeleteObject(bucket, path.Join(prefix, poolName, stateObject)); err != nil {
		return fmt.Errorf("delete %s from the bucket %s: %w", stateObject, bucket, err)
	}
	return nil
}

// virtualTime is the world's clock, for gofakes3.
type virtualTime struct{ locked *lockedWorld }

func (v virtualTime) Now() time.Time { return v.locked.now() }

func (v virtualTime) Since(t time.Time) time.Duration { return v.Now().Sub(t) }

// date returns a handler whose answers have the world's time as their Date.
func (v virtualTime) date(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", v.Now().UTC().Format(http.TimeFormat))
		next.ServeHTTP(w, r)
	})
}
