package setting

import (
	"fmt"
	"io"
	"os"
)

// maxFile is the size of the largest file that a setting may name, in bytes.
const maxFile = 4 << 20

// ReadFile reads a file that a setting names, of at most 4 MiB.
func ReadFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	return content, err
}
