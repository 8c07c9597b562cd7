package world

import (
	"errors"
	"testing"
	"time"

	"divims/internal/pool"
)

func TestMachineLifeCycle(t *testing.T) {
	story := newStory(t, 2, 1, nil)
	m := story.create(2, "POP2-HC-8C-16G")
	expect(story, "state after create", m.State, pool.Stopped)
	expect(story, "address", m.Addresses[0].ID, story.Addresses()[1].ID)
	expect(story, "holder of the address", story.Addresses()[1].MachineID, m.ID)

	story.at(time.Minute)
	story.must(story.PowerOn(m.ID))
	expect(story, "state after power on", story.machine(m.ID).State, pool.Starting)
	running := story.wait(maxStarting, func() bool { return story.machine(m.ID).State == pool.Running })
	expect(story, "starting took at least 5 s", running >= minStarting, true)
	expect(story, "since", story.machine(m.ID).Since, story.Now())

	_, err := story.Stats(story.domain(2))
	expect(story, "stats while the kernel boots", errors.Is(err, ErrUnreachable), true)
	story.wait(7*time.Minute, func() bool { _, err := story.Stats(story.domain(2)); return err == nil })
	_, err = story.Meetings(story.domain(2))
	expect(story, "BBB when the system is up", errors.Is(err, ErrUnreachable), true)
	lead := story.wait(systemLead, func() bool { _, err := story.Meetings(story.domain(2)); return err == nil })
	expect(story, "system was up before BBB for", lead, systemLead)
	booted := story.Now().Sub(ten.Add(time.Minute))
	expect(story, "booted within 3 to 7 minutes", booted >= 3*time.Minute && booted <= 7*time.Minute, true)
	story.at(20 * time.Minute)
	expect(story, "online", story.entry(2).Online, true)

	story.must(story.Terminate(m.ID))
	expect(story, "state", story.machine(m.ID).State, pool.Stopping)
	expect(story, "detail", story.machine(m.ID).Detail, "terminating")
	_, err = story.Meetings(story.domain(2))
	expect(story, "BBB while stopping", errors.Is(err, ErrUnreachable), true)
	expect(story, "volume while stopping", story.Tally().LeftoverVolumes, 0)
	stopping := story.wait(maxStopping, func() bool { return len(story.Machines()) == 1 })
	expect(story, "stopping took at least 5 s", stopping >= minStopping, true)
	expect(story, "address is free", story.Addresses()[1].MachineID, "")
}

// machine returns the machine with the id.
func (s story) machine(id string) pool.Machine {
	s.Helper()
	for _, m := range s.Machines() {
		if m.ID == id {
			return m
		}
	}
	s.Fatalf("no machine %s", id)
	return pool.Machine{}
}

// wait advances the time in steps of a second until done returns true, and returns how
// long that took. It fails the test after most.
func (s story) wait(most time.Duration, done func() bool) time.Duration {
	s.Helper()
	for waited := time.Duration(0); waited <= most; waited += time.Second {
		if done() {
			return waited
		}
		s.AdvanceTo(s.Now().Add(time.Second))
	}
	s.Fatalf("%s: not done after %s", s.Now().Format(time.TimeOnly), most)
	return 0
}

func TestTerminateLeavesOnlyBlockVolumes(t *testing.T) {
	for name, test := range map[string]struct {
		kind string
		left int
	}{
		"block volume stays, detached":       {"POP2-HC-8C-16G", 1},
		"local volume goes with its machine": {"GP1-S", 0},
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 1, 0, nil)
			m := story.create(1, test.kind)
			volume := m.Volumes[0].ID
			if err := story.DeleteVolume(volume); !errors.Is(err, ErrState) {
				t.Errorf("delete an attached volume = %v, want wrong state", err)
			}
			story.must(story.Terminate(m.ID))
			story.at(15 * time.Minute)
			expect(story, "leftover volumes", story.Tally().LeftoverVolumes, 0)
			story.at(16 * time.Minute)
			expect(story, "leftover volumes after more than 15 minutes", story.Tally().LeftoverVolumes, test.left)
			expect(story, "volumes", len(story.Volumes()), test.left)
			if test.left > 0 {
				expect(story, "attached", story.Volumes()[0].Attached, false)
				story.must(story.DeleteVolume(volume))
			}
			if err := story.DeleteVolume(volume); !errors.Is(err, ErrNotFound) {
				t.Errorf("delete a volume that is gone = %v, want not found", err)
			}
			expect(story, "leftover volumes in the end", story.Tally().LeftoverVolumes, 0)
		})
	}
}

func TestCreateMachineChecksTheOrder(t *testing.T) {
	twoZones := func(c *Config) { c.Zones = []string{"fr-par-1", "fr-par-2"} }
	sample := newStory(t, 3, 1, nil, twoZones)
	images, addresses := sample.Images(), sample.Addresses()
	good := Order{
		Name: "bbb-w3", Zone: "fr-par-1", Type: "POP2-8C-32G",
		ImageID: images[0].ID, AddressIDs: []string{addresses[2].ID},
	}
	for name, test := range map[string]struct {
		change func(*Order)
		want   error
	}{
		"unknown zone":             {func(o *Order) { o.Zone = "xx-abc-1" }, ErrInvalid},
		"unknown type":             {func(o *Order) { o.Type = "HUGE" }, ErrInvalid},
		"unknown image":            {func(o *Order) { o.ImageID = "none" }, ErrNotFound},
		"image of another zone":    {func(o *Order) { o.ImageID = images[1].ID }, ErrNotFound},
		"unknown address":          {func(o *Order) { o.AddressIDs = []string{"none"} }, ErrNotFound},
		"address held by another":  {func(o *Order) { o.AddressIDs = []string{addresses[0].ID} }, ErrState},
		"same address twice":       {func(o *Order) { o.AddressIDs = append(o.AddressIDs, o.AddressIDs...) }, ErrState},
		"type out of stock":        {func(o *Order) { o.Type = "GP1-S" }, ErrOutOfStock},
		"address of another zone":  {func(o *Order) { o.Zone, o.ImageID = "fr-par-2", images[1].ID }, ErrInvalid},
		"nothing wrong, same name": {func(o *Order) { o.Name, o.AddressIDs = "bbb-w1", nil }, nil},
		"nothing wrong at all":     {func(*Order) {}, nil},
		"in stock in another zone": {func(o *Order) {
			o.Type, o.Zone, o.ImageID, o.AddressIDs = "GP1-S", "fr-par-2", images[1].ID, nil
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			story := newStory(t, 3, 1, nil, twoZones)
			story.SellOut(Offer{Zone: "fr-par-1", Type: "GP1-S"})
			order := good
			test.change(&order)
			before := len(story.Machines())
			_, err := story.CreateMachine(order)
			if !errors.Is(err, test.want) {
				t.Fatalf("create = %v, want %v", err, test.want)
			}
			if created := len(story.Machines()) - before; (created == 1) != (err == nil) {
				t.Errorf("%d machines created, error %v", created, err)
			}
		})
	}
}

func TestDeleteLeavesLocalVolumesAndLosesRecordings(t *testing.T) {
	story := newStory(t, 1, 1, recordedMeetings(1, 0, 29*time.Minute, 5), func(c *Config) {
		c.RecordingWork = 1
		c.Types = []Type{{Name: "GP1-S", CPUs: 8, RootVolume: pool.LocalVolume}}
	})
	id := story.Machines()[0].ID
	story.at(35 * time.Minute)
	if err := story.Delete(id); !errors.Is(err, ErrState) {
		t.Errorf("delete a running machine = %v, want wrong state", err)
	}
	story.must(story.PowerOff(id))
	story.at(36 * time.Minute)
	story.must(story.Delete(id))
	expect(story, "machines", len(story.Machines()), 0)
	expect(story, "lost recordings", story.Tally().LostRecordings, 1)
	story.at(52 * time.Minute)
	expect(story, "leftover volumes", story.Tally().LeftoverVolumes, 1)
	story.must(story.DeleteVolume(story.Volumes()[0].ID))
}

func TestActionsDependOnMachineState(t *testing.T) {
	act := map[string]func(story, string) error{
		"power on":      func(s story, id string) error { return s.PowerOn(id) },
		"power off":     func(s story, id string) error { return s.PowerOff(id) },
		"stop in place": func(s story, id string) error { return s.StopInPlace(id) },
		"reboot":        func(s story, id string) error { return s.Reboot(id) },
		"terminate":     func(s story, id string) error { return s.Terminate(id) },
	}
	allowed := map[pool.MachineState][]string{
		pool.Running:        {"power off", "stop in place", "reboot", "terminate"},
		pool.Starting:       nil,
		pool.Stopping:       nil,
		pool.Stopped:        {"power on", "terminate"},
		pool.StoppedInPlace: {"power on", "power off", "terminate"},
	}
	bring := map[pool.MachineState]func(story, string){
		pool.Running:  func(story, string) {},
		pool.Stopping: func(s story, id string) { s.must(s.PowerOff(id)) },
		pool.Stopped: func(s story, id string) {
			s.must(s.PowerOff(id))
			s.at(time.Minute)
		},
		pool.StoppedInPlace: func(s story, id string) {
			s.must(s.StopInPlace(id))
			s.at(time.Minute)
		},
		pool.Starting: func(s story, id string) {
			s.must(s.PowerOff(id))
			s.at(time.Minute)
			s.must(s.PowerOn(id))
		},
	}
	for state, actions := range allowed {
		for action, do := range act {
			story := newStory(t, 1, 1, nil)
			id := story.Machines()[0].ID
			bring[state](story, id)
			expect(story, "state", story.Machines()[0].State, state)
			want := ErrState
			for _, a := range actions {
				if a == action {
					want = nil
				}
			}
			if err := do(story, id); !errors.Is(err, want) {
				t.Errorf("%s a machine that is %s = %v, want %v", action, state, err, want)
			}
			if err := do(story, "none"); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s an unknown machine = %v, want not found", action, err)
			}
		}
	}
}

func TestPowerOffCancelsTheBoot(t *testing.T) {
	// The machine is powered on, powered off while it boots, and powered on again. BBB
	// must not answer from the first boot.
	story := newStory(t, 1, 0, nil)
	m := story.create(1, "GP1-S")
	story.must(story.PowerOn(m.ID))
	story.at(time.Minute)
	story.must(story.PowerOff(m.ID))
	story.at(20 * time.Minute)
	expect(story, "state", story.machine(m.ID).State, pool.Stopped)
	_, err := story.Meetings(story.domain(1))
	expect(story, "BBB of a stopped machine", errors.Is(err, ErrUnreachable), true)
	story.must(story.PowerOn(m.ID))
	story.at(28 * time.Minute)
	stats, err := story.Stats(story.domain(1))
	story.must(err)
	uptime, _ := stats.Uptime.Get()
	expect(story, "uptime counts from the last boot", uptime < 8*time.Minute, true)
}

func TestBareMetalRunsFromStartAndCannotBeDeleted(t *testing.T) {
	story := newStory(t, 0, 0, nil, func(c *Config) {
		c.Servers = pool.Servers(2, 1, "bbb-w{n}", "bbb-w{n}.example.com")
	})
	story.at(time.Minute)
	m := story.Machines()[0]
	expect(story, "bare metal", m.BareMetal, true)
	expect(story, "online", story.entry(1).Online, true)
	expect(story, "state of its entry", story.entry(1).State, pool.Disabled)
	expect(story, "addresses", len(story.Addresses()), 1)
	if err := story.Terminate(m.ID); !errors.Is(err, ErrInvalid) {
		t.Errorf("terminate bare metal = %v, want invalid", err)
	}
	story.must(story.Reboot(m.ID))
	story.at(10 * time.Minute)
	expect(story, "meetings after reboot", story.meetingsOn(1), 0)
}

func TestServerHoursCountFromCreationToDeletion(t *testing.T) {
	story := newStory(t, 2, 1, nil)
	story.at(time.Hour)
	m := story.create(2, "GP1-S")
	story.at(2 * time.Hour)
	expect(story, "hours of both", story.Tally().ServerHours, 3)
	story.must(story.Terminate(m.ID))
	story.at(3 * time.Hour)
	hours := story.Tally().ServerHours
	expect(story, "hours when the second is gone", hours > 4 && hours < 4.02, true)
	expect(story, "created", story.Tally().MachinesCreated, 1)
}
