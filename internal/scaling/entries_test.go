package scaling

import (
	"testing"

	"divims/internal/pool"
)

// TestRegistersEntriesThatAreMissingTwice: one list may be short by chance, and an entry
// that is added a second time puts two servers in Scalelite where one is.
func TestRegistersEntriesThatAreMissingTwice(t *testing.T) {
	for name, test := range map[string]struct {
		change        func(*story)
		first, second string
	}{
		"it is missing": {func(*story) {}, "", "register 3"},
		"it is back":    {nil, "", ""},
		"entries are not registered": {func(s *story) {
			s.config.RegisterEntries = false
		}, "", ""},
		"its machine is unknown": {func(s *story) { s.unknownMachine(3) }, "", ""},
		"its entry is unknown":   {func(s *story) { s.seen.Servers[2].Entry = pool.Unknown[*pool.Entry]("2 entries") }, "", ""},
		"it is in maintenance": {func(s *story) {
			s.state.Servers = map[int]*pool.ServerMemory{3: {MachineID: "machine 3", Maintenance: &pool.Hold{}}}
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 3)
			s.meeting(1, 350) // 3 are required
			s.config.RegisterEntries = true
			known := s.seen.Servers[2].Entry
			s.seen.Servers[2].Entry = pool.Seen[*pool.Entry](nil)
			if test.change != nil {
				test.change(s)
			}
			s.evaluate()
			s.want(test.first, "seen once")
			if test.change == nil {
				s.seen.Servers[2].Entry = known
			}
			s.evaluate()
			s.want(test.second, "seen twice")
		})
	}
}

// TestEndsTheDoubleThatItAdded: Scalelite had an entry for server 2 all the time. The one
// that DiViMS added is deleted, and no other is touched.
func TestEndsTheDoubleThatItAdded(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*story)
		planned string
	}{
		"a double of ours":      {func(*story) {}, "unregister 2"},
		"a double of another":   {func(s *story) { s.operator(2, func(m *pool.ServerMemory) { m.Entry.Registered = "" }) }, ""},
		"ours is in use":        {func(s *story) { s.listed(1).State = pool.Enabled }, ""},
		"ours is the only one":  {func(s *story) { s.listed(0).URL = "https://other.example.com/bigbluebutton/api" }, ""},
		"ours is gone already":  {func(s *story) { s.listed(1).URL = "https://other.example.com/bigbluebutton/api" }, ""},
		"it is in maintenance":  {func(s *story) { s.operator(2, func(m *pool.ServerMemory) { m.Maintenance = &pool.Hold{} }) }, ""},
		"the list has no entry": {func(s *story) { s.seen.Servers[1].Entry = pool.Seen[*pool.Entry](nil) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 2)
			s.meeting(1, 200) // 2 are required
			s.evaluate()
			s.seen.Servers[1].Entry = pool.Unknown[*pool.Entry]("Scalelite has 2 entries for bbb-w2.example.com")
			s.operator(2, func(m *pool.ServerMemory) { m.Entry.Registered = "added" })
			url := "https://bbb-w2.example.com/bigbluebutton/api"
			s.seen.Entries = pool.Seen([]pool.Entry{{ID: "entry 2", URL: url, State: pool.Enabled}, {ID: "added", URL: url, State: pool.Disabled}})
			test.change(s)
			s.plan, s.state = Decide(s.now.Add(s.config.Interval), s.config, s.seen, s.state)
			s.want(test.planned, name)
		})
	}
}

// listed returns one of Scalelite's entries.
func (s *story) listed(i int) *pool.Entry {
	entries, _ := s.seen.Entries.Get()
	return &entries[i]
}
