package setup

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"divims/internal/cycle"
	"divims/internal/pool"
)

// area is one side of all servers, of which the report tells in one line how many
// are well.
type area struct {
	name         string
	good, looked int
}

// judgeServers is about each server. What is not asked, as no machine runs, is
// counted and is no finding.
func (j *judgement) judgeServers() {
	if !j.entries.Known() || !j.machines.Known() || !j.addresses.Known() {
		return // which is an error already
	}
	areas := []area{{name: "lead to their addresses"}, {name: "have one entry"}, {name: "answer with BBB, and their certificates last"}, {name: "tell their figures"}}
	asleep := 0
	for i := range j.servers {
		s := &j.servers[i]
		j.judgeArea(&areas[0], s, true, (*judgement).judgeName)
		j.judgeArea(&areas[1], s, true, (*judgement).judgeEntry)
		entry, _ := s.Entry.Get()
		j.judgeArea(&areas[2], s, s.asked && entry != nil, (*judgement).judgeBBB)
		j.judgeArea(&areas[3], s, s.asked && j.services.Stats != nil, (*judgement).judgeStats)
		if !s.asked {
			asleep++
		}
	}
	for _, a := range areas {
		if a.good > 0 {
			j.ok("servers", "%d of %d %s", a.good, a.looked, a.name)
		}
	}
	if asleep > 0 {
		j.ok("servers", "without a running machine, and so not asked for meetings and figures: %d of %d", asleep, len(j.servers))
	}
}

func (j *judgement) judgeArea(a *area, s *serverSight, applies bool, judge func(*judgement, *serverSight, string)) {
	if !applies {
		return
	}
	before := len(j.findings)
	judge(j, s, fmt.Sprintf("server %d", s.Server.Number))
	a.looked++
	if len(j.findings) == before {
		a.good++
	}
}

const (
	whyName       = "Scalelite and everybody else find the server by its domain"
	mendProvision = "run provision: it does what is missing, and says what contradicts"
)

// judgeName compares where the domain leads with the reserved address and with
// that of the machine.
func (j *judgement) judgeName(s *serverSight, subject string) {
	leads, known := s.leads.Get()
	if !known {
		j.add(Unknown, subject, fmt.Sprintf("where %s leads: %s", s.Server.Domain, s.leads.Reason()), whyName, "see whether this machine can ask its name server")
		return
	}
	own := j.addressesOf(s, leads)
	if len(own) == 0 {
		j.add(Error, subject, "no address is kept for it: none bears its tags, and "+s.Server.Domain+" leads to "+orNowhere(leads), "no machine can be made for it", mendProvision)
		return
	}
	for _, ip := range leads {
		if !slices.ContainsFunc(own, func(a pool.Address) bool { return a.Host() == ip }) {
			j.add(Error, subject, fmt.Sprintf("%s leads to %s, and the server's address is %s", s.Server.Domain, ip, join(hosts(own))), whyName, "delete that DNS record")
		}
	}
	for _, address := range own {
		j.judgeAddress(s, subject, address, leads)
	}
}

// addressesOf are those of a server's host, those with its tags, or those of the
// project to which its domain leads.
func (j *judgement) addressesOf(s *serverSight, leads []netip.Addr) []pool.Address {
	if machine, _ := s.Machine.Get(); s.Server.BareMetal {
		if machine == nil {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(machine.Addresses), func(a pool.Address) bool {
			return a.Family() == pool.IPv6 && !slices.Contains(leads, a.Host()) // which it need not have a name for
		})
	}
	all, _ := j.addresses.Get()
	if kept := pool.AddressesOf(all, j.Tag, s.Server.Number); len(kept) > 0 {
		return kept
	}
	return slices.DeleteFunc(slices.Clone(all), func(a pool.Address) bool { return !slices.Contains(leads, a.Host()) })
}

func (j *judgement) judgeAddress(s *serverSight, subject string, address pool.Address, leads []netip.Addr) {
	if !slices.Contains(leads, address.Host()) {
		j.add(Error, subject, fmt.Sprintf("%s does not lead to its address %s, but to %s", s.Server.Domain, address.Host(), orNowhere(leads)), whyName, mendProvision)
	}
	if s.Server.BareMetal {
		return
	}
	if !slices.Contains(j.Zones, address.Zone) {
		j.add(Error, subject, fmt.Sprintf("its address %s is in %s", address.IP, address.Zone), "addresses are zonal, and no machine is made there", "add the zone to DIVIMS_ZONES")
	}
	if address.Reverse != s.Server.Domain {
		j.add(Warning, subject, fmt.Sprintf("the reverse name of %s is %q", address.IP, address.Reverse), "firewalls and mail servers may refuse a host with another reverse name", mendProvision)
	}
	machine, known := s.Machine.Get()
	switch {
	case !known:
		j.add(Error, subject, s.Machine.Reason(), "DiViMS leaves the server alone", "delete all but one of the machines")
	case machine == nil && address.MachineID != "":
		j.add(Error, subject, fmt.Sprintf("its address %s is held by machine %s, which is not the server's", address.IP, address.MachineID), "no machine can be made for it", "take the address off that machine")
	case machine != nil && address.MachineID != machine.ID && !slices.ContainsFunc(machine.Addresses, func(a pool.Address) bool { return a.ID == address.ID }):
		j.add(Error, subject, fmt.Sprintf("its machine has %s, and not its address %s", orNowhere(hosts(machine.Addresses)), address.IP), "nobody finds the machine", "give the machine that address, or delete it once nobody is on it")
	}
}

// judgeEntry is about Scalelite's entry and its secret.
func (j *judgement) judgeEntry(s *serverSight, subject string) {
	entry, known := s.Entry.Get()
	switch {
	case !known:
		j.add(Error, subject, s.Entry.Reason(), "DiViMS leaves the server alone", "remove all but one of them")
	case entry == nil && j.Registers:
		j.add(Warning, subject, "it has no entry in Scalelite", "it takes no meetings until the next evaluation registers it", mendProvision)
	case entry == nil:
		j.add(Error, subject, "it has no entry in Scalelite", "it takes no meetings", mendProvision)
	case j.BBBSecret.IsSet() && entry.Secret.Reveal() != j.BBBSecret.Reveal():
		j.add(Warning, subject, "its entry has another secret than DIVIMS_BBB_SECRET", "if the image's secret is the other one, one of them does not open its BBB", "see which one is in the image")
	}
}

// judgeBBB is about what the server's BBB answers, and its certificate.
func (j *judgement) judgeBBB(s *serverSight, subject string) {
	conference, known := s.conference.Get()
	if !known {
		mend := "look at the server, and whether it can be reached from here"
		if strings.Contains(s.conference.Reason(), "checksumError") {
			mend = "put the secret of the server (bbb-conf --secret) into its entry, or set DIVIMS_BBB_CHECKSUM to a hash that it takes"
		}
		j.add(Error, subject, "its BBB cannot be asked: "+s.conference.Reason(), "a server that cannot be asked is left alone, and in the end taken for dead", mend)
		return
	}
	expiry, known := conference.CertificateExpiry.Get()
	if !known {
		j.add(Unknown, subject, "its certificate: "+conference.CertificateExpiry.Reason(), "", "")
		return
	}
	left := expiry.Sub(j.now)
	what := "its certificate ends in " + pool.Count(math.Round(left.Hours()/24), "day")
	const why, mend = "browsers and Scalelite refuse a server without a valid certificate", "renew it, and make a new image if it is in there"
	switch {
	case left < j.CertificateAlert:
		j.add(Error, subject, what, why, mend)
	case left < j.CertificateWarning:
		j.add(Warning, subject, what, why, mend)
	}
}

// judgeStats is about the stats endpoints, and how old their figures are.
func (j *judgement) judgeStats(s *serverSight, subject string) {
	const mend = "docs/stats.md tells what a server has to answer, and DIVIMS_STATS_URLS where"
	stats, known := s.stats.Get()
	if !known {
		j.add(Error, subject, "its figures: "+s.stats.Reason(), "without them no machine is deleted", mend)
		return
	}
	if s.partial != nil {
		j.add(Error, subject, fmt.Sprintf("its figures: %v", s.partial), "without them no machine is deleted", mend)
	}
	if !stats.Backlog.Known() && j.Records && s.partial == nil {
		j.add(Error, subject, "whether recordings are in work: "+stats.Backlog.Reason(), "its machine is never deleted, as a recording might be lost", mend)
	}
	if down, _ := stats.UnitsDown.Get(); len(down) > 0 {
		j.add(Warning, subject, "these services do not run: "+strings.Join(down, ", "), "the server is replaced as malfunctioning", "look at the server, and at the image")
	}
}

// lastEvaluation is when the last one was; the zero time if there was none.
func lastEvaluation(state pool.State) (time.Time, error) {
	record, err := cycle.LastRecord(state)
	if record == nil || err != nil {
		return time.Time{}, err
	}
	return record.At, nil
}

func hosts(addresses []pool.Address) []netip.Addr {
	var ips []netip.Addr
	for _, a := range addresses {
		ips = append(ips, a.Host())
	}
	return ips
}

func orNowhere(ips []netip.Addr) string {
	if len(ips) == 0 {
		return "no address"
	}
	return join(ips)
}

func join(ips []netip.Addr) string {
	texts := make([]string, len(ips))
	for i, ip := range ips {
		texts[i] = ip.String()
	}
	return strings.Join(texts, ", ")
}
