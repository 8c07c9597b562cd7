package sandbox

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signatureCheck passes on requests that are signed for the region with the sandbox's
// key, by AWS Signature Version 4. gofakes3 itself checks no signatures.
type signatureCheck struct {
	inner       http.Handler
	credentials aws.Credentials
}

func (s *signatureCheck) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	given := readSignature(r.Header.Get("Authorization"))
	want, err := s.sign(r.Context(), r, given.headers)
	if err != nil || given.credential != want.credential || subtle.ConstantTimeCompare([]byte(given.signature), []byte(want.signature)) != 1 {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?>`+
			"\n<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature does not match.</Message></Error>")
		return
	}
	s.inner.ServeHTTP(w, r)
}

// signature is what the Authorization header contains.
type signature struct {
	// credential is the access key with the day, the region and the service.
	credential string
	headers    []string
	signature  string
}

func readSignature(authorization string) signature {
	var s signature
	_, rest, _ := strings.Cut(authorization, " ")
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			s.credential = value
		case "SignedHeaders":
			s.headers = strings.Split(value, ";")
		case "Signature":
			s.signature = value
		}
	}
	return s
}

// sign computes the signature that a request must have over the named headers.
func (s *signatureCheck) sign(ctx context.Context, r *http.Request, headers []string) (signature, error) {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return signature{}, fmt.Errorf("read the date of the signature: %w", err)
	}
	address := *r.URL
	address.Scheme, address.Host = "http", r.Host
	bare := &http.Request{Method: r.Method, URL: &address, Host: r.Host, Header: http.Header{}}
	for _, name := range headers {
		if name == "content-length" {
			bare.ContentLength = r.ContentLength
		} else if values := r.Header.Values(name); len(values) > 0 {
			bare.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	err = signer.SignHTTP(ctx, s.credentials, bare, r.Header.Get("X-Amz-Content-Sha256"), "s3", region, at)
	return readSignature(bare.Header.Get("Authorization")), err
}
