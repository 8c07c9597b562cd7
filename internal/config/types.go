package config

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the function's machine may have no time zones
)

// wrong says what a value has to be instead. It never holds the value: what was
// pasted into the wrong variable may be a secret.
type wrong string

func (w wrong) Error() string { return string(w) }

// Percentage is a share in millionths, so that 7 % of 100 servers are exactly 7:
// as a binary fraction, 0.07 × 100 is more than 7.
type Percentage int

// UnmarshalText takes "7%" or "0.07", with up to six decimals of the latter.
func (p *Percentage) UnmarshalText(text []byte) error {
	const problem = wrong("has to be a percentage")
	number, percent := strings.CutSuffix(string(text), "%")
	if len(number) > 12 || strings.Trim(number, "0123456789.") != "" {
		return problem
	}
	share, ok := new(big.Rat).SetString(number)
	if !ok {
		return problem
	}
	unit := int64(1_000_000)
	if percent {
		unit /= 100
	}
	share.Mul(share, big.NewRat(unit, 1))
	if !share.IsInt() || !share.Num().IsInt64() {
		return problem
	}
	*p = Percentage(share.Num().Int64())
	return nil
}

// Pair holds one number for participants and one for meetings.
type Pair struct{ Participants, Meetings float64 }

// maxFactor bounds the numbers of a Pair.
const maxFactor = 100

// UnmarshalText takes "2" for both or "2,1.5" for participants and meetings.
func (p *Pair) UnmarshalText(text []byte) error {
	participants, meetings, two := strings.Cut(string(text), ",")
	if !two {
		meetings = participants
	}
	var ok1, ok2 bool
	p.Participants, ok1 = factor(participants)
	p.Meetings, ok2 = factor(meetings)
	if !ok1 || !ok2 {
		return wrong("has to be one or two numbers greater than 0 and at most 100")
	}
	return nil
}

func factor(text string) (float64, bool) {
	value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return value, err == nil && value > 0 && value <= maxFactor
}

// Counts are numbers by name.
type Counts map[string]int

// UnmarshalText takes "gpu=2,exam=1".
func (c *Counts) UnmarshalText(text []byte) error {
	counts := Counts{}
	for part := range strings.SplitSeq(string(text), ",") {
		name, number, found := strings.Cut(strings.TrimSpace(part), "=")
		count, err := strconv.Atoi(number)
		if _, twice := counts[name]; !found || twice || name == "" || err != nil || count < 0 || count > maxCount {
			return wrong("has to be names, each once, with numbers from 0 to 10000")
		}
		counts[name] = count
	}
	*c = counts
	return nil
}

// maxCount bounds the numbers of Counts.
const maxCount = 10_000

// Hours are a part of the day, as times after midnight.
type Hours struct{ From, To time.Duration }

// UnmarshalText takes "19:00-06:00".
func (h *Hours) UnmarshalText(text []byte) error {
	from, to, _ := strings.Cut(string(text), "-")
	begin, err1 := time.Parse("15:04", strings.TrimSpace(from))
	end, err2 := time.Parse("15:04", strings.TrimSpace(to))
	if err1 != nil || err2 != nil {
		return wrong("has to be two times of the day")
	}
	midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	h.From, h.To = begin.Sub(midnight), end.Sub(midnight)
	return nil
}

// Timezone is a zone of the IANA database.
type Timezone struct{ *time.Location }

// UnmarshalText takes a name such as "Europe/Paris".
func (z *Timezone) UnmarshalText(text []byte) error {
	location, err := time.LoadLocation(string(text))
	if err != nil || location == time.Local {
		return wrong("has to be a time zone of the IANA database")
	}
	z.Location = location
	return nil
}

// UserData says where the cloud-init document is; at most one is set.
type UserData struct {
	// Object is a key in the bucket, File a path on this machine.
	Object, File string
}

// UnmarshalText takes "storage:KEY" or "file:PATH".
func (u *UserData) UnmarshalText(text []byte) error {
	kind, place, _ := strings.Cut(string(text), ":")
	switch {
	case kind == "storage" && place != "":
		u.Object = place
	case kind == "file" && place != "":
		u.File = place
	default:
		return wrong("has to be storage: and a key, or file: and a path")
	}
	return nil
}

// Read reads the document from its file.
func (u UserData) Read() ([]byte, error) { return readFile(u.File) }

// CACertificates are authorities to trust besides the system's.
type CACertificates struct{ pem []byte }

// UnmarshalText takes PEM text, or "file:PATH" of a file with it.
func (c *CACertificates) UnmarshalText(text []byte) error {
	if path, found := strings.CutPrefix(string(text), "file:"); found {
		content, err := readFile(path)
		if err != nil {
			return wrong("names a file that cannot be read")
		}
		text = content
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return wrong("has to be certificates in PEM, or file: and a path to them")
	}
	c.pem = bytes.Clone(text)
	return nil
}

// Pool gives the system's authorities with the others added. It is nil, which
// means the system's alone to tls.Config, if there are no others.
func (c CACertificates) Pool() (*x509.CertPool, error) {
	if c.pem == nil {
		return nil, nil
	}
	authorities, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's certificate authorities: %w", err)
	}
	authorities.AppendCertsFromPEM(c.pem)
	return authorities, nil
}

// maxFile is the size of the largest file that a setting may name, in bytes.
const maxFile = 4 << 20

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	return content, err
}

// ConnectTo sends connections elsewhere, as curl's --connect-to does. Names in
// requests and certificates stay what they are.
type ConnectTo []detour

type detour struct {
	host string
	to   netip.AddrPort
}

// UnmarshalText takes a list such as "example.com=10.0.0.5:443".
func (c *ConnectTo) UnmarshalText(text []byte) error {
	for part := range strings.SplitSeq(string(text), ",") {
		host, address, _ := strings.Cut(strings.TrimSpace(part), "=")
		to, err := netip.ParseAddrPort(address)
		host = strings.TrimPrefix(host, ".")
		if err != nil || !isHostname(host) {
			return wrong("has to be a list of HOST=IP:PORT")
		}
		*c = append(*c, detour{host, to})
	}
	return nil
}

// Address gives the address to dial for "host:port": that of the first host in
// the list that is the host or above it, else the same.
func (c ConnectTo) Address(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	for _, d := range c {
		if host == d.host || strings.HasSuffix(host, "."+d.host) {
			return d.to.String()
		}
	}
	return address
}

// maxDays is the longest duration that is taken.
const maxDays = 36500

// ParseDuration is time.ParseDuration with days: "15d", "1d12h".
func ParseDuration(text string) (time.Duration, error) {
	var days int
	var errDays error
	if number, rest, found := strings.Cut(text, "d"); found {
		days, errDays = strconv.Atoi(number)
		text = rest + "0s" // for nothing behind the days
	}
	duration, err := time.ParseDuration(text)
	if err != nil || errDays != nil || days < 0 || duration < 0 || days > maxDays || duration > maxDays*day {
		return 0, wrong("has to be a duration")
	}
	return time.Duration(days)*day + duration, nil
}

const day = 24 * time.Hour
