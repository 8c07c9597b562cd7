package handler

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// parallelTests is how many parallel tests run at once. They mostly wait for deadlines,
// so there are more than CPUs.
const parallelTests = 16

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		if err := parallel.Value.Set(strconv.Itoa(parallelTests)); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
