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
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxTries bounds how often a write begins anew because somebody else wrote.
const maxTries = 5

// ErrNotFound says that there is no such object.
var ErrNotFound = errors.New("no such object")

// errChanged says that an object is not what the writer had read.
var errChanged = errors.New("changed meanwhile by somebody else")

// Object reads any object of the bucket by its whole key, such as the cloud-init
// document of new machines. Its error is ErrNotFound if there is none.
func (s *Store) Object(ctx context.Context, key string) ([]byte, error) {
	body, _, err := s.get(ctx, key)
	return body, err
}

// read gets an object of the pool as it is now, and remembers it. One that does
// not exist has no ETag.
func (s *Store) read(ctx context.Context, name string) (object, error) {
	body, etag, err := s.get(ctx, s.key(name))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return object{}, err
	}
	o := object{name, body, etag}
	s.remember(o)
	return o, nil
}

// recall gives an object as it was last known, and reads it if it is not known.
// Whoever wrote the last day's or week's object is taken to be the first to
// write this one: writing it fails, and reads, if that is wrong.
func (s *Store) recall(ctx context.Context, name string) (object, error) {
	switch o, known := s.remembered(name); {
	case known:
		return o, nil
	case o.name != "" && o.name < name:
		return object{name: name}, nil
	}
	return s.read(ctx, name)
}

// write replaces what is known of an object by a new content, or fails with
// errChanged and writes nothing if the object is not as it was known to be.
func (s *Store) write(ctx context.Context, known object, body []byte) (object, error) {
	etag, err := s.put(ctx, s.key(known.name), body, known.etag)
	if err != nil {
		s.forget(known.name)
		return object{}, err
	}
	o := object{known.name, body, etag}
	s.remember(o)
	return o, nil
}

// update changes an object, as often as somebody else gets in between. change
// gets what there is, nil for nothing, and gives what there shall be, nil if it
// is to stay.
func (s *Store) update(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	for range maxTries {
		known, err := s.recall(ctx, name)
		if err != nil {
			return err
		}
		body, err := change(known.body)
		if err != nil {
			s.forget(name) // so that it is looked at again once somebody has mended it
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

// errTooLarge says that an object is beyond the limit. One that could not be read
// again is not written: it would be in the way of everything that comes after it.
var errTooLarge = fmt.Errorf("larger than %d MB", maxSize>>20)

// get reads an object and its ETag.
func (s *Store) get(ctx context.Context, key string) (body []byte, etag string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read %s: %w", s.location(key), err)
		}
	}()
	out, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return nil, "", explain(err)
	}
	defer out.Body.Close()
	body, err = io.ReadAll(out.Body)
	if err != nil {
		return nil, "", explain(err)
	}
	if len(body) > maxSize {
		return nil, "", errTooLarge
	}
	if aws.ToString(out.ETag) == "" {
		return nil, "", errors.New("the server gives no ETag, without which nothing can be written safely")
	}
	return body, *out.ETag, nil
}

// put writes an object if it still has the ETag, or if there is none yet when
// the ETag is empty. Otherwise it fails with errChanged, and nothing is written.
// It never writes unconditionally.
func (s *Store) put(ctx context.Context, key string, body []byte, etag string) (newETag string, err error) {
	if len(body) > maxSize {
		return "", fmt.Errorf("write %s: %w", s.location(key), errTooLarge)
	}
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(body)}
	if etag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &etag
	}
	out, err := s.s3.PutObject(ctx, in)
	if err == nil && aws.ToString(out.ETag) == "" {
		err = errors.New("the server gives no ETag")
	}
	if err != nil {
		if err = explain(err); errors.Is(err, ErrNotFound) {
			err = errChanged // gone since it was read; some servers have a status of its own for that
		}
		return "", fmt.Errorf("write %s: %w", s.location(key), err)
	}
	return *out.ETag, nil
}

func (s *Store) location(key string) string { return "s3://" + s.bucket + "/" + key }

// explain makes an error of the library short, and free of everything but the
// server's error code and status, or the reason why there was no answer.
func explain(err error) error {
	code := "no error code"
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	if code == "NoSuchKey" { // a missing bucket has the same status
		return ErrNotFound
	}
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() != 0 {
		switch status := answer.HTTPStatusCode(); status {
		case http.StatusPreconditionFailed, http.StatusConflict:
			// Which of the two a server uses is not the same everywhere.
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
