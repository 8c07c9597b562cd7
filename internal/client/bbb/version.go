package bbb

import (
	"context"
	"fmt"
	"io"

	"divims/internal/pool"
)

// Version asks for BBB's version, for example "3.0.4". It is empty where the
// server keeps it to itself. The API's root, which tells it, takes no signature.
func (c *Client) Version(ctx context.Context, at pool.Endpoint) (string, error) {
	var version string
	_, err := c.get(ctx, at, "version", "", func(r io.Reader) (err error) {
		version, err = parseVersion(r)
		return err
	})
	return version, err
}

// parseVersion reads the answer of the API's root.
func parseVersion(r io.Reader) (string, error) {
	found := texts{}
	_, err := readAnswer("version", r, func(d *document, name string) error {
		if name != "bbbVersion" {
			return d.skip()
		}
		return found.add(d, name)
	})
	if err == nil && len(found["bbbVersion"]) > longestName {
		err = fmt.Errorf("bbbVersion: longer than %d bytes", longestName)
	}
	if err != nil {
		return "", err
	}
	return found["bbbVersion"], nil
}
