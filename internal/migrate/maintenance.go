package migrate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// maxServers is the largest number of a server that is accepted.
const maxServers = 10_000

// ReadMaintenance reads the list of servers in maintenance: a JSON list of their numbers,
// or an empty file. It returns the numbers in order, each once.
func ReadMaintenance(file string, source []byte) ([]int, error) {
	if strings.TrimSpace(string(source)) == "" {
		return nil, nil
	}
	var list []json.Number
	if err := json.Unmarshal(source, &list); err != nil {
		return nil, fmt.Errorf("%s: not a JSON list of server numbers", file)
	}
	var numbers []int
	for _, text := range list {
		n, err := text.Int64()
		if err != nil || n < 1 || n > maxServers {
			return nil, fmt.Errorf("%s: %.40q is not the number of a server", file, text.String())
		}
		if !slices.Contains(numbers, int(n)) {
			numbers = append(numbers, int(n))
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
