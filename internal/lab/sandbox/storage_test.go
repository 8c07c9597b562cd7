package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// s3Client returns a client of the object storage. change can make its options wrong.
func (f *fixture) s3Client(change func(*s3.Options)) *s3.Client {
	options := s3.Options{
		BaseEndpoint: aws.String(f.settings.Storage.URL),
		Region:       f.settings.Storage.Region,
		UsePathStyle: f.settings.Storage.PathStyle,
		HTTPClient:   f.http,
		Retryer:      aws.NopRetryer{},
		Credentials:  credentials(f.settings.Storage.AccessKey.Reveal(), f.settings.Storage.SecretKey.Reveal()),
	}
	if change != nil {
		change(&options)
	}
	return s3.New(options)
}

func credentials(access, secret string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: access, SecretAccessKey: secret}, nil
	})
}

// status returns the HTTP status of a call: 200 without an error, 0 if there was no
// response.
func status(err error) int {
	var failure *awshttp.ResponseError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &failure):
		return failure.HTTPStatusCode()
	}
	return 0
}

func TestStorageChecksConditions(t *testing.T) {
	f := newFixture(t, nil)
	client := f.s3Client(nil)
	put := func(text string, match, noneMatch *string) (*s3.PutObjectOutput, error) {
		return client.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: &f.settings.Storage.Bucket, Key: aws.String("a folder/state.json"), Body: strings.NewReader(text),
			IfMatch: match, IfNoneMatch: noneMatch,
		})
	}
	ifNone := aws.String("*")
	if _, err := put("too early", aws.String(`"0123"`), nil); status(err) != http.StatusPreconditionFailed {
		t.Errorf("If-Match without an object: %v", err)
	}
	first, err := put("first", nil, ifNone)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := put("second", nil, ifNone); status(err) != http.StatusPreconditionFailed {
		t.Errorf("If-None-Match with an object: %v", err)
	}
	if _, err := put("third", first.ETag, nil); err != nil {
		t.Errorf("If-Match with the object's ETag: %v", err)
	}
	if _, err := put("fourth", first.ETag, nil); status(err) != http.StatusPreconditionFailed {
		t.Errorf("If-Match with an old ETag: %v", err)
	}
	listed, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &f.settings.Storage.Bucket, Prefix: aws.String("a folder/")})
	if err != nil || len(listed.Contents) != 1 || !listed.Contents[0].LastModified.Equal(start) {
		t.Errorf("listed %+v, %v; want one object, dated in virtual time", listed, err)
	}
}

func TestStorageVerifiesSignatures(t *testing.T) {
	f := newFixture(t, nil)
	for name, change := range map[string]func(*s3.Options){
		"another secret key": func(o *s3.Options) { o.Credentials = credentials(f.settings.Storage.AccessKey.Reveal(), "guess") },
		"another access key": func(o *s3.Options) { o.Credentials = credentials("SCWGUESS", f.settings.Storage.SecretKey.Reveal()) },
		"another region":     func(o *s3.Options) { o.Region = "nl-ams" },
		"no signature":       func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.s3Client(change).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &f.settings.Storage.Bucket})
			if status(err) != http.StatusForbidden {
				t.Errorf("got error %v, want status 403", err)
			}
		})
	}
}
