package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxTries is how often a change is tried when somebody else writes in between.
const maxTries = 5

// ErrNotFound means that there is no such object.
var ErrNotFound = errors.New("no such object")

// errChanged means that the object is no longer what the writer had read.
var errChanged = errors.New("changed by somebody else in the meantime")

// Object reads any object of the bucket by its full key, for example the cloud-init
// document of new machines. The error wraps ErrNotFound if it does not exist.
func (s *Store) Object(ctx context.Context, key string) ([]byte, error) {
	o, err := s.get(ctx, key)
	return o.body, err
}

// read fetches one of the pool's objects and caches it. An object that does not
// exist is no error: its ETag is empty.
func (s *Store) read(ctx context.Context, name string) (object, error) {
	o, err := s.get(ctx, s.key(name))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return object{}, err
	}
	o.name = name
	s.remember(o)
	return o, nil
}

// recall returns an object from the cache, or reads it. If the cache holds the
// object of an earlier hour or week, the new one is assumed not to exist yet. If that
// is wrong, writing it fails and it is read then.
func (s *Store) recall(ctx context.Context, name string) (object, error) {
	switch o, found := s.remembered(name); {
	case found:
		return o, nil
	case o.name != "" && o.name < name:
		return object{name: name}, nil
	}
	return s.read(ctx, name)
}

// write replaces an object's content. If the object in the bucket is not the known
// one, it writes nothing and fails with errChanged.
func (s *Store) write(ctx context.Context, known object, body []byte) (object, error) {
	o, err := s.put(ctx, s.key(known.name), body, known.etag)
	if err != nil {
		s.forget(known.name)
		return object{}, err
	}
	o.name = known.name
	s.remember(o)
	return o, nil
}

// update changes an object, and tries again when somebody else writes in between.
// change takes the present content (nil if there is none) and returns the new one
// (nil to leave the object as it is).
func (s *Store) update(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	for range maxTries {
		known, err := s.recall(ctx, name)
		if err != nil {
			return err
		}
		body, err := change(known.body)
		if err != nil {
			s.forget(name) // read it again next time: somebody may have repaired it
			return fmt.Errorf("change %s: %w", s.location(s.key(name)), err)
		}
		if body == nil {
			return nil
		}
		if _, err = s.write(ctx, known, body); !errors.Is(err, errChanged) {
			return err
		}
	}
	return fmt.Errorf("change %s: others changed it %d times in a row", s.location(s.key(name)), maxTries)
}

// errTooLarge means that an object exceeds maxSize. Such an object is not written
// either: the next evaluation could not read it.
var errTooLarge = fmt.Errorf("larger than %d MB", maxSize>>20)

// get fetches an object. Its name is left empty.
func (s *Store) get(ctx context.Context, key string) (o object, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read %s: %w", s.location(key), err)
		}
	}()
	out, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return object{}, explain(err)
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		return object{}, explain(err)
	}
	if len(body) > maxSize {
		return object{}, errTooLarge
	}
	if aws.ToString(out.ETag) == "" {
		return object{}, errors.New("the server sends no ETag, and nothing can be written safely without one")
	}
	date, _ := awsmiddleware.GetServerTime(out.ResultMetadata)
	return object{body: body, etag: *out.ETag, modified: aws.ToTime(out.LastModified), date: date}, nil
}

// put writes an object on condition that it still has the ETag or, if etag is empty,
// that it does not exist. Otherwise it writes nothing and fails with errChanged.
// It never writes unconditionally. The name of the written object is left empty.
func (s *Store) put(ctx context.Context, key string, body []byte, etag string) (written object, err error) {
	if len(body) > maxSize {
		return object{}, fmt.Errorf("write %s: %w", s.location(key), errTooLarge)
	}
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(body)}
	if etag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &etag
	}
	out, err := s.s3.PutObject(ctx, in)
	if err == nil && aws.ToString(out.ETag) == "" {
		err = errors.New("the server sends no ETag")
	}
	if err != nil {
		if err = explain(err); errors.Is(err, ErrNotFound) {
			err = errChanged // deleted since it was read, which some servers answer with 404
		}
		return object{}, fmt.Errorf("write %s: %w", s.location(key), err)
	}
	date, _ := awsmiddleware.GetServerTime(out.ResultMetadata)
	return object{body: body, etag: *out.ETag, date: date}, nil
}

func (s *Store) location(key string) string { return "s3://" + s.bucket + "/" + key }

// explain shortens an error of the S3 library to the server's status and error code,
// or to the reason why there was no answer.
func explain(err error) error {
	code := "no error code"
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	if code == "NoSuchKey" { // a missing bucket has the same HTTP status, but another code
		return ErrNotFound
	}
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() != 0 {
		switch status := answer.HTTPStatusCode(); status {
		case http.StatusPreconditionFailed, http.StatusConflict:
			// Servers differ in which of the two they use.
			return errChanged
		default:
			return fmt.Errorf("HTTP status %d, %.60s", status, code)
		}
	}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return end
		}
	}
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}
