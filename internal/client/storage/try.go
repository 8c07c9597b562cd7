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

// tryName is the object that Try writes, and nothing else.
const tryName = "check"

// Try finds out whether the bucket takes conditional writes, and takes none whose
// condition does not hold: the lease rests on it. It writes an object of its own
// and deletes it, if it may; evaluations need not be allowed to delete.
func (s *Store) Try(ctx context.Context) error {
	key := s.key(tryName)
	_, left, err := s.get(ctx, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	body := []byte(rand.Text())
	etag, err := s.put(ctx, key, body, left)
	if err != nil {
		return err
	}
	if _, err := s.put(ctx, key, body, ""); !errors.Is(err, errChanged) {
		return fmt.Errorf("write %s, which is there, on condition that it is not (If-None-Match): %w", s.location(key), mustRefuse(err))
	}
	if _, err := s.put(ctx, key, body, `"00000000000000000000000000000000"`); !errors.Is(err, errChanged) {
		return fmt.Errorf("write %s on condition that it is what it is not (If-Match): %w", s.location(key), mustRefuse(err))
	}
	if _, err := s.put(ctx, key, body, etag); err != nil {
		return fmt.Errorf("on condition that it is what it is (If-Match): %w", err)
	}
	read, _, err := s.get(ctx, key)
	if err == nil && string(read) != string(body) {
		err = fmt.Errorf("read %s: it is not what was written just before", s.location(key))
	}
	if err != nil {
		return err
	}
	return s.deleteIfAllowed(ctx, key)
}

// mustRefuse is what is wrong if a write was not refused as it had to be.
func mustRefuse(err error) error {
	if err == nil {
		return errors.New("it was written")
	}
	return err
}

func (s *Store) deleteIfAllowed(ctx context.Context, key string) error {
	_, err := s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key})
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusForbidden {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", s.location(key), explain(err))
	}
	return nil
}
