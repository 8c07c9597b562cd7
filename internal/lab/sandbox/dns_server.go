package sandbox

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/dns/dnsmessage"

	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/pool"
)

// dnsServer answers questions for names over UDP, as the name servers of the
// zones at Scaleway do. It knows no other zones.
type dnsServer struct {
	api     *scalewayapi.API
	socket  net.PacketConn
	running sync.WaitGroup
}

// maxQuestionSize is that of DNS over UDP (RFC 1035, 2.3.4), in bytes.
const maxQuestionSize = 512

// startDNSServer starts a name server on a free loopback port.
func startDNSServer(api *scalewayapi.API) (*dnsServer, error) {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the name server: %w", err)
	}
	n := &dnsServer{api: api, socket: socket}
	n.running.Go(n.serve)
	return n, nil
}

func (n *dnsServer) close() error {
	err := n.socket.Close()
	n.running.Wait()
	return err
}

func (n *dnsServer) serve() {
	packet := make([]byte, maxQuestionSize)
	for {
		length, client, err := n.socket.ReadFrom(packet)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if answer, err := n.answer(packet[:length]); err == nil {
			_, _ = n.socket.WriteTo(answer, client)
		}
	}
}

// answer answers a message of one question.
func (n *dnsServer) answer(packet []byte) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(packet)
	if err != nil {
		return nil, err
	}
	question, err := parser.Question()
	if err != nil {
		return nil, err
	}
	records, known := n.api.Lookup(question.Name.String())
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
	for _, record := range n.followAliases(records) {
		if resource, ok := resourceRecord(record, question.Type); ok {
			message.Answers = append(message.Answers, resource)
		}
	}
	return message.Pack()
}

// followAliases adds the records of the names that records are aliases of.
func (n *dnsServer) followAliases(records []pool.DNSRecord) []pool.DNSRecord {
	for _, record := range records {
		if record.Type == pool.RecordCNAME {
			aliased, _ := n.api.Lookup(record.Data)
			records = append(records, aliased...)
		}
	}
	return records
}

// resourceRecord is a record as it answers a question for a type; not ok if it does not.
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
