package sandbox

import (
	"bytes"
	"testing"
	"time"
)

func TestCertificateIsRenewed30DaysBeforeExpiry(t *testing.T) {
	virtual := time.Now().AddDate(1, 0, 0) // a year ahead, so the wall clock has no influence
	a, err := newCertificateAuthority(virtual)
	if err != nil {
		t.Fatal(err)
	}
	certificate := func(day int) []byte {
		c, err := a.certificateFor("bbb-w1."+Domain, virtual.AddDate(0, 0, day))
		if err != nil {
			t.Fatal(err)
		}
		return c.Certificate[0]
	}
	first := certificate(0)
	if !bytes.Equal(first, certificate(59)) {
		t.Error("the certificate was renewed on day 59, with 31 days left")
	}
	second := certificate(61)
	if bytes.Equal(first, second) {
		t.Error("the certificate was not renewed by day 61, with 29 days left")
	}
	if !bytes.Equal(second, certificate(62)) {
		t.Error("the certificate was renewed again a day later")
	}
}

// The platform accepts at most 1000 characters in a setting.
func TestAuthorityCertificateFitsIntoOneSetting(t *testing.T) {
	a, err := newCertificateAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if size := len(a.pem()); size > 1000 {
		t.Errorf("the certificate has %d characters, want at most 1000", size)
	}
}
