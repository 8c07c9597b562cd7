package cloudinit

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"
)

// rounds is the default number of rounds of "$6$"; a hash does not contain it. One check
// takes a server's nginx 3 ms. That slows guessing down, but many guesses do not overload
// the server. With bcrypt they would.
const rounds = 5000

// salt returns a salt that differs for each server and user. It need not be random, but it
// must not be used elsewhere, so that a table of precomputed hashes is of use against one
// server at most.
func salt(domain, user string) string {
	sum := sha256.Sum256([]byte("divims " + domain + " " + user))
	return strings.NewReplacer("+", ".", "-", ".", "_", "/").Replace(base64.RawURLEncoding.EncodeToString(sum[:12]))
}

// sha512Crypt hashes a password for "$6$" of crypt(3) in Debian and Ubuntu, which nginx
// uses. The step numbers refer to Ulrich Drepper's specification, "Unix
// crypt using SHA-256 and SHA-512". The salt must have at most 16 characters, which is not
// checked.
func sha512Crypt(password, salt string) string {
	key, seed := []byte(password), []byte(salt)
	b := digest(key, seed, key) // steps 4 to 8
	parts := [][]byte{key, seed, repeat(b, len(key))}
	for n := len(key); n > 0; n >>= 1 { // step 11
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

// repeat repeats a text and returns the first length bytes.
func repeat(text []byte, length int) []byte {
	long := make([]byte, 0, length+len(text))
	for len(long) < length {
		long = append(long, text...)
	}
	return long[:length]
}

// cryptDigits are the base-64 digits of crypt(3), in ascending order.
const cryptDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// shuffled encodes a sum in crypt(3)'s order. It takes three bytes at a time, one from each
// third of the sum, and rotates the thirds each time. The last byte is encoded alone.
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
