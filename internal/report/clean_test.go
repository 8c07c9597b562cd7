package report_test

import (
	"strings"
	"testing"
	"time"

	"divims/internal/cycle"
	"divims/internal/fact"
	"divims/internal/lab/hostile"
	"divims/internal/pool"
	"divims/internal/report"
	"divims/internal/scaling"
)

// places are where a text from outside can be in a status.
var places = map[string]func(c *campus){
	"an alert": func(c *campus) {
		c.past.Last.Plan.Alerts = []scaling.Alert{{Level: scaling.Error, Subject: "network", Text: fact.New("quoted: %s", hostile.Text)}}
	},
	"an alert's subject": func(c *campus) {
		c.past.Last.Plan.Alerts = []scaling.Alert{{Level: scaling.Error, Subject: hostile.Text}}
	},
	"a result": func(c *campus) {
		c.past.Last.Outcomes[0].Detail, c.past.Records[0].Outcomes[0].Detail = hostile.Text, hostile.Text
	},
	"a reason": func(c *campus) {
		c.past.Last.Outcomes[0].Reason, c.past.Records[0].Outcomes[0].Reason = hostile.Text, hostile.Text
	},
	"a calculation": func(c *campus) { c.past.Last.Plan.Required.Policies[1].Why = []string{hostile.Text} },
	"a limit":       func(c *campus) { c.past.Last.Plan.Required.Limits = []string{hostile.Text} },
	"what is deferred": func(c *campus) {
		list := fact.List{fact.New("%s", hostile.Text)}
		c.past.Last.Plan.Withheld, c.past.Records[0].Plan.Withheld = list, list
	},
	"a server":       func(c *campus) { c.past.Last.Servers[0].Why, c.past.Last.Servers[0].LeftAlone = hostile.Text, "" },
	"a server's tag": func(c *campus) { c.past.Last.Servers[0].Tag = hostile.Text },
	"its zone":       func(c *campus) { c.past.Last.Servers[0].Machine.Zone = hostile.Text },
	"maintenance": func(c *campus) {
		c.past.State.Servers = map[int]*pool.ServerMemory{1: {Maintenance: &pool.Hold{Reason: hostile.Text, Author: "Ada"}}}
	},
	"a pause": func(c *campus) { c.past.State.Paused = &pool.Hold{Reason: hostile.Text, Author: "Ada"} },
	"a forced number": func(c *campus) {
		c.past.State.Forced = &pool.Forced{Hold: pool.Hold{Reason: "exams", Author: hostile.Text}, Servers: 1, Until: tuesday.Add(time.Hour)}
	},
	"an order": func(c *campus) {
		c.past.State.Interventions = []pool.Intervention{{Server: 2, Change: "recycle ordered", Author: "Ada", Reason: hostile.Text}}
	},
	"the history": func(c *campus) { c.past.History = pool.Unknown[[]pool.Sample](hostile.Text) },
}

func TestStatusIsNotControlledFromOutside(t *testing.T) {
	for name, change := range places {
		t.Run(name, func(t *testing.T) {
			c := busyPool(3, 300)
			change(&c)
			var text, page strings.Builder
			if err := c.status().Text(&text); err != nil {
				t.Fatal(err)
			}
			hostile.CheckShown(t, text.String())
			if err := c.status().Page(&page, "en"); err != nil {
				t.Fatal(err)
			}
			// A line break is a space to a browser.
			hostile.CheckShown(t, strings.ReplaceAll(page.String(), "\n", " "))
			if strings.Contains(page.String(), "<script") {
				t.Error("the page has a script")
			}
		})
	}
}

func TestSummaryIsNotControlledFromOutside(t *testing.T) {
	var text strings.Builder
	if err := report.Summary(&text, cycle.Record{Source: hostile.Text}); err != nil {
		t.Fatal(err)
	}
	hostile.CheckShown(t, text.String())
}
