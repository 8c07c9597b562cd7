package handler

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// waiting is how many of the tests that run side by side there are at once: they
// wait for deadlines more than they work.
const waiting = 16

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		if err := parallel.Value.Set(strconv.Itoa(waiting)); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
