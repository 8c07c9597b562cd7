package cloudinit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
)

// Join combines an operator's own document and ours into a multipart document. cloud-init
// appends our lists to the operator's lists. For other keys that both documents have, it
// uses the operator's value.
func Join(own, ours []byte) ([]byte, error) {
	sum := sha256.Sum256(append(bytes.Clone(own), ours...))
	boundary := "divims-" + hex.EncodeToString(sum[:16])
	var document bytes.Buffer
	fmt.Fprintf(&document, "Content-Type: multipart/mixed; boundary=%q\nMIME-Version: 1.0\n\n--%s\n", boundary, boundary)
	writeOwn(&document, own)
	fmt.Fprintf(&document, "\n--%s\nContent-Type: text/cloud-config; charset=\"us-ascii\"\n"+
		"Merge-Type: list(append)+dict(no_replace,recurse_list)+str()\n\n%s\n--%s--\n", boundary, ours, boundary)
	return document.Bytes(), checkSize(document.Bytes())
}

// writeOwn writes an operator's document as a part. A multipart document is kept as it is.
// For other documents, cloud-init detects the type.
func writeOwn(document *bytes.Buffer, own []byte) {
	switch {
	case bytes.HasPrefix(own, []byte("Content-Type: multipart")), bytes.HasPrefix(own, []byte("MIME-Version:")):
		document.Write(own)
		return
	case bytes.HasPrefix(own, []byte{0x1f, 0x8b}):
		document.WriteString("Content-Type: application/gzip\n")
	default:
		document.WriteString("Content-Type: text/plain\n")
	}
	document.WriteString("Content-Transfer-Encoding: base64\n\n")
	const line = 57 // bytes; 76 characters in base64
	for part := range slices.Chunk(own, line) {
		document.WriteString(base64.StdEncoding.EncodeToString(part) + "\n")
	}
}
