package setup

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
)

// Check returns the findings of a look. It needs the parts ForCheck.
func Check(config Config, seen Sight) Report {
	c := checker{Config: config, seen: seen}
	c.checkScaleway()
	c.checkZones()
	c.checkMachines()
	c.checkQuotas()
	c.checkPace()
	c.checkScalelite()
	c.checkPoller()
	c.checkServers()
	c.checkIPv6()
	c.checkStrangers()
	c.checkStorage()
	c.checkEvaluations()
	c.checkCalendar()
	c.checkSchedule()
	c.checkClocks()
	return newReport(c.findings)
}

// checker collects findings.
type checker struct {
	Config
	seen     Sight
	findings []Finding
}

func (c *checker) add(level Level, subject, what, why, fix string) {
	c.findings = append(c.findings, Finding{level, subject, what, why, fix})
}

func (c *checker) ok(subject, format string, args ...any) {
	c.add(OK, subject, fmt.Sprintf(format, args...), "", "")
}

// need reports whether a reading is known, and adds an error if it is not.
func need[T any](c *checker, reading pool.Reading[T], subject, what, why, fix string) bool {
	if !reading.Known() {
		c.add(Error, subject, what+": "+reading.Reason(), why, fix)
	}
	return reading.Known()
}

const (
	fixKey     = "set DIVIMS_SCALEWAY_ACCESS_KEY, DIVIMS_SCALEWAY_SECRET_KEY and DIVIMS_SCALEWAY_PROJECT_ID to an API key of the pool's project, and give the key the permission sets listed in README.md"
	whyNoLists = "without these lists DiViMS creates, cordons and deletes nothing"
)

// checkScaleway checks what the API key may do, the DNS zone and the user data.
func (c *checker) checkScaleway() {
	machines := need(c, c.seen.Machines, "Scaleway", "the machines cannot be listed", whyNoLists, fixKey)
	addresses := need(c, c.seen.Addresses, "Scaleway", "the addresses cannot be listed", "a new machine needs its server's address", fixKey)
	volumes := need(c, c.seen.Leftovers, "Scaleway", "the volumes cannot be listed", "deleted machines leave volumes behind, which cost money", fixKey+" (BlockStorageFullAccess)")
	if machines && addresses && volumes {
		c.ok("Scaleway", "the API key can list machines, addresses and volumes")
	}
	c.checkVolumes()
	switch {
	case c.seen.TagsWritten == nil:
		c.add(Unknown, "Scaleway", "whether the API key may change anything: the pool has no address to try it with", "", "run provision, then run check again")
	case need(c, *c.seen.TagsWritten, "Scaleway", "the API key cannot change an address's tags", "it cannot create or delete machines either", fixKey+" (InstancesFullAccess)"):
		c.ok("Scaleway", "the API key can change resources of the project")
	}
	if c.WritesDNS && need(c, c.seen.Records, "DNS", "the zone cannot be read", "provision writes the servers' names there", "check DIVIMS_DNS_ZONE, and give the key access to that zone") {
		c.ok("DNS", "the zone can be read")
	}
	if need(c, c.seen.UserData, "user data", "the cloud-init document of a new machine cannot be made", "no machine is created without it", "set DIVIMS_USER_DATA to a document that exists") {
		c.ok("user data", "the cloud-init document of a new machine can be made")
	}
}

// checkVolumes warns about volumes that DiViMS does not delete although they have the
// pool's tag, because they do not name the machine that left them.
func (c *checker) checkVolumes() {
	volumes, _ := c.seen.Leftovers.Get()
	for _, volume := range volumes {
		if !volume.Attached && volume.MachineID == "" {
			c.add(Warning, "Scaleway", fmt.Sprintf("the detached volume %s in %s has the pool's tag, but does not name the machine that left it", volume.ID, volume.Zone),
				"it costs money, and DiViMS does not delete it", "delete it if nobody needs it, or take the tag off")
		}
	}
}

// checkZones checks images and the stock of commercial types.
func (c *checker) checkZones() {
	for i, zone := range c.Zones {
		level := c.zoneLevel(i, zone)
		if image, known := c.seen.Images[zone].Get(); known {
			c.ok(zone, "the newest image is %s", image.Name)
		} else {
			c.add(level, zone, "no image can be used: "+c.seen.Images[zone].Reason(), "no machine can be created there", "make an image there whose name begins with DIVIMS_IMAGE_NAME, or remove the zone from DIVIMS_ZONES")
		}
		c.checkOffers(zone, level)
		c.checkImage(zone, level)
	}
}

// zoneLevel returns the level of a finding because of which no machine can be created in a
// zone.
func (c *checker) zoneLevel(i int, zone string) Level {
	if i == 0 || c.hasAddressIn(zone) {
		return Error
	}
	return Warning
}

// hasAddressIn reports whether a server's address is in a zone.
func (c *checker) hasAddressIn(zone string) bool {
	all, _ := c.seen.Addresses.Get()
	return slices.ContainsFunc(c.Servers, func(server pool.Server) bool {
		return slices.ContainsFunc(pool.AddressesOf(all, c.Tag, server.Number), func(a pool.Address) bool { return a.Zone == zone })
	})
}

// checkOffers checks the stock of each commercial type. If none is available, the
// finding has the level worst.
func (c *checker) checkOffers(zone string, worst Level) {
	offers, known := c.seen.Offers[zone].Get()
	if !known {
		c.add(Unknown, zone, "which commercial types are available: "+c.seen.Offers[zone].Reason(), "", fixKey)
		return
	}
	var available []string
	for _, name := range c.Types {
		switch offers[name] {
		case "":
			c.add(Warning, zone, "there is no commercial type "+name, "trying it delays every creation", "remove it from DIVIMS_COMMERCIAL_TYPES, unless another zone has it")
		case "shortage":
			c.add(Warning, zone, name+" is out of stock", "the next type in the list is used instead", "wait, or add a type to DIVIMS_COMMERCIAL_TYPES")
		default:
			available = append(available, name)
		}
	}
	if len(available) == 0 {
		c.add(worst, zone, "none of DIVIMS_COMMERCIAL_TYPES is available", "no machine can be created there now", "add a type that the zone has")
		return
	}
	c.ok(zone, "available: %s", strings.Join(available, ", "))
}

// checkQuotas compares the organization's quotas with the machines of a full pool.
func (c *checker) checkQuotas() {
	quotas, known := c.seen.Quotas.Get()
	if !known {
		c.add(Unknown, "quotas", c.seen.Quotas.Reason(), "a pool cannot grow beyond the organization's quotas",
			"give the API key OrganizationReadOnly, or compare the quotas in the console with DIVIMS_POOL_SIZE")
		return
	}
	machines := 0
	for _, server := range c.Servers {
		if !server.BareMetal {
			machines++
		}
	}
	sum, texts := 0, []string{}
	for _, name := range c.Types {
		quota, limited := quotas[name]
		if !limited {
			c.ok("quotas", "%s has no limit", name)
			return
		}
		sum += quota
		texts = append(texts, fmt.Sprintf("%d of %s", quota, name))
	}
	what := fmt.Sprintf("the organization may have %s in all projects together; a full pool has %s", strings.Join(texts, " and "), pool.Count(machines, "machine"))
	if sum < machines {
		c.add(Error, "quotas", what, "the pool cannot grow to its size", "ask Scaleway to raise the quotas, or add a type to DIVIMS_COMMERCIAL_TYPES")
		return
	}
	c.ok("quotas", "%s", what)
}

// maxGrowth is how long the pool may take to grow from its minimum to its size. A day
// fills within about an hour, when the first lectures begin.
const maxGrowth = time.Hour

// checkPace compares the machines that evaluations can create with the pool's size.
// Growing from 10 to 1000 servers by 10 machines every 5 minutes takes 99 evaluations: 8
// hours and a quarter. 83 machines would do within an hour.
func (c *checker) checkPace() {
	const name, why = "DIVIMS_MAX_CREATIONS", "a rush finds too few servers, and what begins at once has to be planned hours ahead"
	missing := len(c.Servers) - c.Minimum
	if missing <= 0 {
		c.ok("pace", "all servers are always enabled")
		return
	}
	from := fmt.Sprintf("growing from the minimum of %d to the pool's size of %d", c.Minimum, len(c.Servers))
	enough := ceilDiv(missing, max(1, int(maxGrowth/c.Interval)))
	if c.MaxCreations == 0 {
		c.add(Warning, "pace", from+" is impossible: "+name+" is 0", "no machine is ever created", fmt.Sprintf("set %s to %d or more", name, enough))
		return
	}
	evaluations := ceilDiv(missing, c.MaxCreations)
	takes := time.Duration(evaluations) * c.Interval
	what := fmt.Sprintf("%s takes %s: %s, each creating %s at most, one every %s", from, pool.FormatDuration(takes),
		pool.Count(evaluations, "evaluation"), pool.Count(c.MaxCreations, "machine"), pool.FormatDuration(c.Interval))
	if takes > maxGrowth {
		c.add(Warning, "pace", what, why, fmt.Sprintf("set %s to %d or more: then it takes %s at most", name, enough, pool.FormatDuration(maxGrowth)))
		return
	}
	c.ok("pace", "%s", what)
}

// ceilDiv returns a / b, rounded up.
func ceilDiv(a, b int) int { return (a + b - 1) / b }

// checkScalelite checks the secret, and Scalelite's own health check.
func (c *checker) checkScalelite() {
	fix := "check DIVIMS_SCALELITE_URL, and that Scalelite is 1.5.1 or newer"
	switch reason := c.seen.Entries.Reason(); {
	case strings.Contains(reason, pool.ChecksumError):
		fix = "set DIVIMS_SCALELITE_SECRET to Scalelite's LOADBALANCER_SECRET, and DIVIMS_SCALELITE_CHECKSUM to a hash that it accepts"
	case strings.Contains(reason, "status 403"):
		fix = "set DIVIMS_SCALELITE_URL to the host name that Scalelite is set up for (URL_HOST)"
	}
	if need(c, c.seen.Entries, "Scalelite", "the entries cannot be listed", whyNoLists, fix) {
		entries, _ := c.seen.Entries.Get()
		c.ok("Scalelite", "accepts the secret, and lists %s", pool.Count(len(entries), "server"))
	}
	health, known := c.seen.Health.Get()
	switch {
	case !known:
		c.add(Warning, "Scalelite", "its health check cannot be read: "+c.seen.Health.Reason(), "it may be down for everybody", "check that /health_check answers at DIVIMS_SCALELITE_URL")
	case health != "success":
		c.add(Error, "Scalelite", fmt.Sprintf("its health check answers %.200q", health), "without its database it cannot place meetings", "repair Scalelite")
	default:
		c.ok("Scalelite", "its health check answers %q", health)
	}
}

// checkStrangers finds entries, machines and addresses that look like the pool's and
// belong to none of its servers.
func (c *checker) checkStrangers() {
	entries, _ := c.seen.Entries.Get()
	for _, entry := range entries {
		if entry.Problem != "" {
			c.add(Warning, "Scalelite", fmt.Sprintf("the entry %q for %q cannot be read: %s", entry.ID, entry.URL, entry.Problem),
				"DiViMS does not touch its server", "correct the entry in Scalelite, or remove it")
			continue
		}
		if !slices.ContainsFunc(c.Servers, entry.IsOf) {
			c.add(Warning, "Scalelite", fmt.Sprintf("the entry %s is for %q, which is not a server of the pool", entry.ID, cmp.Or(entry.Host(), entry.URL)),
				"DiViMS neither counts nor changes it", "raise DIVIMS_POOL_SIZE, correct DIVIMS_DOMAIN_TEMPLATE, or remove the entry (provision --remove)")
		}
	}
	machines, _ := c.seen.Machines.Get()
	for _, machine := range machines {
		if !slices.ContainsFunc(c.Servers, func(s pool.Server) bool { return s.Hostname == machine.Name }) {
			c.add(Warning, "Scaleway", fmt.Sprintf("the machine %s (%s) has the pool's tag, but not the name of a server", machine.Name, machine.ID),
				"it costs money, and DiViMS does not touch it", "delete it, remove the tag, or correct DIVIMS_HOSTNAME_TEMPLATE")
		}
	}
	addresses, _ := c.seen.Addresses.Get()
	for _, address := range addresses {
		if number, ok := serverOf(address, c.Tag); ok && number > len(c.Servers) {
			c.add(Warning, "Scaleway", fmt.Sprintf("the address %s is reserved for server %d, which the pool does not have", address.IP, number),
				"it costs money", "run provision --remove, or raise DIVIMS_POOL_SIZE")
		}
	}
}

// serverOf returns the number of the server for which the pool keeps an address.
func serverOf(address pool.Address, poolTag string) (number int, ok bool) {
	if !slices.Contains(address.Tags, poolTag) {
		return 0, false
	}
	for _, tag := range address.Tags {
		if number, ok := pool.ServerOfTag(tag); ok {
			return number, true
		}
	}
	return 0, false
}

// checkStorage checks conditional writes, which the lease depends on, and the state.
func (c *checker) checkStorage() {
	if need(c, c.seen.ConditionalWrites, "storage", "the bucket cannot be used", "the lease, which lets only one evaluation run at a time, is a conditional write",
		"check that DIVIMS_STORAGE_BUCKET exists, that the key may read and write there (ObjectStorageObjectsRead, ObjectStorageObjectsWrite), and that the service supports conditional writes") {
		c.ok("storage", "the bucket accepts conditional writes, and refuses those whose condition does not hold")
	}
	need(c, c.seen.State, "storage", "the pool's state cannot be read", "without it no evaluation is made", "follow the advice in this message, or check that the key may read the bucket")
	c.noteMaintenance()
}

// noteMaintenance lists the servers above the pool's size that are in maintenance.
func (c *checker) noteMaintenance() {
	state, _ := c.seen.State.Get()
	for _, number := range slices.Sorted(maps.Keys(state.Servers)) {
		if hold := state.Memory(number).Maintenance; hold != nil && number > len(c.Servers) {
			c.ok(fmt.Sprintf("server %d", number), "in maintenance by %s since %s: %s; the pool has %s, and the order is kept until it has this one again",
				hold.Author, hold.Since.UTC().Format(time.RFC3339), hold.Reason, pool.Count(len(c.Servers), "server"))
		}
	}
}

// maxMissed is how many intervals may pass without an evaluation before that is an error.
const maxMissed = 3

// checkEvaluations checks the age of the last evaluation.
func (c *checker) checkEvaluations() {
	state, known := c.seen.State.Get()
	if !known {
		return // checkStorage has reported it
	}
	last, err := cycle.LastRecord(state)
	if err != nil {
		c.add(Unknown, "evaluations", err.Error(), "", "")
		return
	}
	if last == nil {
		c.add(Warning, "evaluations", "none has been recorded yet", "nothing changes the size of the pool", "deploy the function")
		return
	}
	switch age := c.seen.At.Sub(last.At); {
	case age > maxMissed*c.Interval:
		c.add(Error, "evaluations", fmt.Sprintf("the last one was %s ago", age.Round(time.Minute)), "the pool does not follow its load",
			"look in the function's log for what fails, and check that the function is deployed and has its trigger")
	default:
		c.ok("evaluations", "the last one was %s ago", max(0, age).Round(time.Second))
	}
}

// Clocks that differ by more than clockWarning make certificates and leases
// unreliable. From 15 minutes on object storage refuses signed requests.
const (
	clockWarning = 30 * time.Second
	clockError   = 5 * time.Minute
)

func (c *checker) checkClocks() {
	for _, name := range slices.Sorted(maps.Keys(c.seen.Clocks)) {
		clock, known := c.seen.Clocks[name].Get()
		if !known {
			c.add(Unknown, "clock", "the clock of "+name+": "+c.seen.Clocks[name].Reason(), "", "")
			continue
		}
		if clock == nil {
			continue
		}
		ahead, direction := *clock, "ahead of"
		if ahead < 0 {
			direction = "behind"
		}
		what := fmt.Sprintf("the clock of %s is %s %s ours", name, ahead.Abs().Round(time.Second), direction)
		const why, fix = "leases, certificates and signatures depend on the time", "set the clock of this machine or of that service by NTP"
		switch {
		case ahead.Abs() >= clockError:
			c.add(Error, "clock", what, why, fix)
		case ahead.Abs() >= clockWarning:
			c.add(Warning, "clock", what, why, fix)
		default:
			c.ok("clock", "the clock of %s agrees with ours", name)
		}
	}
}
