package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/dns/dnsmessage"

	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/pool"
)

// dnsServer answers DNS queries over UDP, for the zones that the Scaleway API serves.
// It does not recurse into other zones.
type dnsServer struct {
	api     *scalewayapi.API
	socket  net.PacketConn
	running sync.WaitGroup
}

// maxQuestionSize is the largest DNS message over UDP, in bytes (RFC 1035, 2.3.4).
const maxQuestionSize = 512

// startDNSServer starts a DNS server on a free loopback port.
func startDNSServer(api *scalewayapi.API) (*dnsServer, error) {
	socket, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the DNS server: %w", err)
	}
	d := &dnsServer{api: api, socket: socket}
	d.running.Go(d.serve)
	return d, nil
}

func (d *dnsServer) close() error {
	err := d.socket.Close()
	d.running.Wait()
	return err
}

func (d *dnsServer) serve() {
	packet := make([]byte, maxQuestionSize)
	for {
		length, client, err := d.socket.ReadFrom(packet)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if answer, err := d.answer(packet[:length]); err == nil {
			_, _ = d.socket.WriteTo(answer, client)
		}
	}
}

// answer returns the response to a query with one question.
func (d *dnsServer) answer(packet []byte) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(packet)
	if err != nil {
		return nil, err
	}
	question, err := parser.Question()
	if err != nil {
		return nil, err
	}
	records, known := d.api.Lookup(question.Name.String())
	message := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: header.ID, Response: true, OpCode: header.OpCode, Authoritative: true,
			RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
		},
		Questions: []dnsmessage.Question{question},
	}
	if !known {
		message.RCode = dnsmessage.RCodeNameError
	}
	for _, record := range d.followAliases(records) {
		if resource, ok := resourceRecord(record, question.Type); ok {
			message.Answers = append(message.Answers, resource)
		}
	}
	return message.Pack()
}

// followAliases adds the records that CNAME records point to.
func (d *dnsServer) followAliases(records []pool.DNSRecord) []pool.DNSRecord {
	for _, record := range records {
		if record.Type == pool.RecordCNAME {
			aliased, _ := d.api.Lookup(record.Data)
			records = append(records, aliased...)
		}
	}
	return records
}

// resourceRecord converts a record that answers a question of the wanted type. ok is
// false if it does not answer it.
func resourceRecord(record pool.DNSRecord, wanted dnsmessage.Type) (resource dnsmessage.Resource, ok bool) {
	name, err := dnsmessage.NewName(record.Name + ".")
	if err != nil {
		return resource, false
	}
	resource.Header = dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: 1}
	ip, _ := netip.ParseAddr(record.Data)
	switch {
	case record.Type == pool.RecordA && wanted == dnsmessage.TypeA && ip.Is4():
		resource.Body = &dnsmessage.AResource{A: ip.As4()}
	case record.Type == pool.RecordAAAA && wanted == dnsmessage.TypeAAAA && ip.Is6():
		resource.Body = &dnsmessage.AAAAResource{AAAA: ip.As16()}
	case record.Type == pool.RecordCNAME:
		target, err := dnsmessage.NewName(record.Data + ".")
		if err != nil {
			return resource, false
		}
		resource.Body = &dnsmessage.CNAMEResource{CNAME: target}
	default:
		return resource, false
	}
	return resource, true
}
