package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// tryName is the name of the object that Try writes. Nothing else uses it.
const tryName = "check"

// Try checks that the server accepts conditional writes, and refuses those whose
// condition is false. The lease depends on that. Try writes an object of its own and
// deletes it. If the access key may not delete objects, the object is left there: without
// that permission, evaluations only keep their records for longer than they should.
func (s *Store) Try(ctx context.Context) error {
	key := s.key(tryName)
	left, err := s.get(ctx, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	body := []byte(rand.Text())
	written, err := s.put(ctx, key, body, left.etag)
	if err != nil {
		return err
	}
	if _, err := s.put(ctx, key, body, ""); !errors.Is(err, errChanged) {
		return fmt.Errorf("write %s, which exists, on condition that it does not (If-None-Match): %w", s.location(key), mustRefuse(err))
	}
	if _, err := s.put(ctx, key, body, `"00000000000000000000000000000000"`); !errors.Is(err, errChanged) {
		return fmt.Errorf("write %s on condition that it has another ETag (If-Match): %w", s.location(key), mustRefuse(err))
	}
	if _, err := s.put(ctx, key, body, written.etag); err != nil {
		return fmt.Errorf("on condition that it is unchanged (If-Match): %w", err)
	}
	read, err := s.get(ctx, key)
	if err == nil && string(read.body) != string(body) {
		err = fmt.Errorf("read %s: the content is not what was written just before", s.location(key))
	}
	if err != nil {
		return err
	}
	return s.deleteIfAllowed(ctx, key)
}

// mustRefuse returns the problem of a write that the server should have refused with
// errChanged: the write's other error or, if err is nil, that it succeeded.
func mustRefuse(err error) error {
	if err == nil {
		return errors.New("the server wrote it although the condition is false")
	}
	return err
}

// deleteIfAllowed deletes an object. It is no error if there is none, or if the access key
// may not delete objects.
func (s *Store) deleteIfAllowed(ctx context.Context, key string) error {
	_, err := s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key})
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusForbidden {
		return nil
	}
	if err == nil {
		return nil
	}
	if err = explain(err); errors.Is(err, ErrNotFound) {
		return nil
	}
	return fmt.Errorf("delete %s: %w", s.location(key), err)
}
