// Package session is the client's side of a session, as PROTOCOL.md has it:
// numbers, acknowledgements, window, credit, resume, close.
package session

import (
	"crypto/rand"
	"math/big"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	duplex "example.com/client/gen/duplex/v1"
	pb "example.com/client/gen/testing/v1"
)

const (
	windowItems  = 1024
	windowBytes  = 1 << 20
	streamCredit = 64
	ping         = time.Second
	pingTimeout  = time.Second
)

// Item is what a client sends, Event what a service sends.
type (
	Item  = pb.EverythingClientEnvelope
	Event = pb.EverythingServerEnvelope
)

// Session is a session with the service at an address. Take is given each
// state and callback, in order; what it returns answers a callback that asks.
type Session struct {
	Address string
	Take    func(*Event) *Item
	Resumes int

	line   sync.Mutex // those who wait for room, in order
	mu     sync.Mutex // everything below
	change *sync.Cond

	reason              string // why the session is over
	nonce, id, token    []byte
	epoch               uint64
	attempt             uint32
	terms               *duplex.Terms // the service's
	received, told      uint64        // held; acknowledged
	toldBytes           int           // held since then
	toldAt              time.Time
	heardAt             time.Time
	pinged, ackDue      bool
	sent, peerReceived  uint64
	items               []*Item   // those above peerReceived, in order
	unreleased          []started // what starts something and is not released
	controls            []*duplex.Control
	lastCall            uint64
	calls               map[uint64]*call
	closing, peerClosed *duplex.Goodbye
}

type started struct {
	number uint64
	bytes  int
}

type call struct {
	events                []*Event
	taken, grant, granted uint64
}

// Open makes a session; Run keeps it.
func Open(address string, take func(*Event) *Item) *Session {
	s := &Session{Address: address, Take: take, nonce: make([]byte, 16), calls: map[uint64]*call{}, terms: &duplex.Terms{}}
	s.change = sync.NewCond(&s.mu)
	rand.Read(s.nonce)
	return s
}

// Run keeps the session on carriers until it is over, and returns why it is.
func (s *Session) Run() string {
	for delay := 100 * time.Millisecond; ; {
		epoch := s.epoch
		s.carry()
		if s.reason != "" {
			s.change.Broadcast()
			return s.reason
		}
		if delay = min(2*delay, 10*time.Second); s.epoch > epoch {
			delay = 100 * time.Millisecond
		}
		jitter, _ := rand.Int(rand.Reader, big.NewInt(int64(delay)))
		time.Sleep(100*time.Millisecond + time.Duration(jitter.Int64()))
	}
}

// Send sends something that starts something, when there is room for it.
func (s *Session) Send(item *Item) {
	s.line.Lock()
	defer s.line.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	size := proto.Size(item)
	for s.reason == "" && !s.fits(size) {
		s.change.Wait()
	}
	s.unreleased = append(s.unreleased, started{s.sent + 1, size})
	s.put(item)
}

// Call starts a call with its first item, and returns its id.
func (s *Session) Call(item *Item) uint64 {
	s.mu.Lock()
	s.lastCall++
	item.CallId = s.lastCall
	s.calls[item.CallId] = &call{grant: streamCredit, granted: uint64(or(s.terms.StreamCredit, 256))}
	s.mu.Unlock()
	s.Send(item)
	return item.CallId
}

// Feed sends a further item of a request stream, when the service grants it.
func (s *Session) Feed(id, sentBefore uint64, item *Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.reason == "" && s.calls[id].granted <= sentBefore {
		s.change.Wait()
	}
	item.CallId = id
	s.put(item)
}

// Complete ends a request stream.
func (s *Session) Complete(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(&Item{CallId: id, Content: &pb.EverythingClientEnvelope_CallComplete{CallComplete: &duplex.CallComplete{}}})
}

// Next waits for the next answer of a call; nil if the session is over.
func (s *Session) Next(id uint64) *Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := s.calls[id]
	for s.reason == "" && len(call.events) == 0 {
		s.change.Wait()
	}
	if len(call.events) == 0 {
		return nil
	}
	event := call.events[0]
	call.events = call.events[1:]
	call.taken++
	if call.grant-call.taken <= streamCredit/2 {
		call.grant = call.taken + streamCredit
		s.grant(id, call)
	}
	return event
}

// Forget lets go of a call that is over.
func (s *Session) Forget(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, id)
}

// Close closes in order; Run returns when it is done.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sayGoodbye()
}

func (s *Session) sayGoodbye() {
	last := s.sent
	s.closing = &duplex.Goodbye{Reason: duplex.Reason_REASON_CLOSED, LastSeq: &last}
	s.control(&duplex.Control{Kind: &duplex.Control_Goodbye{Goodbye: s.closing}})
}

func (s *Session) fits(size int) bool {
	flying := 0
	for _, item := range s.unreleased {
		flying += item.bytes
	}
	items, bytes := or(s.terms.WindowItems, 16_384), or(s.terms.WindowBytes, 4<<20)
	return len(s.unreleased) == 0 || len(s.unreleased) < int(items) && flying+size <= int(bytes)
}

func (s *Session) put(item *Item) {
	s.sent++
	s.items = append(s.items, item)
	s.change.Broadcast()
}

func (s *Session) control(control *duplex.Control) {
	s.controls = append(s.controls, control)
	s.change.Broadcast()
}

func (s *Session) grant(id uint64, call *call) {
	credit := &duplex.Credit{Grants: []*duplex.Grant{{CallId: id, Total: call.grant}}}
	s.control(&duplex.Control{Kind: &duplex.Control_Credit{Credit: credit}})
}

// isDone says that both sides have promised to start nothing more, and that all of it is here.
func (s *Session) isDone() bool {
	return s.closing != nil && s.peerClosed != nil && s.received >= *s.peerClosed.LastSeq
}

func unknown(id uint64) *Item {
	fault := &duplex.CallFault{Code: int32(codes.Unimplemented), Message: "not known here"}
	return &Item{ReplyTo: id, Content: &pb.EverythingClientEnvelope_CallFault{CallFault: fault}}
}

func or(value, otherwise uint32) uint32 {
	if value == 0 {
		return otherwise
	}
	return value
}
