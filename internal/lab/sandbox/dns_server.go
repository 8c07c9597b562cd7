package sandbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"

	"divims/internal/lab/sandbox/memnet"
	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// dnsServer answers DNS queries for the zones that the Scaleway API serves, over UDP or, in a
// network in memory, over streams. It does not recurse into other zones.
type dnsServer struct {
	api    *scalewayapi.API
	locked *lockedWorld
	// Either socket or listener is set.
	socket   net.PacketConn
	listener *memnet.Listener
	running  sync.WaitGroup
}

// maxQuestionSize is the largest DNS message over UDP, in bytes (RFC 1035, 2.3.4).
const maxQuestionSize = 512

// startDNSServer starts a DNS server on a free loopback port, or in a network in memory
// if there is one.
func startDNSServer(api *scalewayapi.API, locked *lockedWorld, network *memnet.Network) (*dnsServer, error) {
	if network != nil {
		d := &dnsServer{api: api, locked: locked, listener: network.Listen()}
		d.running.Go(d.serveStreams)
		return d, nil
	}
	socket, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the DNS server: %w", err)
	}
	d := &dnsServer{api: api, locked: locked, socket: socket}
	d.running.Go(d.serve)
	return d, nil
}

// address returns the server's address, as host:port.
func (d *dnsServer) address() string {
	if d.listener != nil {
		return d.listener.Addr().String()
	}
	return d.socket.LocalAddr().String()
}

func (d *dnsServer) close() error {
	var err error
	if d.listener != nil {
		err = d.listener.Close()
	} else {
		err = d.socket.Close()
	}
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

// serveStreams answers queries over connections, each with its length before it (RFC
// 1035, 4.2.2).
func (d *dnsServer) serveStreams() {
	for {
		client, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.running.Go(func() {
			defer func() { _ = client.Close() }()
			for err == nil {
				err = d.serveOne(client)
			}
		})
	}
}

func (d *dnsServer) serveOne(client io.ReadWriter) error {
	var length uint16
	if err := binary.Read(client, binary.BigEndian, &length); err != nil {
		return err
	}
	packet := make([]byte, length)
	if _, err := io.ReadFull(client, packet); err != nil {
		return err
	}
	answer, err := d.answer(packet)
	if err != nil {
		return err
	}
	_, err = client.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	return err
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
	records, known := d.lookup(question.Name.String())
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

// lookup returns the records of a name. A server's domain that world.Mislead has changed has
// the records of the domain that it leads to.
func (d *dnsServer) lookup(name string) (records []pool.DNSRecord, known bool) {
	domain := strings.ToLower(strings.TrimSuffix(name, "."))
	to := domain
	d.locked.with(func(w *world.World) { to = w.LeadsTo(domain) })
	records, known = d.api.Lookup(to)
	for i := range records {
		records[i].Name = domain
	}
	return records, known
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
