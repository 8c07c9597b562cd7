package checksum

import (
	"net/url"
	"strings"
	"testing"

	"divims/internal/pool"
)

var secret = pool.NewSecret("639259d4-9dd8-4b25-bf01-95f9567eaf4b")

// The example in BBB's documentation.
const (
	documentedQuery    = "name=Test+Meeting&meetingID=abc123&attendeePW=111222&moderatorPW=333444"
	documentedChecksum = "1fcbb0c4fc1f039f73aa6d697d2db9ba7f803f17"
)

func TestVerifyAcceptsTheDocumentedExample(t *testing.T) {
	for name, query := range map[string]string{
		"checksum last":   documentedQuery + "&checksum=" + documentedChecksum,
		"checksum first":  "checksum=" + documentedChecksum + "&" + documentedQuery,
		"checksum inside": strings.Replace(documentedQuery, "&attendeePW", "&checksum="+documentedChecksum+"&attendeePW", 1),
	} {
		if !Verify("create", query, secret) {
			t.Errorf("%s: the documented checksum is rejected", name)
		}
	}
}

func TestSign(t *testing.T) {
	tests := []struct {
		name, call string
		hash       Hash
		query      url.Values
		want       string
	}{
		{"no query", "getMeetings", SHA256, nil,
			"checksum=a5370c5f3d97d56d53b435684cdbc429c2898a3bf9f435518b4279e1e0dbfc8c"},
		{"sorted and encoded query", "end", SHA1, url.Values{"password": {"p&w"}, "meetingID": {"a b"}},
			"meetingID=a+b&password=p%26w&checksum=f5623ae7ddb7423cdaf0f70ca16acc24c2fe5a8c"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.hash.Sign(test.call, test.query, secret); got != test.want {
				t.Errorf("signed query is %s, want %s", got, test.want)
			}
		})
	}
}

func TestVerifyFindsHashByLength(t *testing.T) {
	for _, hash := range []Hash{SHA256, SHA1, SHA384, SHA512} {
		signed := hash.Sign("getMeetings", url.Values{"meetingID": {"abc"}}, secret)
		if !Verify("getMeetings", signed, secret) {
			t.Errorf("%v: the signature of Sign is rejected: %s", hash, signed)
		}
	}
}

func TestVerifyRejects(t *testing.T) {
	good := SHA256.Sign("end", url.Values{"meetingID": {"abc"}}, secret)
	tests := []struct{ name, call, query string }{
		{"another call", "create", good},
		{"a changed parameter", "end", strings.Replace(good, "abc", "abd", 1)},
		{"an added parameter", "end", good + "&force=true"},
		{"no checksum", "end", "meetingID=abc"},
		{"an empty query", "end", ""},
		{"two checksums", "end", good + "&checksum=" + documentedChecksum},
		{"a checksum of unknown length", "end", good[:len(good)-2]},
		{"a checksum that is not hexadecimal", "end", good[:len(good)-2] + "zz"},
		{"text after the checksum", "end", good + "zz"},
		{"another secret's checksum", "end", SHA256.Sign("end", url.Values{"meetingID": {"abc"}}, pool.NewSecret("other"))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if Verify(test.call, test.query, secret) {
				t.Errorf("%s is accepted", test.query)
			}
		})
	}
}

func TestHashFromText(t *testing.T) {
	var hash Hash
	if hash != SHA256 {
		t.Errorf("the zero value is %v, want sha256", hash)
	}
	for text, want := range map[string]Hash{"sha1": SHA1, "SHA256": SHA256, "sha384": SHA384, "Sha512": SHA512} {
		if err := hash.UnmarshalText([]byte(text)); err != nil || hash != want {
			t.Errorf("%q gives %v, %v; want %v", text, hash, err, want)
		}
	}
	for _, text := range []string{"", "md5", "sha-256", "sha2560"} {
		if err := hash.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is parsed as %v, want an error", text, hash)
		}
	}
}
