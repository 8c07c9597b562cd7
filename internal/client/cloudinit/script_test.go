package cloudinit_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"divims/internal/pool"
)

// Recordings as BBB names them; the third was recorded in pieces.
const (
	lecture = "183f0bf3a0982a127bdb8161e0c44eb696b3e75c-1773651600000"
	seminar = "b6d57eb2a6a4d1c6b1bd8e2cb2f3c6d8a9f1e0d2-1773655200000"
	pieces  = "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567-1773658800000"
	piece   = pieces + "-1773660000000"
)

// recordingCases are trees of recordings, as lists of paths, with the counts that the
// script must write. Stages that are not listed must be 0.
var recordingCases = map[string]struct {
	tree            []string
	backlog, failed map[string]int
}{
	"nothing at all": {},
	"a recorded meeting has ended": {
		tree: []string{"status/recorded/" + lecture + ".done"}, backlog: map[string]int{"recorded": 1},
	},
	"events of two meetings must be kept": {
		tree: []string{"status/ended/" + lecture + ".done", "status/ended/" + seminar + ".done"}, backlog: map[string]int{"ended": 2},
	},
	"being archived": {
		tree: []string{"raw/" + lecture + "/"}, backlog: map[string]int{"raw": 1},
	},
	"archived": {
		tree: []string{"raw/" + lecture + "/", "status/archived/" + lecture + ".done"}, backlog: map[string]int{"archived": 1},
	},
	"nobody pressed the record button": {
		tree: []string{"raw/" + lecture + "/", "status/archived/" + lecture + ".norecord"},
	},
	"nobody pressed it, but BBB checked the recording": {
		tree: []string{"raw/" + lecture + "/", "status/archived/" + lecture + ".norecord", "status/sanity/" + lecture + ".done"},
	},
	"archiving failed": {
		tree: []string{"raw/" + lecture + "/", "status/archived/" + lecture + ".fail"}, failed: map[string]int{"archived": 1},
	},
	"checked": {
		tree: through("sanity"), backlog: map[string]int{"sanity": 1},
	},
	"the check failed": {
		tree: append(through("archived"), "status/sanity/"+lecture+".fail"), failed: map[string]int{"sanity": 1},
	},
	"processed": {
		tree: through("processed"), backlog: map[string]int{"processed": 1},
	},
	"processed in two formats, one of them published": {
		tree:    append(through("published"), "status/processed/"+lecture+"-video.done"),
		backlog: map[string]int{"processed": 1, "published": 1},
	},
	"processed in two formats": {
		tree: append(through("processed"), "status/processed/"+lecture+"-video.done"), backlog: map[string]int{"processed": 1},
	},
	"processing failed in one format": {
		tree:   append(through("sent"), "status/processed/"+lecture+"-video.fail"),
		failed: map[string]int{"processed": 1},
	},
	"processing failed": {
		tree: append(through("sanity"), "status/processed/"+lecture+"-presentation.fail"), failed: map[string]int{"processed": 1},
	},
	"published": {
		tree: through("published"), backlog: map[string]int{"published": 1},
	},
	"published in two formats": {
		tree: append(through("published"), "status/processed/"+lecture+"-video.done", "status/published/"+lecture+"-video.done"), backlog: map[string]int{"published": 1},
	},
	"publishing failed": {
		tree: append(through("processed"), "status/published/"+lecture+"-presentation.fail"), failed: map[string]int{"published": 1},
	},
	"sent": {
		tree: through("sent"),
	},
	"sent, in a format with a dash": {
		tree: append(through("sent"), "status/processed/"+lecture+"-slides-hd.done", "status/published/"+lecture+"-slides-hd.done"),
	},
	"sent, and its raw files are gone": {
		tree: through("sent")[1:],
	},
	"sent and deleted, all but one mark": {
		tree: []string{"status/published/" + lecture + "-sender.done"},
	},
	"published, and only that mark is left": {
		tree: []string{"status/published/" + lecture + "-presentation.done"}, backlog: map[string]int{"published": 1},
	},
	"a piece is checked while the meeting continues": {
		tree:    []string{"raw/" + pieces + "/", "status/archived/" + piece + ".done", "status/sanity/" + piece + ".done"},
		backlog: map[string]int{"raw": 1, "sanity": 1},
	},
	"a piece is processed, and the rest is checked": {
		tree: []string{"raw/" + pieces + "/", "status/archived/" + piece + ".done", "status/sanity/" + piece + ".done",
			"status/processed/" + piece + "-presentation.done", "status/published/" + piece + "-presentation.done", "status/published/" + piece + "-sender.done",
			"status/archived/" + pieces + ".done", "status/sanity/" + pieces + ".done"},
		backlog: map[string]int{"sanity": 1},
	},
	"several at once": {
		tree: append(through("sent"), "status/recorded/"+seminar+".done", "raw/"+pieces+"/", "status/archived/"+seminar+".done",
			"status/sanity/"+seminar+".done", "status/published/"+pieces+"-video.fail"),
		backlog: map[string]int{"recorded": 1, "raw": 1, "sanity": 1}, failed: map[string]int{"published": 1},
	},
	"files that are not BBB's": {
		tree: []string{"raw/lost+found/", "raw/.snapshot/", "status/recorded/.nfs000.done", "status/archived/README", "status/sanity/" + lecture + ".done~"},
	},
	"strange names": {
		tree:    []string{"raw/a b'\"$(reboot)/", "raw/-rf/", "raw/complete/", "status/recorded/*.done", "status/recorded/\\.done", "status/recorded/%s.done"},
		backlog: map[string]int{"raw": 3, "recorded": 3},
	},
}

// through returns the paths that a recording leaves until it reaches a stage.
func through(stage string) []string {
	paths := []string{"raw/" + lecture + "/", "status/archived/" + lecture + ".done", "status/sanity/" + lecture + ".done",
		"status/processed/" + lecture + "-presentation.done", "status/published/" + lecture + "-presentation.done", "status/published/" + lecture + "-sender.done"}
	n := map[string]int{"archived": 2, "sanity": 3, "processed": 4, "published": 5, "sent": 6}[stage]
	return paths[:n:n]
}

// brokenCases break the tree of "several at once". They list the stages that the script
// must then leave out.
var brokenCases = map[string]struct {
	broken          func(t *testing.T, root string)
	backlog, failed []string
}{
	"no folder of recorded meetings": {gone("status/recorded"), []string{"recorded"}, nil},
	"no folder of ended meetings":    {gone("status/ended"), []string{"ended"}, nil},
	"no raw folder":                  {gone("raw"), []string{"raw"}, nil},
	"no folder of archived ones":     {gone("status/archived"), []string{"raw", "archived", "sanity"}, []string{"archived"}},
	"no folder of checked ones":      {gone("status/sanity"), []string{"archived", "sanity"}, []string{"sanity"}},
	"no folder of processed ones":    {gone("status/processed"), []string{"sanity", "processed"}, []string{"processed"}},
	"no folder of published ones":    {gone("status/published"), []string{"processed", "published"}, []string{"published"}},
	"no marks at all":                {gone("status"), allBut(pool.BacklogStages[:], "queued"), pool.FailureStages[:]},
	"a file instead of a folder":     {filed("status/archived"), []string{"raw", "archived", "sanity"}, []string{"archived"}},
	"an unreadable folder":           {locked("status/published"), []string{"processed", "published"}, []string{"published"}},
	"an unreadable raw folder":       {locked("raw"), []string{"raw"}, nil},
	"a dangling link":                {loose("status/recorded"), []string{"recorded"}, nil},
}

func gone(path string) func(*testing.T, string) {
	return func(t *testing.T, root string) { must(t, os.RemoveAll(filepath.Join(root, path))) }
}

func filed(path string) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		gone(path)(t, root)
		must(t, os.WriteFile(filepath.Join(root, path), nil, 0o644))
	}
}

func locked(path string) func(*testing.T, string) {
	return func(t *testing.T, root string) { must(t, os.Chmod(filepath.Join(root, path), 0)) }
}

func loose(path string) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		gone(path)(t, root)
		must(t, os.Symlink("/does/not/exist", filepath.Join(root, path)))
	}
}

func allBut(stages []string, one string) []string {
	var others []string
	for _, stage := range stages {
		if stage != one {
			others = append(others, stage)
		}
	}
	return others
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plant creates BBB's folders and a tree of recordings below root. Paths that end with a
// slash are folders.
func plant(t *testing.T, root string, tree []string) {
	t.Helper()
	folders := []string{"raw", "status/recorded", "status/ended", "status/archived", "status/sanity", "status/processed", "status/published"}
	for _, folder := range folders {
		must(t, os.MkdirAll(filepath.Join(root, folder), 0o755))
	}
	for _, path := range tree {
		if strings.HasSuffix(path, "/") {
			must(t, os.Mkdir(filepath.Join(root, path), 0o755))
		} else {
			must(t, os.WriteFile(filepath.Join(root, path), nil, 0o644))
		}
	}
}

// server is a folder with everything that the script reads and calls: recordings, a
// release file, and commands that the test scripts.
type server struct {
	t      *testing.T
	folder string
}

// stockSteps are the steps as BBB has them.
const stockSteps = `bbb_version: '3.0.4'
redis_host: 127.0.0.1
steps:
  archive: 'sanity'
  sanity: 'captions'
  captions: 'process:presentation'
  'process:presentation': 'publish:presentation'
`

// newServer returns a healthy server without recordings.
func newServer(t *testing.T) *server {
	t.Helper()
	for _, command := range []string{"dash", "awk", "flock"} {
		if _, err := exec.LookPath(command); err != nil {
			t.Skipf("the script needs Debian's %s", command)
		}
	}
	s := &server{t, t.TempDir()}
	plant(t, s.path("recording"), nil)
	must(t, os.Mkdir(s.path("bin"), 0o755))
	must(t, os.Mkdir(s.path("out"), 0o777))
	must(t, os.WriteFile(s.path("release"), []byte("BIGBLUEBUTTON_RELEASE=3.0.4\n"), 0o644))
	must(t, os.WriteFile(s.path("bigbluebutton.yml"), []byte(stockSteps), 0o644))
	s.command("redis-cli", "echo 0; echo 0")
	s.command("systemctl", `shift; for unit in "$@"; do echo active; done`)
	s.command("curl", "echo '<response><returncode>SUCCESS</returncode></response>'")
	return s
}

func (s *server) path(name string) string { return filepath.Join(s.folder, name) }

// command creates a command that is used instead of the system's.
func (s *server) command(name, script string) {
	s.t.Helper()
	must(s.t, os.WriteFile(s.path("bin/"+name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

// nobody is the user that runs the script if the tests run as root, who may read all files.
const nobody = 65534

// run runs the script and returns the page that it wrote, or "" if there is none.
func (s *server) run(settings ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "dash", "files/divims-stats")
	cmd.Env = append([]string{"PATH=" + s.path("bin") + ":" + os.Getenv("PATH"), "DIVIMS_DOMAIN=bbb-w3.example.com",
		"DIVIMS_RECORDING=" + s.path("recording"), "DIVIMS_STEPS=" + s.path("recording.yml") + " " + s.path("bigbluebutton.yml"),
		"DIVIMS_TEXTFILE=" + s.path("out/divims.prom"), "DIVIMS_RELEASE=" + s.path("release")}, settings...)
	if os.Geteuid() == 0 {
		must(s.t, os.Chmod(filepath.Dir(s.folder), 0o755))
		must(s.t, filepath.WalkDir(s.folder, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, nobody, nobody)
		}))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	return s.written()
}

func (s *server) written() string {
	s.t.Helper()
	text, err := os.ReadFile(s.path("out/divims.prom"))
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return string(text)
}

// counts returns the values of a recordings metric by stage.
func counts(page, metric string) map[string]int {
	found := map[string]int{}
	for _, line := range regexp.MustCompile(`(?m)^`+metric+`\{stage="(\w+)"\} (\d+)$`).FindAllStringSubmatch(page, -1) {
		found[line[1]], _ = strconv.Atoi(line[2])
	}
	return found
}

// all returns counted, with 0 for all other stages.
func all(stages []string, counted map[string]int) map[string]int {
	every := map[string]int{}
	for _, stage := range stages {
		every[stage] = 0
	}
	maps.Copy(every, counted)
	return every
}

// failures are the stages at which the script counts failures.
var failures = append(pool.FailureStages[:], "jobs")

func TestRecordingsAreCountedByStage(t *testing.T) {
	for name, c := range recordingCases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			plant(t, s.path("recording"), c.tree)
			page := s.run()
			if got, want := counts(page, "divims_recordings_backlog"), all(pool.BacklogStages[:], c.backlog); !maps.Equal(got, want) {
				t.Errorf("backlog %v, want %v", got, want)
			}
			if got, want := counts(page, "divims_recordings_failed"), all(failures, c.failed); !maps.Equal(got, want) {
				t.Errorf("failed %v, want %v", got, want)
			}
			if work := counts(s.run("DIVIMS_SHIPPED=no"), "divims_recordings_backlog")["published"]; work != 0 {
				t.Errorf("%d published recordings count as not sent, want 0 with DIVIMS_SHIPPED=no", work)
			}
		})
	}
}

func TestUnreadableStagesAreLeftOut(t *testing.T) {
	for name, c := range brokenCases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			plant(t, s.path("recording"), recordingCases["several at once"].tree)
			c.broken(t, s.path("recording"))
			page := s.run()
			checkLeftOut(t, counts(page, "divims_recordings_backlog"), pool.BacklogStages[:], c.backlog)
			checkLeftOut(t, counts(page, "divims_recordings_failed"), failures, c.failed)
			if !strings.Contains(page, "\ndivims_stats_timestamp_seconds ") {
				t.Errorf("the timestamp is missing:\n%s", page)
			}
		})
	}
}

// checkLeftOut checks that got has all stages but those in leftOut.
func checkLeftOut(t *testing.T, got map[string]int, stages, leftOut []string) {
	t.Helper()
	for _, stage := range leftOut {
		if n, found := got[stage]; found {
			t.Errorf("the stage %s has %d, but it cannot be read", stage, n)
		}
	}
	if len(got) != len(stages)-len(leftOut) {
		t.Errorf("counts are %v; want all of %v without %v", got, stages, leftOut)
	}
}

func TestJobsInRedis(t *testing.T) {
	alive := strconv.Itoa(os.Getpid())
	const dead = "99999999" // above the largest number of a process
	for name, c := range map[string]struct {
		script       string
		jobs, failed int
		known        bool
		redis        string
	}{
		"none":                            {"echo 0; echo 0", 0, 0, true, ""},
		"seven":                           {"echo 7; echo 0", 7, 0, true, ""},
		"two that failed":                 {"echo 0; echo 2", 0, 2, true, ""},
		"a busy worker":                   {"echo 7; echo 0; echo bbb-w3:" + alive + ":rap:archive,rap:process", 8, 0, true, ""},
		"a busy worker that was killed":   {"echo 7; echo 0; echo bbb-w3:" + dead + ":rap:archive,rap:process", 7, 0, true, ""},
		"one killed, two busy":            {"echo 1; echo 1; echo a:" + dead + ":q; echo a:" + alive + ":q; echo b:" + alive + ":q", 3, 1, true, ""},
		"a busy worker without a process": {"echo 0; echo 0; echo worker", 1, 0, true, ""},
		"a worker of another host":        {"echo 0; echo 0; echo other:" + dead + ":q", 1, 0, true, "redis://redis.example.com:6379"},
		"a password and no other host":    {"echo 0; echo 0; echo other:" + dead + ":q", 0, 0, true, "redis://:secret@localhost:6379/0"},
		"no connection":                   {"echo 'Could not connect to Redis' >&2; exit 1", 0, 0, false, ""},
		"no password":                     {"echo 'NOAUTH Authentication required.'", 0, 0, false, ""},
		"still loading":                   {"echo 'LOADING Redis is loading the dataset in memory'", 0, 0, false, ""},
		"nothing":                         {":", 0, 0, false, ""},
		"half of the answer":              {"echo 0", 0, 0, false, ""},
		"an answer that breaks off":       {"echo 0; echo 0; exit 124", 0, 0, false, ""},
		"a number and text":               {"echo '3 (error)'; echo 0", 0, 0, false, ""},
		"a negative number":               {"echo -1; echo 0", 0, 0, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.command("redis-cli", c.script)
			var settings []string
			if c.redis != "" {
				settings = []string{"DIVIMS_REDIS=" + c.redis}
			}
			page := s.run(settings...)
			if got, known := counts(page, "divims_recordings_backlog")["queued"]; got != c.jobs || known != c.known {
				t.Errorf("%d jobs, known %v; want %d, %v", got, known, c.jobs, c.known)
			}
			if got, known := counts(page, "divims_recordings_failed")["jobs"]; got != c.failed || known != c.known {
				t.Errorf("%d failed jobs, known %v; want %d, %v", got, known, c.failed, c.known)
			}
		})
	}
}

const videoSteps = `steps:
  archive: "sanity"
  sanity: "captions"
  captions:
    - process:presentation
    - process:video # since the summer
  process:presentation: publish:presentation
  process:video: publish:video
`

// formatCases have a recording whose presentation was sent. Its video's job was killed
// without a mark, so that no figure but its missing mark shows it.
var formatCases = map[string]struct {
	override string // recording.yml; missing if empty
	tree     []string
	events   string // events.xml of the recording
	sanity   int
}{
	"only the presentation":         {"", nil, "", 0},
	"the video is missing":          {videoSteps, nil, "", 1},
	"the video is processed":        {videoSteps, []string{"status/processed/" + lecture + "-video.done", "status/published/" + lecture + "-video.done"}, "", 0},
	"the video failed":              {videoSteps, []string{"status/processed/" + lecture + "-video.fail"}, "", 0},
	"another format was processed":  {videoSteps, []string{"status/processed/" + lecture + "-video-hd.done", "status/published/" + lecture + "-video-hd.done"}, "", 1},
	"quoted steps":                  {"steps:\n  'captions':\n    - 'process:presentation'\n    - \"process:video\"\n", nil, "", 1},
	"steps in one line":             {"steps: {captions: ['process:presentation', 'process:video'], 'process:video': 'publish:video'}\n", nil, "", 1},
	"a step that no other leads to": {"steps:\n  captions: 'process:presentation'\n  'process:video': 'publish:video'\n  process:notes: publish:notes\n", nil, "", 0},
	"a step in a comment":           {"steps:\n  captions:\n    - process:presentation\n  # - process:video\n", nil, "", 0},
	"the word outside the steps":    {"notes: process:video\nsteps:\n  captions: process:presentation\nother:\n  - process:video\n", nil, "", 0},
	"a file without steps":          {"playback_host: bbb-w3.example.com\n", nil, "", 0},
	"no format at all":              {"steps:\n  archive: sanity\n", nil, "", 0},
	"created without video":         {videoSteps, nil, `<metadata isBreakout="false" bbb-disable-recording-formats="[notes, Video]" meetingId="x"/>`, 0},
	"created without notes":         {videoSteps, nil, `<metadata bbb-disable-recording-formats="notes,videos"/>`, 1},
	"created with all":              {videoSteps, nil, `<metadata bbb-disable-recording-formats=""/>`, 1},
}

func TestEveryFormatOfTheStepsCounts(t *testing.T) {
	for name, c := range formatCases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			plant(t, s.path("recording"), append(through("sent"), c.tree...))
			if c.override != "" {
				must(t, os.WriteFile(s.path("recording.yml"), []byte(c.override), 0o644))
			}
			if c.events != "" {
				events := "<?xml version=\"1.0\"?>\n<recording>\n  <meeting/>\n  " + c.events + "\n</recording>\n"
				must(t, os.WriteFile(s.path("recording/raw/"+lecture+"/events.xml"), []byte(events), 0o644))
			}
			want := all(pool.BacklogStages[:], map[string]int{"sanity": c.sanity})
			if got := counts(s.run(), "divims_recordings_backlog"); !maps.Equal(got, want) {
				t.Errorf("backlog %v, want %v", got, want)
			}
		})
	}
}

func TestUnknownStepsAreLeftOut(t *testing.T) {
	for name, change := range map[string]func(s *server){
		"no file": func(s *server) { must(s.t, os.Remove(s.path("bigbluebutton.yml"))) },
		"no steps in any file": func(s *server) {
			must(s.t, os.WriteFile(s.path("bigbluebutton.yml"), []byte("redis_port: 6379\n"), 0o644))
		},
		"a file that is unreadable": func(s *server) { must(s.t, os.WriteFile(s.path("recording.yml"), []byte(videoSteps), 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			change(s)
			checkLeftOut(t, counts(s.run(), "divims_recordings_backlog"), pool.BacklogStages[:], []string{"sanity"})
		})
	}
}

func TestMachineInfo(t *testing.T) {
	const id = "3f8b2c14-9d6e-4a51-b7c0-1e2d3c4b5a69"
	const conf = `case $* in *http://169.254.42.42/conf*) printf 'NAME=bbb-w3\nVOLUMES_0_ID=1\nID=` + id + `\nZONE=fr-par-1\n' ;; *http*) exit 7 ;; esac`
	for name, c := range map[string]struct {
		curl string
		want bool
	}{
		"the metadata answer":            {conf, true},
		"with quotes":                    {strings.ReplaceAll(conf, "ID="+id, `ID="`+id+`"`), true},
		"over IPv6 only":                 {strings.ReplaceAll(conf, "169.254.42.42", `'[fd00:42::42]'`), true},
		"nobody answers":                 {"exit 7", false},
		"another service answers":        {"echo '<html>ID=" + id + "</html>'", false},
		"an id that could end the label": {`printf 'ID=1"} 1\n'`, false},
		"the id of something else":       {strings.ReplaceAll(conf, "ID="+id, "IMAGE_ID="+id), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.command("curl", c.curl)
			page := s.run()
			if got := strings.Contains(page, "\ndivims_machine_info{id=\""+id+"\"} 1\n"); got != c.want || strings.Contains(page, "divims_machine_info{") != c.want {
				t.Errorf("want the id: %v, in\n%s", c.want, page)
			}
		})
	}
}

// TestAddressInfo has what ip prints, with the addresses that are listed.
func TestAddressInfo(t *testing.T) {
	const shown = `printf '1: lo    inet6 ::1/128 scope host noprefixroute \\       valid_lft forever preferred_lft forever\n'
printf '2: ens2    inet6 2001:db8:1:2:dc00:ff:fed1:4585/64 scope global dynamic mngtmpaddr \\       valid_lft 100sec preferred_lft 100sec\n'
`
	for name, c := range map[string]struct {
		ip   string
		want []string
	}{
		"without the first address":    {shown, []string{"::1", "2001:db8:1:2:dc00:ff:fed1:4585"}},
		"with the first address":       {shown + `printf '2: ens2    inet6 2001:db8:1:2::1/128 scope global \\       valid_lft forever preferred_lft forever\n'`, []string{"::1", "2001:db8:1:2:dc00:ff:fed1:4585", "2001:db8:1:2::1"}},
		"one that is not answered yet": {shown + `printf '2: ens2    inet6 2001:db8:1:2::1/128 scope global tentative \\       valid_lft forever preferred_lft forever\n'`, []string{"::1", "2001:db8:1:2:dc00:ff:fed1:4585"}},
		"there is no ip":               {"exit 127", nil},
	} {
		s := newServer(t)
		s.command("ip", c.ip)
		page := s.run()
		var got []string
		for _, line := range regexp.MustCompile(`(?m)^divims_address_info\{address="(.*)"\} 1$`).FindAllStringSubmatch(page, -1) {
			got = append(got, line[1])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestFirstIPv6Address has answers of the metadata service with the addresses that
// divims-ipv6 sets.
func TestFirstIPv6Address(t *testing.T) {
	const both = `echo '{"public_ips":[{"address":"192.0.2.7","netmask":"32","family":"inet"},{"address":"2001:db8:1:2:dc00:ff:fed1:4585","netmask":"64","family":"inet6"}]}'`
	const set = "-6 address replace 2001:db8:1:2::1/128 dev ens2\n"
	for name, c := range map[string]struct {
		curl, link string
		want       string
		fails      bool
	}{
		"a network":                   {both, "ens2", set, false},
		"a short form of the network": {strings.ReplaceAll(both, "2001:db8:1:2:", "2001:db8::"), "ens2", strings.ReplaceAll(set, "2001:db8:1:2::1", "2001:db8::1"), false},
		"over IPv6 only":              {"case $* in *169.254*) exit 7 ;; esac; " + both, "ens2", set, false},
		"no link has an address yet":  {both, "", "", true},
		"no IPv6":                     {`echo '{"public_ips":[{"address":"192.0.2.7","netmask":"32"}]}'`, "ens2", "", false},
		"no addresses":                {`echo '{"public_ips":null}'`, "ens2", "", false},
		"nobody answers":              {"exit 7", "ens2", "", true},
		"another service answers":     {"echo '<html></html>'", "ens2", "", true},
	} {
		s := newServer(t)
		s.command("curl", c.curl)
		s.command("ip", `case $* in *replace*) echo "$@" >>`+s.path("calls")+` ;; *) [ -z "`+c.link+`" ] || echo "2: `+c.link+`    inet6 x/64" ;; esac`)
		cmd := exec.CommandContext(t.Context(), "dash", "files/divims-ipv6")
		cmd.Env = []string{"PATH=" + s.path("bin") + ":" + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		calls, _ := os.ReadFile(s.path("calls"))
		if (err != nil) != c.fails || string(calls) != c.want {
			t.Errorf("%s: %v, %s; it calls ip %q, want %q", name, err, out, calls, c.want)
		}
	}
}

func TestProbe(t *testing.T) {
	const success = "divims_probe_success 1\n"
	const failure = "divims_probe_success 0\n"
	for name, c := range map[string]struct {
		command, script, want string // want is "" if the probe must be left out
	}{
		"all is well":              {"true", "", success},
		"a unit is down":           {"systemctl", `printf 'active\nactive\nfailed\nactive\nactive\nactive\n'; exit 3`, failure},
		"a unit is reloading":      {"systemctl", `printf 'reloading\nactive\nactive\nactive\nactive\nactive\n'`, success},
		"a unit is starting":       {"systemctl", `printf 'activating\nactive\nactive\nactive\nactive\nactive\n'`, failure},
		"systemd does not answer":  {"systemctl", `echo 'Failed to connect to bus' >&2; exit 1`, ""},
		"the API fails":            {"curl", `echo '<response><returncode>FAILED</returncode></response>'`, failure},
		"nginx has an error page":  {"curl", `echo '<html>502 Bad Gateway</html>'`, failure},
		"curl cannot connect":      {"curl", "exit 7", failure},
		"nginx is not on loopback": {"curl", `case $* in *--resolve*) exit 7 ;; esac; echo '<returncode>SUCCESS</returncode>'`, success},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.command(c.command, c.script)
			page := s.run()
			if strings.Contains(page, "divims_probe") != (c.want != "") || !strings.Contains(page, c.want) {
				t.Errorf("want %q in\n%s", c.want, page)
			}
			if c.want != "" && !strings.Contains(page, "\ndivims_probe_timestamp_seconds 1") {
				t.Errorf("the probe has no time:\n%s", page)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	for release, want := range map[string]string{
		"BIGBLUEBUTTON_RELEASE=3.0.4\n":                              "3.0.4",
		"# BBB\nBIGBLUEBUTTON_RELEASE=\"2.7.0-rc.1\"\nX=1\n":         "2.7.0-rc.1",
		"BIGBLUEBUTTON_RELEASE=3.0.4\nBIGBLUEBUTTON_RELEASE=3.0.5\n": "3.0.4",
		"BIGBLUEBUTTON_RELEASE=3\"} 1\n":                             "",
		"BIGBLUEBUTTON_RELEASE=\n":                                   "",
		"BIGBLUEBUTTON_RELEASE=" + strings.Repeat("3", 41) + "\n":    "",
		"": "",
	} {
		s := newServer(t)
		must(t, os.WriteFile(s.path("release"), []byte(release), 0o644))
		page := s.run()
		found := regexp.MustCompile(`(?m)^divims_bbb_info\{version="(.*)"\} 1$`).FindStringSubmatch(page)
		if got := strings.Join(append(found, "", "")[1:2], ""); got != want || strings.Contains(page, "divims_bbb_info{") != (want != "") {
			t.Errorf("%q has the version %q; want %q", release, got, want)
		}
	}
}

func TestOverlappingRunWritesNothing(t *testing.T) {
	s := newServer(t)
	before := s.run()
	lock, err := os.Open(s.path("out/divims.prom.lock"))
	must(t, err)
	defer func() { _ = lock.Close() }()
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	plant(t, s.path("recording"), []string{"raw/" + lecture + "/"})
	if got := s.run(); got != before {
		t.Errorf("the script wrote during another run:\n%s", got)
	}
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_UN))
	if got := counts(s.run(), "divims_recordings_backlog")["raw"]; got != 1 {
		t.Errorf("%d raw recordings after the other run; want 1", got)
	}
}

// The timestamp is taken before anything is read, and the file appears when it is complete.
func TestTimestampIsTheBeginningOfTheRun(t *testing.T) {
	s := newServer(t)
	s.command("date", `[ -e "$DIVIMS_TEXTFILE.lock" ] && [ ! -e "$DIVIMS_TEXTFILE.new" ] && echo 1773651600 || echo 0`)
	s.command("curl", `[ ! -e "$DIVIMS_TEXTFILE" ] && echo '<returncode>SUCCESS</returncode>'`)
	page := s.run()
	if !strings.HasSuffix(page, "\ndivims_stats_timestamp_seconds 1773651600\n") {
		t.Errorf("the last line is not the time of the beginning:\n%s", page)
	}
	if !strings.Contains(page, "divims_probe_success 1\n") {
		t.Errorf("the file existed before the probe:\n%s", page)
	}
}
