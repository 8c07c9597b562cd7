package bench

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"divims/handler"
	"divims/internal/config"
)

// BenchmarkEvaluation runs whole evaluations over TLS without latency. The sandbox runs in
// the same process, so its time and memory are included.
func BenchmarkEvaluation(b *testing.B) {
	for _, size := range []int{10, 100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := Surroundings{Servers: size, Participants: 200}
			around, err := s.open(&answers{surroundings: s})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = around.Close() }()
			settings, err := config.Load(around.Environment())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				p, err := handler.Open(settings, slog.New(slog.DiscardHandler))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := p.Evaluate(context.Background(), "benchmark", false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestHungServersAreSpreadEvenly(t *testing.T) {
	for _, c := range []struct{ servers, percent, want int }{{100, 2, 2}, {5000, 2, 100}, {10, 2, 0}, {7, 100, 7}, {50, 0, 0}} {
		s := Surroundings{Servers: c.servers, HungPercent: c.percent}
		count, first := 0, 0
		for n := range c.servers {
			if s.hangs(n + 1) {
				if count++; first == 0 {
					first = n + 1
				}
			}
		}
		if count != c.want || s.hung() != c.want {
			t.Errorf("%d %% of %d servers: %d hang, hung returns %d; want %d", c.percent, c.servers, count, s.hung(), c.want)
		}
		if c.want > 0 && first > c.servers/c.want {
			t.Errorf("of %d servers the first that hangs is %d; want them spread evenly", c.servers, first)
		}
	}
}

func TestBestCost(t *testing.T) {
	a := Cost{Wall: 3 * time.Second, CPU: time.Second, Memory: 10, Traffic: Traffic{Requests: 1}}
	b := Cost{Wall: 2 * time.Second, CPU: 2 * time.Second, Memory: 20, Traffic: Traffic{Requests: 2}}
	want := Cost{Wall: 2 * time.Second, CPU: time.Second, Memory: 20, Traffic: Traffic{Requests: 1}}
	if got := (Cost{}).Best(a).Best(b); got != want {
		t.Errorf("got %+v; want %+v", got, want)
	}
}
