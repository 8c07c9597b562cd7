package cloudinit

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"
)

// rounds is the number of rounds of a hash that does not name it. One check takes
// a server's nginx 3 ms: enough to slow down who guesses, and too little for
// guessing to slow down the server, as bcrypt would.
const rounds = 5000

// salt is another one for each server and user. It need not be random, but must
// not be in use elsewhere: no table of hashes fits two servers.
func salt(domain, user string) string {
	sum := sha256.Sum256([]byte("divims " + domain + " " + user))
	return strings.NewReplacer("+", ".", "-", ".", "_", "/").Replace(base64.RawURLEncoding.EncodeToString(sum[:12]))
}

// sha512Crypt hashes a password as crypt(3) of Debian and Ubuntu does for "$6$",
// which nginx asks. The steps and their numbers are those of Ulrich Drepper's
// specification, "Unix crypt using SHA-256 and SHA-512". The salt has 16
// characters at most.
func sha512Crypt(password, salt string) string {
	key, seed := []byte(password), []byte(salt)
	b := digest(key, seed, key) // 4 to 8
	parts := [][]byte{key, seed, repeat(b, len(key))}
	for n := len(key); n > 0; n >>= 1 { // 11
		if n&1 == 1 {
			parts = append(parts, b)
		} else {
			parts = append(parts, key)
		}
	}
	sum := digest(parts...)                                                      // 12
	p := repeat(digest([]byte(strings.Repeat(password, len(key)))), len(key))    // 13 to 16
	s := repeat(digest([]byte(strings.Repeat(salt, 16+int(sum[0])))), len(seed)) // 17 to 20
	for round := range rounds {                                                  // 21
		first, last := sum, p
		if round%2 == 1 {
			first, last = p, sum
		}
		parts := [][]byte{first}
		if round%3 != 0 {
			parts = append(parts, s)
		}
		if round%7 != 0 {
			parts = append(parts, p)
		}
		sum = digest(append(parts, last)...)
	}
	return "$6$" + salt + "$" + shuffled(sum) // 22
}

func digest(parts ...[]byte) []byte {
	hash := sha512.New()
	for _, part := range parts {
		hash.Write(part)
	}
	return hash.Sum(nil)
}

// repeat gives the first length bytes of a text that is repeated without end.
func repeat(text []byte, length int) []byte {
	long := make([]byte, 0, length+len(text))
	for len(long) < length {
		long = append(long, text...)
	}
	return long[:length]
}

// cryptDigits are those of crypt(3), the least first.
const cryptDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// shuffled writes a sum in the order of crypt(3): three bytes at a time, from
// three thirds of it, which change places each time; the last one stands alone.
func shuffled(sum []byte) string {
	var text strings.Builder
	write := func(bits uint, digits int) {
		for range digits {
			text.WriteByte(cryptDigits[bits&63])
			bits >>= 6
		}
	}
	for a, b, c := 0, 21, 42; text.Len() < 84; a, b, c = b+1, c+1, a+1 {
		write(uint(sum[a])<<16|uint(sum[b])<<8|uint(sum[c]), 4)
	}
	write(uint(sum[63]), 2)
	return text.String()
}
