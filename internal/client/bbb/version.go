package bbb

import (
	"context"
	"fmt"
	"io"

	"divims/internal/pool"
)

// Version returns the server's BBB version, for example "3.0.4". It is empty if the
// server does not publish it. The request is for the API's root path, and is not signed.
func (c *Client) Version(ctx context.Context, at pool.Endpoint) (string, error) {
	var version string
	_, err := c.get(ctx, at, "version", "", func(r io.Reader) (err error) {
		version, err = parseVersion(r)
		return err
	})
	return version, err
}

// parseVersion reads the response of the API's root.
func parseVersion(r io.Reader) (string, error) {
	found := texts{}
	_, err := readResponse("version", r, func(d *document, name string) error {
		if name != "bbbVersion" {
			return d.skip()
		}
		return found.add(d, name)
	})
	if err == nil && len(found["bbbVersion"]) > maxName {
		err = fmt.Errorf("bbbVersion: longer than %d bytes", maxName)
	}
	if err != nil {
		return "", err
	}
	return found["bbbVersion"], nil
}
