package cloudinit

import (
	"strings"
	"testing"
)

// The first hash is an example of the specification. OpenSSL's "passwd -6" created the
// others.
func TestSHA512Crypt(t *testing.T) {
	for name, c := range map[string]struct{ password, want string }{
		"specification":    {"Hello world!", "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
		"one letter":       {"x", "nk7Qohr7tOmwY2mX639VRP.Lyvj3uhcgpatqHuLC867qfSHKq1LDuKa/h7Es9Nv0aL08pbF.cnQlRqhaoKT/D."},
		"a block less one": {strings.Repeat("a", 63), "G/I3Mgca7qjB0/P50Q0k/.AHC6ua1SVEEfWm0n08bEjOV3oHlrqFvwA00OdnEI8pCh68rckAuH2LLWLnfrbLp1"},
		"a block":          {strings.Repeat("a", 64), "xNfEGWEsbTgq/Y30XyIRNcZdD2drPqzAwh6fXDj7D6WVE0OazIpLhya3Bird/wrtzcCJhM8Es.wueUOoZXbEi/"},
		"a block and one":  {strings.Repeat("a", 65), "c6io.ih6GI98Pz5jiddo0HZGtfQHUegE9SisEYxSKDssOvZdRvd7v1z7E7Hqk6UBWUVJ2e.SkCQp.zxUjd.et0"},
		"long":             {strings.Repeat("a", 200), "sIRykBS7W9H8Begecqfp9EBO0PgJcNLm/IfTWftLr9lI9QW0x.P7rny5vRVXJVT0kvV782vfKPKm723XXOFvR0"},
		"not ASCII":        {"Grüße, 世界", "wn.MrL8WnrmWwc0QYnkNqBY7dOp4aKWpaAn6obv7Vb4WIqyxL9vwhA.AQggaG2BAC4ZtvDHDVJIIKkdqFFy.k0"},
		"shell characters": {"it's \"$(reboot)\" : \\", "M6rn4JRhJC3ksxeMbhaG/jrraLO5DE.ANkhBN/N/QpkiQ8iK2cLqdpwkDmWBC3fjxelKQs3yGVhbpn0WK./Ie/"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sha512Crypt(c.password, "saltstring"); got != "$6$saltstring$"+c.want {
				t.Errorf("got %s; want $6$saltstring$%s", got, c.want)
			}
		})
	}
}

func TestSalts(t *testing.T) {
	seen := map[string]bool{}
	for _, who := range [][2]string{{"a.example.com", "divims"}, {"b.example.com", "divims"}, {"a.example.com", "other"}} {
		text := salt(who[0], who[1])
		if len(text) != 16 || strings.Trim(text, cryptDigits) != "" {
			t.Errorf("salt is %q; want 16 characters of %s", text, cryptDigits)
		}
		seen[text] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d different salts, want 3", len(seen))
	}
}
