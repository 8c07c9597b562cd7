package faults

import "slices"

// Kind is what goes wrong with a call. The zero Kind is that nothing does.
type Kind string

// Nobody carries these calls out.
const (
	// Refused resets the connection instead of an answer.
	Refused Kind = "refused"
	// Hang keeps silent until the client gives up.
	Hang Kind = "hang"
	// TooMany is HTTP status 429 with a Retry-After of a second, and TooManyBare
	// one with neither that nor a body.
	TooMany     Kind = "429"
	TooManyBare Kind = "429-bare"
	// ServerError is HTTP status 500 without a body.
	ServerError Kind = "500"
	// BadGateway is HTTP status 502 with the page of a proxy.
	BadGateway Kind = "502"
	// Forbidden is HTTP status 403.
	Forbidden Kind = "403"
	// Stale gives the last good answer to the same GET once more.
	Stale Kind = "stale"
	// KillBefore refuses this call and all that come after it, as if the caller
	// was killed right before it. It ends with the next Set.
	KillBefore Kind = "kill-before"
)

// These are carried out, and their answer suffers.
const (
	// Reset resets the connection half-way through the answer's body.
	Reset Kind = "reset"
	// LostAnswer resets the connection instead of the answer.
	LostAnswer Kind = "lost-answer"
	// Trickle sends the answer's first second one byte after the other.
	Trickle Kind = "trickle"
	// Truncated leaves out the second half of the body, and ends as if that was all.
	Truncated Kind = "truncated"
	// WrongType says that the body is HTML.
	WrongType Kind = "wrong-type"
	// MissingPage leaves out the items of the last page of a list of Scaleway's,
	// and lets the total be.
	MissingPage Kind = "missing-page"
	// Duplicate carries the call out twice and gives the second answer.
	Duplicate Kind = "duplicate"
	// SkewAhead and SkewBehind are an answer of a service whose clock is Skew wrong.
	SkewAhead  Kind = "skew-ahead"
	SkewBehind Kind = "skew-behind"
	// KillAfter is LostAnswer, and refuses all calls that come after it, as if the
	// caller was killed while it waited. It ends with the next Set.
	KillAfter Kind = "kill-after"
)

// These happen to TLS handshakes.
const (
	// ExpiredCertificate shows a certificate that has expired.
	ExpiredCertificate Kind = "expired-certificate"
	// WrongName shows a certificate for another name.
	WrongName Kind = "wrong-name"
)

// Kinds are all of them.
var Kinds = []Kind{
	Refused, Hang, TooMany, TooManyBare, ServerError, BadGateway, Forbidden, Stale, KillBefore,
	Reset, LostAnswer, Trickle, Truncated, WrongType, MissingPage, Duplicate, SkewAhead, SkewBehind, KillAfter,
	ExpiredCertificate, WrongName,
}

// isCertificateFault tells whether it is TLS handshakes that it happens to.
func (k Kind) isCertificateFault() bool { return k == ExpiredCertificate || k == WrongName }

// kills tells whether no later call comes through.
func (k Kind) kills() bool { return k == KillBefore || k == KillAfter }

func (k Kind) known() bool { return slices.Contains(Kinds, k) }
