package cloudinit

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
)

// part is a part of a document, with its content decoded.
type part struct {
	kind, content string
}

// parts parses a document as a mail program does.
func parts(t *testing.T, document []byte) []part {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var found []part
	for reader := multipart.NewReader(message.Body, parameters["boundary"]); ; {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = p
		if p.Header.Get("Content-Transfer-Encoding") == "base64" {
			body = base64.NewDecoder(base64.StdEncoding, p)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, part{p.Header.Get("Content-Type"), string(content)})
	}
}

func TestOperatorsDocumentComesFirstUnchanged(t *testing.T) {
	ours, err := Render(campus, third)
	if err != nil {
		t.Fatal(err)
	}
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write([]byte("#cloud-config\n")); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ own, kind string }{
		"a configuration": {"#cloud-config\nruncmd:\n  - [echo, Grüße]\n", "text/plain"},
		"a script":        {"#!/bin/sh\necho \"$(hostname)\"\r\n\n\n", "text/plain"},
		"a long line":     {"#cloud-config\n# " + strings.Repeat("x", 5000), "text/plain"},
		"gzip":            {compressed.String(), "application/gzip"},
		"our own":         {string(ours), "text/plain"},
		"bytes":           {"\x00\xff\n--divims-\n", "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			document, err := Join([]byte(c.own), ours)
			if err != nil {
				t.Fatal(err)
			}
			found := parts(t, document)
			if len(found) != 2 || found[0] != (part{c.kind, c.own}) || found[1].content != string(ours) || !strings.HasPrefix(found[1].kind, "text/cloud-config;") {
				t.Errorf("parts are %.300q", found)
			}
		})
	}
}

func TestOperatorsMultipartDocumentIsKept(t *testing.T) {
	own := "Content-Type: multipart/mixed; boundary=\"own\"\nMIME-Version: 1.0\n\n" +
		"--own\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n\n--own\nContent-Type: text/cloud-config\n\n#cloud-config\n\n--own--\n"
	document, err := Join([]byte(own), []byte("#cloud-config\n"))
	if err != nil {
		t.Fatal(err)
	}
	found := parts(t, document)
	if len(found) != 2 || !strings.HasPrefix(found[0].kind, "multipart/mixed") || !strings.Contains(found[0].content, "--own--") {
		t.Errorf("parts are %q", found)
	}
}

func TestDocumentTooLargeForScalewayIsAnError(t *testing.T) {
	_, err := Join(bytes.Repeat([]byte("x"), MaxSize), []byte("#cloud-config\n"))
	if err == nil || !strings.Contains(err.Error(), "accepts at most 127000") {
		t.Errorf("error is %v", err)
	}
}
