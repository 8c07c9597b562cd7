package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"divims/internal/pool"
)

// judgement is the making of a report.
type judgement struct {
	Config
	*sight
	services Services
	now      time.Time
	findings []Finding
}

func (j *judgement) judge() {
	j.judgeScaleway()
	j.judgeZones()
	j.judgeQuotas()
	j.judgeScalelite()
	j.judgeServers()
	j.judgeStrangers()
	j.judgeStorage()
	j.judgeCalendar()
	j.judgeClocks()
}

func (j *judgement) add(level Level, subject, what, why, mend string) {
	j.findings = append(j.findings, Finding{level, subject, what, why, mend})
}

func (j *judgement) ok(subject, format string, args ...any) {
	j.add(OK, subject, fmt.Sprintf(format, args...), "", "")
}

// need finds an error in what could not be seen. It tells whether it was.
func need[T any](j *judgement, reading pool.Reading[T], subject, what, why, mend string) bool {
	if !reading.Known() {
		j.add(Error, subject, what+": "+reading.Reason(), why, mend)
	}
	return reading.Known()
}

const (
	mendKey  = "set DIVIMS_SCALEWAY_ACCESS_KEY, DIVIMS_SCALEWAY_SECRET_KEY and DIVIMS_SCALEWAY_PROJECT_ID to an API key of the pool's project, and give it the permission sets that README.md names"
	whyBlind = "without these lists nothing is created, cordoned or deleted"
)

// judgeScaleway is about the API key and what it may do.
func (j *judgement) judgeScaleway() {
	machines := need(j, j.machines, "Scaleway", "the machines cannot be listed", whyBlind, mendKey)
	addresses := need(j, j.addresses, "Scaleway", "the addresses cannot be listed", "a new machine needs its server's address", mendKey)
	volumes := need(j, j.leftovers, "Scaleway", "the volumes cannot be listed", "deleted machines leave volumes behind, which cost money", mendKey+" (BlockStorageFullAccess)")
	if machines && addresses && volumes {
		j.ok("Scaleway", "the API key can list machines, addresses and volumes")
	}
	switch {
	case j.written == nil:
		j.add(Unknown, "Scaleway", "whether the API key may change anything: there is no address of the pool to try it with", "", "run provision, and then this again")
	case need(j, *j.written, "Scaleway", "the API key cannot change an address's tags", "it could neither create nor delete machines", mendKey+" (InstancesFullAccess)"):
		j.ok("Scaleway", "the API key can change what is in the project")
	}
	if j.services.Zone != nil && need(j, j.records, "DNS", "the zone cannot be read", "provision writes the servers' names there", "set DIVIMS_DNS_ZONE, and give the key access to it") {
		j.ok("DNS", "the zone can be read")
	}
	if need(j, j.userData, "user data", "the cloud-init document of a new machine cannot be made", "no machine is created without it", "set DIVIMS_USER_DATA to a document that is there") {
		j.ok("user data", "the cloud-init document of a new machine can be made")
	}
}

// judgeZones is about images, and machines that can be had.
func (j *judgement) judgeZones() {
	for i, zone := range j.Zones {
		level := Warning
		if i == 0 || j.isUsed(zone) {
			level = Error
		}
		if image, known := j.images[zone].Get(); known {
			j.ok(zone, "the newest image is %s", image.Name)
		} else {
			j.add(level, zone, "no image: "+j.images[zone].Reason(), "no machine can be made there", "make an image there whose name begins with DIVIMS_IMAGE_NAME, or take the zone out of DIVIMS_ZONES")
		}
		j.judgeOffers(zone, level)
	}
}

// isUsed tells whether a server's address is in a zone.
func (j *judgement) isUsed(zone string) bool {
	all, _ := j.addresses.Get()
	return slices.ContainsFunc(j.Servers, func(server pool.Server) bool {
		return slices.ContainsFunc(pool.AddressesOf(all, j.Tag, server.Number), func(a pool.Address) bool { return a.Zone == zone })
	})
}

func (j *judgement) judgeOffers(zone string, worst Level) {
	offers, known := j.offers[zone].Get()
	if !known {
		j.add(Unknown, zone, "which machines can be had: "+j.offers[zone].Reason(), "", mendKey)
		return
	}
	var had []string
	for _, name := range j.Types {
		switch offers[name] {
		case "":
			j.add(Warning, zone, "there is no commercial type "+name, "it is tried for each new machine, in vain", "take it out of DIVIMS_COMMERCIAL_TYPES, if no other zone has it")
		case "shortage":
			j.add(Warning, zone, name+" is out of stock", "the next type of the list takes its place", "wait, or add a type to DIVIMS_COMMERCIAL_TYPES")
		default:
			had = append(had, name)
		}
	}
	if len(had) == 0 {
		j.add(worst, zone, "none of DIVIMS_COMMERCIAL_TYPES can be had", "no machine can be made there now", "add a type that the zone has")
		return
	}
	j.ok(zone, "can be had: %s", strings.Join(had, ", "))
}

// judgeQuotas compares the organization's quotas with the machines of a full pool.
func (j *judgement) judgeQuotas() {
	quotas, known := j.quotas.Get()
	if !known {
		j.add(Unknown, "quotas", j.quotas.Reason(), "a pool cannot grow beyond the organization's quotas",
			"give the API key OrganizationReadOnly, or compare the quotas in the console with DIVIMS_POOL_SIZE")
		return
	}
	most := 0
	for _, server := range j.Servers {
		if !server.BareMetal {
			most++
		}
	}
	sum, texts := 0, []string{}
	for _, name := range j.Types {
		quota, limited := quotas[name]
		if !limited {
			j.ok("quotas", "%s is without a limit", name)
			return
		}
		sum += quota
		texts = append(texts, fmt.Sprintf("%d of %s", quota, name))
	}
	what := fmt.Sprintf("the organization may have %s, all projects together; the pool has %s when it is full", strings.Join(texts, " and "), pool.Count(most, "machine"))
	if sum < most {
		j.add(Error, "quotas", what, "the pool cannot grow to its size", "have the quotas raised, or add a type to DIVIMS_COMMERCIAL_TYPES")
		return
	}
	j.ok("quotas", "%s", what)
}

// judgeScalelite is about the secret, and what Scalelite says of itself.
func (j *judgement) judgeScalelite() {
	mend := "see whether DIVIMS_SCALELITE_URL is right, and Scalelite 1.5.1 or newer"
	switch reason := j.entries.Reason(); {
	case strings.Contains(reason, "checksumError"):
		mend = "set DIVIMS_SCALELITE_SECRET to Scalelite's LOADBALANCER_SECRET, and DIVIMS_SCALELITE_CHECKSUM to a hash that it takes"
	case strings.Contains(reason, "status 403"):
		mend = "set DIVIMS_SCALELITE_URL to the host name that Scalelite is set up for (URL_HOST)"
	}
	if need(j, j.entries, "Scalelite", "the entries cannot be listed", whyBlind, mend) {
		entries, _ := j.entries.Get()
		j.ok("Scalelite", "takes the secret, and lists %s", pool.Count(len(entries), "server"))
	}
	health, known := j.health.Get()
	switch {
	case !known:
		j.add(Warning, "Scalelite", "its health check cannot be read: "+j.health.Reason(), "it may be down for everybody", "see whether "+"/health_check answers at DIVIMS_SCALELITE_URL")
	case health != "success":
		j.add(Error, "Scalelite", fmt.Sprintf("says of itself: %.200q", health), "it cannot place meetings without its database", "mend Scalelite")
	default:
		j.ok("Scalelite", "finds itself healthy")
	}
}

// judgeStrangers is about what bears the pool's marks and is no server's.
func (j *judgement) judgeStrangers() {
	entries, _ := j.entries.Get()
	for _, entry := range entries {
		if !slices.ContainsFunc(j.Servers, func(s pool.Server) bool { return s.Domain == entry.Host() }) {
			j.add(Warning, "Scalelite", fmt.Sprintf("the entry %s leads to %s, which is no server of the pool", entry.ID, entry.Host()),
				"DiViMS neither counts nor touches it", "raise DIVIMS_POOL_SIZE, mend DIVIMS_DOMAIN_TEMPLATE, or remove the entry (provision --remove)")
		}
	}
	machines, _ := j.machines.Get()
	for _, machine := range machines {
		if !slices.ContainsFunc(j.Servers, func(s pool.Server) bool { return s.Hostname == machine.Name }) {
			j.add(Warning, "Scaleway", fmt.Sprintf("the machine %s (%s) bears the pool's tag and no server's name", machine.Name, machine.ID),
				"it costs money, and DiViMS leaves it alone", "delete it, take the tag off, or mend DIVIMS_HOSTNAME_TEMPLATE")
		}
	}
	addresses, _ := j.addresses.Get()
	for _, address := range addresses {
		if number := serverOf(address, j.Tag); number > len(j.Servers) {
			j.add(Warning, "Scaleway", fmt.Sprintf("the address %s is kept for server %d, which the pool does not have", address.IP, number),
				"it costs money", "run provision --remove, or raise DIVIMS_POOL_SIZE")
		}
	}
}

// serverOf is the number of the server that an address of the pool is kept for; 0
// for none.
func serverOf(address pool.Address, tag string) int {
	if !slices.Contains(address.Tags, tag) {
		return 0
	}
	for _, tag := range address.Tags {
		if number, ok := pool.ServerOfTag(tag); ok {
			return number
		}
	}
	return 0
}

// missedEvaluations is after how many intervals without an evaluation there is
// something wrong with the trigger.
const missedEvaluations = 3

// judgeStorage is about conditional writes, on which the lease rests, and about
// the state in the bucket.
func (j *judgement) judgeStorage() {
	if need(j, j.tried, "storage", "the bucket cannot be used", "the lease, which keeps evaluations apart, is a conditional write",
		"see whether DIVIMS_STORAGE_BUCKET exists, the key may read and write in it (ObjectStorageObjectsRead, ObjectStorageObjectsWrite), and the service has conditional writes") {
		j.ok("storage", "the bucket takes conditional writes, and refuses those whose condition does not hold")
	}
	if !need(j, j.state, "storage", "the pool's state cannot be read", "no evaluation is made without it", "do what is said here, or see whether the key may read the bucket") {
		return
	}
	state, _ := j.state.Get()
	last, err := lastEvaluation(state)
	switch ago := j.now.Sub(last); {
	case err != nil:
		j.add(Unknown, "evaluations", err.Error(), "", "")
	case last.IsZero():
		j.add(Warning, "evaluations", "none has been recorded yet", "the pool is as large as it was left", "deploy the function")
	case ago > missedEvaluations*j.Interval:
		j.add(Error, "evaluations", fmt.Sprintf("the last one was %s ago", ago.Round(time.Minute)), "the pool does not follow its load",
			"see in the function's log what fails, whether it is deployed, and whether its trigger is there")
	default:
		j.ok("evaluations", "the last one was %s ago", max(0, ago).Round(time.Second))
	}
}

func (j *judgement) judgeCalendar() {
	if j.services.Calendar == nil {
		return
	}
	if need(j, j.calendar, "calendar", "it cannot be read", "the schedule goes on with the last good copy, which grows old", "see whether DIVIMS_CALENDAR_URL is right and gives an iCalendar document") {
		calendar, _ := j.calendar.Get()
		j.ok("calendar", "%s from a week ago to a week from now", pool.Count(len(calendar.Events), "event"))
	}
}

// Of clocks, those that are wrong by more than clockWarning make certificates and
// leases uncertain; signed requests to object storage fail from 15 minutes on.
const (
	clockWarning = 30 * time.Second
	clockError   = 5 * time.Minute
)

func (j *judgement) judgeClocks() {
	for _, name := range slices.Sorted(maps.Keys(j.clocks)) {
		ahead, known := j.clocks[name].Get()
		direction := "ahead of"
		if ahead < 0 {
			direction = "behind"
		}
		what := fmt.Sprintf("that of %s is %s %s ours", name, ahead.Abs().Round(time.Second), direction)
		const why, mend = "leases, certificates and signatures go by the time", "set the clock of this machine or of that service by NTP"
		switch {
		case !known:
			j.add(Unknown, "clock", "that of "+name+": "+j.clocks[name].Reason(), "", "")
		case ahead.Abs() >= clockError:
			j.add(Error, "clock", what, why, mend)
		case ahead.Abs() >= clockWarning:
			j.add(Warning, "clock", what, why, mend)
		default:
			j.ok("clock", "that of %s agrees with ours", name)
		}
	}
}
