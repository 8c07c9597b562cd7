package faults

import "slices"

// Kind is the kind of a fault. The zero Kind is no fault.
type Kind string

// The service does not execute calls with these faults.
const (
	// Refused resets the connection without a response.
	Refused Kind = "refused"
	// Hang sends nothing until the client gives up.
	Hang Kind = "hang"
	// TooMany is HTTP status 429 with a Retry-After of one second.
	TooMany Kind = "429"
	// TooManyBare is HTTP status 429 with neither a Retry-After nor a body.
	TooManyBare Kind = "429-bare"
	// ServerError is HTTP status 500 without a body.
	ServerError Kind = "500"
	// BadGateway is HTTP status 502 with the error page of a proxy.
	BadGateway Kind = "502"
	// Forbidden is HTTP status 403.
	Forbidden Kind = "403"
	// Stale repeats the last good response to the same GET.
	Stale Kind = "stale"
	// KillBefore refuses this call and all later ones, as if the caller was killed
	// just before the call. The next Set or Clear ends it.
	KillBefore Kind = "kill-before"
)

// The service executes calls with these faults, but the response suffers.
const (
	// Reset resets the connection half-way through the body.
	Reset Kind = "reset"
	// LostAnswer resets the connection instead of sending the response.
	LostAnswer Kind = "lost-answer"
	// Trickle sends the first 50 bytes one by one, 20 ms apart, and then the rest.
	Trickle Kind = "trickle"
	// Truncated leaves out the second half of the body without any sign of it.
	Truncated Kind = "truncated"
	// WrongType sends text/html as the Content-Type.
	WrongType Kind = "wrong-type"
	// MissingPage removes the items from the last page of a Scaleway list and keeps
	// the total.
	MissingPage Kind = "missing-page"
	// Duplicate executes the call twice and sends the second response.
	Duplicate Kind = "duplicate"
	// SkewAhead and SkewBehind shift the times that the service reports by Skew.
	SkewAhead  Kind = "skew-ahead"
	SkewBehind Kind = "skew-behind"
	// KillAfter is LostAnswer, and refuses all later calls, as if the caller was
	// killed while it waited for the response. The next Set or Clear ends it.
	KillAfter Kind = "kill-after"
)

// These faults hit TLS handshakes.
const (
	// ExpiredCertificate shows an expired certificate.
	ExpiredCertificate Kind = "expired-certificate"
	// WrongName shows a certificate for another name.
	WrongName Kind = "wrong-name"
)

// Kinds are all kinds of faults.
var Kinds = []Kind{
	Refused, Hang, TooMany, TooManyBare, ServerError, BadGateway, Forbidden, Stale, KillBefore,
	Reset, LostAnswer, Trickle, Truncated, WrongType, MissingPage, Duplicate, SkewAhead, SkewBehind, KillAfter,
	ExpiredCertificate, WrongName,
}

// isCertificateFault reports whether the fault hits TLS handshakes.
func (k Kind) isCertificateFault() bool { return k == ExpiredCertificate || k == WrongName }

// kills reports whether the fault refuses all later calls, too.
func (k Kind) kills() bool { return k == KillBefore || k == KillAfter }

func (k Kind) known() bool { return slices.Contains(Kinds, k) }
