package world

import (
	"errors"
	"testing"
	"time"
)

// renewed is the certificate of the first server without a fault.
var renewed = Certificate{Domain: "bbb-w1.example.com"}

func (s story) spoil(fault CertificateFault) (renew func()) {
	s.Helper()
	renew, err := s.SpoilCertificate(1, fault)
	s.must(err)
	return renew
}

// TestSpoiledCertificate has a certificate for another name, and one that expires. What is
// shown stays with the server. Scalelite does not trust it; we decide for ourselves.
func TestSpoiledCertificate(t *testing.T) {
	story := newStory(t, 2, 1, nil)
	expect(story, "certificate", story.Certificate(story.domain(1)), renewed)
	expires := ten.Add(10 * time.Minute)
	renew := story.spoil(CertificateFault{Expires: expires})
	expect(story, "certificate", story.Certificate(story.domain(1)), Certificate{Domain: renewed.Domain, Expires: expires})
	story.at(9 * time.Minute)
	expect(story, "online before the expiry", story.entry(1).Online, true)
	story.at(13 * time.Minute)
	expect(story, "online after it", story.entry(1).Online, false)
	expect(story, "contact", story.contactOf(1), Answers)
	story.must(story.Reboot(story.Machines()[0].ID))
	story.at(30 * time.Minute)
	expect(story, "online after a reboot", story.entry(1).Online, false)

	other := story.spoil(CertificateFault{WrongName: true})
	renew()
	expect(story, "certificate", story.Certificate(story.domain(1)), Certificate{Domain: renewed.Domain, WrongName: true})
	other()
	story.at(32 * time.Minute)
	expect(story, "online once renewed", story.entry(1).Online, true)
	if _, err := story.SpoilCertificate(3, CertificateFault{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("the certificate of an unknown server: %v", err)
	}
}

// TestFirstExpiryCounts has two faults with an expiry each.
func TestFirstExpiryCounts(t *testing.T) {
	story := newStory(t, 1, 1, nil)
	renew := story.spoil(CertificateFault{Expires: ten.Add(time.Hour)})
	story.spoil(CertificateFault{Expires: ten.Add(2 * time.Hour)})
	expect(story, "expiry", story.Certificate(renewed.Domain).Expires, ten.Add(time.Hour))
	renew()
	expect(story, "expiry of the one left", story.Certificate(renewed.Domain).Expires, ten.Add(2*time.Hour))
	story.spoil(CertificateFault{Expires: ten.Add(-time.Hour)})
	story.at(3 * time.Minute)
	expect(story, "online with one that has expired", story.entry(1).Online, false)
}

// TestMisledDomain makes the domain of server 1 lead to the machine of server 2: its own
// machine goes on, and Scalelite takes it for offline, because the certificate has the
// name of server 2.
func TestMisledDomain(t *testing.T) {
	story := newStory(t, 3, 2, meetings(2, 0, time.Hour, 30))
	story.at(10*time.Minute + time.Second)
	correct, err := story.Mislead(1, 2)
	story.must(err)
	expect(story, "addresses", story.LeadsTo(story.domain(1)), story.domain(2))
	expect(story, "certificate", story.Certificate(story.domain(1)).Domain, story.domain(2))
	misled, err := story.Meetings(story.domain(1))
	story.must(err)
	own, err := story.Meetings(story.domain(2))
	story.must(err)
	expect(story, "meeting found by the domain", misled[0].ID, own[0].ID)
	story.at(13 * time.Minute)
	expect(story, "online", story.entry(1).Online, false)
	expect(story, "people", story.people(1), 30)

	again, err := story.Mislead(1, 3)
	story.must(err)
	expect(story, "contact where there is no machine", story.contactOf(1), Drops)
	correct()
	expect(story, "addresses", story.LeadsTo(story.domain(1)), story.domain(3))
	again()
	expect(story, "addresses in the end", story.LeadsTo(story.domain(1)), story.domain(1))
	story.at(15 * time.Minute)
	expect(story, "online in the end", story.entry(1).Online, true)
	expect(story, "an unknown domain leads to itself", story.LeadsTo("elsewhere.example.org"), "elsewhere.example.org")
	if _, err := story.Mislead(1, 4); !errors.Is(err, ErrNotFound) {
		t.Errorf("mislead to an unknown server: %v", err)
	}
}
