//go:build ignore

package main

// The invariants are those of the design; each has at least one mutation.
const (
	drainGate    = "drain gate"
	lastLook     = "last look before an act"
	partialSight = "partial sight means no harm"
	oneAtATime   = "one evaluation at a time"
	convergence  = "no second machine, no orphan"
	boundedBlast = "bounded blast"
	onlyOurs     = "only ours"
	secrecy      = "secrets stay secret"
	hostileInput = "unknown is never zero"
	inHand       = "an operator's word"
)

var mutations = []mutation{
	// What keeps a machine that somebody still needs.
	{invariant: drainGate, change: "meetings do not count", file: "internal/scaling/gate.go",
		old: "if len(meetings) > 0 {", new: "if false {"},
	{invariant: drainGate, change: "a meeting with nobody in it does not count", file: "internal/scaling/gate.go",
		old: "if len(meetings) > 0 {", new: "if pool.Participants(meetings) > 0 {"},
	{invariant: drainGate, change: "unknown meetings are none", file: "internal/scaling/gate.go",
		old: "meetings, ok := s.Meetings.Get()\n\tif !ok {", new: "meetings, ok := s.Meetings.Get()\n\tif false {"},
	{invariant: drainGate, change: "recordings in work do not count", file: "internal/scaling/gate.go",
		old: "if inWork > 0 {", new: "if false {"},
	{invariant: drainGate, change: "recordings not shipped yet do not count", file: "internal/scaling/gate.go",
		old: "if published > 0 &&", new: "if false &&"},
	{invariant: drainGate, change: "unknown recordings are none", file: "internal/scaling/gate.go",
		old: "recordings, ok := s.Recordings.Get()\n\tif !ok {", new: "recordings, ok := s.Recordings.Get()\n\tif false {"},
	{invariant: drainGate, change: "the backlog does not count", file: "internal/scaling/gate.go",
		old: "if total(backlog) > 0 {", new: "if false {"},
	{invariant: drainGate, change: "an unknown backlog is empty", file: "internal/scaling/gate.go",
		old: "backlog, ok := stats.Backlog.Get()\n\tif !ok {", new: "backlog, ok := stats.Backlog.Get()\n\tif false {"},
	{invariant: drainGate, change: "an enabled entry passes", file: "internal/scaling/gate.go",
		old: "if entry != nil && entry.State != pool.Cordoned", new: "if false && entry.State != pool.Cordoned"},
	{invariant: drainGate, change: "any machine that is switched off passes", file: "internal/scaling/gate.go",
		old: "if s.machine.Since.Sub(s.machine.Created) < neverBooted {", new: "if true {"},
	{invariant: drainGate, change: "one sighting is enough", file: "internal/scaling/drain.go",
		old: "case s.memory.EmptySince.IsZero() ||", new: "case false &&"},
	{invariant: drainGate, change: "figures from before the first sighting do", file: "internal/scaling/drain.go",
		old: "!s.figuresSince(d.now, s.memory.EmptySince):", new: "false:"},
	{invariant: drainGate, change: "unresponsive for us is enough, though Scalelite sees it", file: "internal/scaling/drain.go",
		old: "case s.entry.Online:\n\t\treturn \"Scalelite", new: "case false:\n\t\treturn \"Scalelite"},
	{invariant: drainGate, change: "stale figures are believed", file: "internal/exporter/age.go",
		old: "if age > s.maxAge {", new: "if false {"},
	{invariant: drainGate, change: "a stage that nobody counted is empty", file: "internal/exporter/values.go",
		old: "if _, told := counts[stage]; !told {", new: "if false {"},
	{invariant: lastLook, change: "nothing is asked again", file: "internal/cycle/act.go",
		old: "if machine.State != pool.Running {\n\t\treturn \"\"", new: "if true {\n\t\treturn \"\""},
	{invariant: lastLook, change: "the meetings of the look phase are taken", file: "internal/cycle/act.go",
		old: "\ta.askMeetings(ctx, &s, entry)\n", new: "\n"},
	{invariant: lastLook, change: "the recordings of the look phase are taken", file: "internal/cycle/act.go",
		old: "\ta.askRecordings(ctx, &s, entry)\n", new: "\n"},
	{invariant: lastLook, change: "the figures of the look phase are taken", file: "internal/cycle/act.go",
		old: "\ts.Stats = a.askStats(ctx, s.Server)\n", new: "\n"},
	{invariant: lastLook, change: "a reboot does without", file: "internal/cycle/act.go",
		old: "if why := a.mustStay(ctx, action, s, machine); why != \"\" {\n\t\treturn heldError", new: "if why := \"\"; why != \"\" {\n\t\treturn heldError"},

	// What cannot be seen.
	{invariant: partialSight, change: "acts although a list is missing", file: "internal/scaling/decide.go",
		old: "\treturn blind\n", new: "\treturn false\n"},
	{invariant: partialSight, change: "acts although most servers seem dead", file: "internal/scaling/decide.go",
		old: "if dead < 2 ||", new: "if true ||"},
	{invariant: partialSight, change: "takes one dead machine after the other", file: "internal/scaling/drain.go",
		old: "case d.tooManyDead():", new: "case false:"},
	{invariant: partialSight, change: "touches servers that are not seen", file: "internal/scaling/server.go",
		old: "!s.maintenance() && s.health != Unseen && s.entry != nil", new: "!s.maintenance() && s.entry != nil"},
	{invariant: partialSight, change: "of two machines of a name, takes one", file: "internal/pool/match.go",
		old: "case len(found) > 1:", new: "case len(found) > 1000:"},
	{invariant: partialSight, change: "a list without its last page is complete", file: "internal/scaleway/list.go",
		old: "if count > length || len(items) == 0 {", new: "if len(items) == 0 {\n\t\t\treturn all, nil\n\t\t}\n\t\tif count > length {"},
	{invariant: partialSight, change: "a list that changes meanwhile is complete", file: "internal/scaleway/list.go",
		old: "if total != length {", new: "if false {"},
	{invariant: hostileInput, change: "participants that cannot be read are 0", file: "internal/bbb/fields.go",
		old: "n, err := parseCount(f.texts[name])\n\tf.fail(name, err)", new: "n, err := parseCount(f.texts[name])\n\tf.fail(name, nil)\n\t_ = err"},
	{invariant: hostileInput, change: "no text is the number 0", file: "internal/bbb/number.go",
		old: "\tdigits := text\n", new: "\tdigits := \"0\" + text\n"},
	{invariant: hostileInput, change: "a load that cannot be read is 0", file: "internal/scalelite/entry.go",
		old: "return pool.Unknown[float64](\"Scalelite says unavailable\"), nil", new: "return pool.Seen(0.0), nil"},

	// The lease and the state.
	{invariant: oneAtATime, change: "a valid lease is taken over", file: "internal/storage/state.go", run: "Lease|State|Lost",
		old: "if doc.Lease != nil && now.Before(doc.Lease.Until) {", new: "if false {"},
	{invariant: oneAtATime, change: "commits for another holder", file: "internal/storage/state.go", run: "Lease|State|Lost",
		old: "if held == nil || held.holder != holder {", new: "if held == nil {"},
	{invariant: oneAtATime, change: "writes whatever was written meanwhile", file: "internal/storage/object.go", run: "Lease|State|Lost",
		old: "in.IfMatch = &etag", new: "in.IfMatch = nil"},
	{invariant: oneAtATime, change: "writes a first state over another's", file: "internal/storage/object.go", run: "Lease|State|Lost",
		old: "in.IfNoneMatch = aws.String(\"*\")", new: "in.IfNoneMatch = nil"},
	{invariant: oneAtATime, change: "a newer schema's state is overwritten", file: "internal/storage/state.go", run: "Lease|State|Lost",
		old: "case version > schema:", new: "case version > 1000*schema:"},
	{invariant: oneAtATime, change: "acts however late it is", file: "internal/cycle/act.go",
		old: "return request.Elapsed() < limit }", new: "return true }"},
	{invariant: oneAtATime, change: "goes on without the lease", file: "internal/cycle/cycle.go",
		old: "return state, fmt.Errorf(\"take the pool's lease: %w\", err)", new: "return state, nil"},

	// Creations.
	{invariant: convergence, change: "creates without listing first", file: "internal/scaleway/create.go",
		old: "if err := c.refuseSecond(ctx, order.Server.Hostname); err != nil {", new: "if err := error(nil); err != nil {"},
	{invariant: convergence, change: "a creation is sent again", file: "handler/retry.go", run: "TestWhatIsTriedAgain",
		old: "\treturn (request.Method == http.MethodGet ||", new: "\treturn true || (request.Method == http.MethodGet ||"},
	{invariant: convergence, change: "the end of a meeting is sent again", file: "handler/retry.go", run: "TestWhatIsTriedAgain",
		old: "!strings.HasSuffix(request.URL.Path, \"/api/end\")", new: "!strings.HasSuffix(request.URL.Path, \"/api/never\")"},
	{invariant: convergence, change: "plans to power on a machine without its user data", file: "internal/scaling/drain.go",
		old: "if s.machine.Detail == pool.Preparing {\n\t\t\t\td.delete(s)", new: "if false {\n\t\t\t\td.delete(s)"},
	{invariant: convergence, change: "powers on a machine without its user data", file: "internal/scaleway/power.go",
		old: "if slices.Contains(server.Tags, preparingTag) {", new: "if false {"},
	{invariant: convergence, change: "volumes lose their trace with their machine", file: "internal/scaleway/delete.go",
		old: "if err := c.tagVolumes(ctx, zone, server); err != nil {", new: "if err := error(nil); err != nil {"},

	// How much at once.
	{invariant: boundedBlast, change: "creations have no limit", file: "internal/scaling/drain.go",
		old: "d.allow(Create, d.config.MaxCreations, s)", new: "d.allow(Create, 1000, s)"},
	{invariant: boundedBlast, change: "deletions have no limit", file: "internal/scaling/drain.go",
		old: "d.allow(Delete, d.config.MaxDeletions, s)", new: "d.allow(Delete, 1000, s)"},
	{invariant: boundedBlast, change: "cordons have no limit", file: "internal/scaling/decide.go",
		old: "d.allow(Cordon, d.config.MaxCordons, s)", new: "d.allow(Cordon, 1000, s)"},
	{invariant: boundedBlast, change: "forced ends have no limit", file: "internal/scaling/drain.go",
		old: "d.allow(EndMeeting, d.config.MaxEnds, s)", new: "d.allow(EndMeeting, 1000, s)"},
	{invariant: boundedBlast, change: "the last server online is cordoned", file: "internal/scaling/choose.go",
		old: "case d.lastOnline(s):", new: "case false:"},
	{invariant: boundedBlast, change: "fewer than the minimum are enough", file: "internal/scaling/required.go",
		old: "limited < minimum {", new: "limited < 0*minimum {"},
	{invariant: boundedBlast, change: "more than the size may be required", file: "internal/scaling/required.go",
		old: "if limited > config.Size {", new: "if false {"},

	// Whose is it?
	{invariant: onlyOurs, change: "another's machine is deleted", file: "internal/scaleway/machines.go",
		old: "if !c.owns(answer.Server) {", new: "if false {"},
	{invariant: onlyOurs, change: "the tag is not asked for", file: "internal/scaleway/machines.go",
		old: "(slices.Contains(server.Tags, c.tag) ||", new: "(true || slices.Contains(server.Tags, c.tag) ||"},
	{invariant: onlyOurs, change: "the project is not asked for", file: "internal/scaleway/machines.go",
		old: "return server.Project == c.project &&", new: "return server.Project != \"\" &&"},
	{invariant: onlyOurs, change: "another's volume is deleted", file: "internal/scaleway/volume.go",
		old: "if project != c.project || !slices.Contains(tags, c.tag) {", new: "if false {"},

	// Secrets.
	{invariant: secrecy, change: "a secret prints itself", file: "internal/pool/secret.go",
		old: "f.Write([]byte(hidden))", new: "f.Write([]byte(s.Reveal()))"},
	{invariant: secrecy, change: "a secret is stored", file: "internal/pool/secret.go",
		old: "{ return []byte(hidden), nil }", new: "{ return []byte(s.Reveal()), nil }"},
	{invariant: secrecy, change: "redirects to another host are followed", file: "handler/clients.go", run: "TestRedirectsElsewhereAreNotFollowed",
		old: "if request.URL.Host != via[0].URL.Host || request.URL.Scheme != via[0].URL.Scheme {", new: "if false {"},
	{invariant: secrecy, change: "the hoster's key follows a redirect", file: "internal/scaleway/guard.go",
		old: "error { return http.ErrUseLastResponse }", new: "error { return nil }"},
	{invariant: secrecy, change: "credentials of the figures follow a redirect", file: "internal/exporter/scrape.go",
		old: "if next.URL.Scheme != origin.Scheme ||", new: "if next.URL.Scheme != origin.Scheme &&"},
	{invariant: secrecy, change: "credentials of the figures go to any host", file: "internal/exporter/scrape.go",
		old: "if endpoint.Hostname() == domain {", new: "if true {"},
	{invariant: secrecy, change: "certificates are not verified", file: "handler/clients.go", run: "TestCertificatesAreVerified",
		old: "&tls.Config{RootCAs: roots,", new: "&tls.Config{InsecureSkipVerify: true, RootCAs: roots,"},
	{invariant: secrecy, change: "any token opens", file: "handler/caller.go", run: "Token",
		old: "subtle.ConstantTimeCompare(first[:], second[:]) == 1", new: "subtle.ConstantTimeCompare(first[:], second[:]) >= 0"},

	// Operators.
	{invariant: inHand, change: "maintenance is ignored", file: "internal/scaling/server.go",
		old: "return s.memory.Maintenance != nil }", new: "return false }"},
	{invariant: inHand, change: "the pause is ignored", file: "internal/scaling/decide.go",
		old: "if hold == nil {", new: "if true {"},
	{invariant: inHand, change: "a dry run acts", file: "internal/cycle/cycle.go",
		old: "if !request.DryRun {\n\t\trecord.Outcomes", new: "if true {\n\t\trecord.Outcomes"},
	{invariant: inHand, change: "a dry run writes", file: "internal/cycle/cycle.go",
		old: "if request.DryRun {\n\t\treturn record, nil", new: "if false {\n\t\treturn record, nil"},
	{invariant: inHand, change: "a drain that is ended gives its recordings up", file: "internal/scaling/server.go",
		old: "return s.memory.EndDrain != nil && s.memory.EndDrain.DiscardRecordings", new: "return s.memory.EndDrain != nil"},
	{invariant: inHand, change: "a drain that was ended ends the next one too", file: "internal/scaling/remember.go",
		old: "memory.EndDrain = nil // the drain that was to end is over", new: ""},
	{invariant: inHand, change: "an order is not written down", file: "handler/order.go",
		old: "state.Interventions = append(state.Interventions, done)", new: "_ = done"},
	{invariant: boundedBlast, change: "a tag's last server counts those of other tags", file: "internal/scaling/choose.go",
		old: "slices.ContainsFunc(d.members(), func(o *server)", new: "slices.ContainsFunc(d.servers, func(o *server)"},
	{invariant: boundedBlast, change: "a roll-out takes all machines at once", file: "internal/scaling/replace.go",
		old: "case draining >= d.config.RollOutParallel:", new: "case false:"},
	{invariant: boundedBlast, change: "a roll-out goes on with a bad image", file: "internal/scaling/replace.go",
		old: "case bad != nil:", new: "case false:"},
}
