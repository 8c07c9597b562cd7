package fact_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

var (
	paris   = time.FixedZone("CET", 3600)
	morning = time.Date(2026, 3, 17, 9, 20, 30, 0, time.UTC)
)

// nbsp replaces the blanks that no line is broken at, for tests that can be read.
func nbsp(text string) string { return strings.ReplaceAll(text, "\u00a0", "~") }

// TestTextInBothLanguages has each kind of value.
func TestTextInBothLanguages(t *testing.T) {
	for _, c := range []struct {
		text            fact.Text
		english, french string
	}{
		{fact.New("it was rebooted at %s", morning), "it was rebooted at Tue 2026-03-17 10:20 CET", "redémarré le 17/03/2026 à 10:20 CET"},
		{fact.New("it has answered nobody for %s", 52*time.Hour+5*time.Minute), "it has answered nobody for 2d4h5m", "il n’a répondu à personne depuis 2~j~4~h~5~min"},
		{fact.New("%s with %s", fact.Count(1, "meeting"), fact.Count(12, "participant")), "1 meeting with 12 participants", "1~réunion avec 12~participants"},
		{fact.New("%s with %s", fact.Count(0, "meeting"), fact.Count(0, "participant")), "0 meetings with 0 participants", "0~réunion avec 0~participant"},
		{fact.New("short of %s; %s", fact.Count(1.5, "server"), fact.New("it starts")), "short of 1.5 servers; it starts", "il manque 1,5~serveur~; il démarre"},
		{fact.New("its machine is %s", pool.Stopped), "its machine is stopped", "sa machine est arrêtée"},
		{fact.New("its entry is %q", pool.Cordoned), `its entry is "cordoned"`, "état de son entrée~: «~en retrait~»"},
		{fact.New("server %d is up already", 3), "server 3 is up already", "le serveur 3 est déjà prêt"},
		{fact.New("%s made from an older image: %s; %s", fact.Count(12, "machine"), fact.Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, fact.New("at any hour")),
			"12 machines made from an older image: servers 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more; at any hour",
			"12~machines d’une image plus ancienne~: serveurs 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 et 2 autres~; à toute heure"},
		{fact.New("%s of server %d not done %s after the meeting, the oldest for %s; DiViMS keeps the machine", fact.Count(2, "recording"), 7, 24*time.Hour, 50*time.Hour),
			"2 recordings of server 7 not done 1d after the meeting, the oldest for 2d2h; DiViMS keeps the machine",
			"traitement inachevé 1~j après la réunion~: 2~enregistrements du serveur 7, le plus ancien depuis 2~j~2~h~; DiViMS garde la machine"},
		{fact.New("not everything that is to be done was done at once: %s", fact.List{fact.New("everything: paused by %s", "Ada"), fact.New("more machines: %s", fact.Verbatim("no answer"))}),
			"not everything that is to be done was done at once: everything: paused by Ada; more machines: no answer",
			"tout n’a pas pu être fait en une seule fois~: tout~: mis en pause par Ada~; nouvelles machines~: no answer"},
		{fact.New("no form like this: %s", morning), "no form like this: Tue 2026-03-17 10:20 CET", "no form like this: Tue 2026-03-17 10:20 CET"},
		{fact.Verbatim("HTTP 503: 100% busy"), "HTTP 503: 100% busy", "HTTP 503: 100% busy"},
		{fact.Text{}, "", ""},
	} {
		if got := c.text.In(fact.English, paris); got != c.english {
			t.Errorf("English %q, want %q", got, c.english)
		}
		if got := nbsp(c.text.In(fact.French, paris)); got != c.french {
			t.Errorf("French %q, want %q", got, c.french)
		}
	}
	if got := fact.New("it was rebooted at %s", morning).In(fact.French, nil); got != "redémarré le 17/03/2026 à 09:20 UTC" {
		t.Errorf("without a zone: %q", got)
	}
}

// TestFactsAreFoundByTheirEnglish checks that what was written as JSON says the same in both
// languages when it is read.
func TestFactsAreFoundByTheirEnglish(t *testing.T) {
	texts := []fact.Text{
		fact.New("it was rebooted at %s", morning), fact.New("it has answered nobody for %s", 0*time.Second), fact.New("server %d is up already", 3),
		fact.New("%s with %s", fact.Count(1, "meeting"), fact.Count(0.25, "participant")), fact.New("its entry is %q", pool.Cordoned),
		fact.New("more machines: %s", fact.New("at any hour")), fact.New("more machines: %s", fact.New("%g and %v", 2.5, true)),
		fact.New("more machines: %s", fact.List{fact.New("it starts"), fact.Verbatim("42")}), fact.New("more machines: %s", fact.Numbers{1, 2}),
		fact.New("more machines: %s", fact.Text{}), fact.New("more machines: %s", fact.Numbers{}), fact.New("more machines: %s", fact.List{}), fact.New("more machines: %s", ""),
		fact.New("more machines: %s", errors.New("no answer")), fact.New("everything: paused by %s", `{"word":"stopped"}`),
	}
	text, err := json.Marshal(fact.Collect(texts...))
	if err != nil {
		t.Fatal(err)
	}
	var read fact.Facts
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	book := fact.NewBook(read)
	for _, want := range texts {
		found := book.Find(want.String())
		for _, language := range []fact.Language{fact.English, fact.French} {
			if found.In(language, paris) != want.In(language, paris) {
				t.Errorf("%s: %q, want %q", language, found.In(language, paris), want.In(language, paris))
			}
		}
		if again := book.Of(fact.Verbatim(want.String())); !reflect.DeepEqual(again, found) {
			t.Errorf("%q is not found as a text", want)
		}
	}
}

func TestOnlyWhatIsNeededIsStored(t *testing.T) {
	starts, rebooted := fact.New("it starts"), fact.New("it was rebooted at %s", morning)
	facts := fact.Collect(starts, fact.Text{}, fact.Verbatim("no answer"), fact.New("%s", errors.New("no answer")), rebooted, rebooted, fact.New("%s", rebooted))
	if len(facts) != 1 || facts[0].String() != rebooted.String() {
		t.Errorf("stored: %v", facts)
	}
	var book fact.Book
	const advice = "Correct the event in the calendar: its summary needs a line users=500, or users=40% with at most 100%."
	for english, french := range map[string]string{
		"it starts": "il démarre",
		advice:      "Corrigez l’événement dans le calendrier~: son résumé doit contenir une ligne users=500, ou users=40% avec 100% au plus.",
		"no answer": "no answer",
	} {
		if got := nbsp(book.Find(english).In(fact.French, nil)); got != french {
			t.Errorf("%q: %q, want %q", english, got, french)
		}
	}
}

func TestUnknownFactsAreLeftOut(t *testing.T) {
	var facts fact.Facts
	text := `[{"form":"a %s","values":[{"colour":"red"}]},7,{"form":"expires in %s","values":[{"duration":"long"}]},{"form":"server %d is up already","values":[3]},{"form":"%d %s"}]`
	if err := json.Unmarshal([]byte(text), &facts); err != nil {
		t.Fatal(err)
	}
	if len(facts) != 2 || facts[0].String() != "server 3 is up already" {
		t.Errorf("read: %v", facts)
	}
	_ = facts[1].In(fact.French, nil) // a form without its values does not panic
	if err := json.Unmarshal([]byte(`"x"`), &facts); err == nil {
		t.Error("a string was read as facts")
	}
}
