package session

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	duplex "example.com/client/gen/duplex/v1"
	pb "example.com/client/gen/testing/v1"
)

type stream = grpc.BidiStreamingClient[Item, Event]

var errBroken = errors.New("the carrier is no good any more")

// carry uses one carrier, from Hello until it breaks or the session is over.
func (s *Session) carry() {
	conn, err := grpc.NewClient(s.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	carrier, err := pb.NewEverythingDuplexServiceClient(conn).Connect(ctx)
	if err != nil || !s.greet(carrier, cancel) {
		return
	}
	context.AfterFunc(ctx, s.change.Broadcast)
	written := make(chan struct{})
	go func() {
		s.write(ctx, carrier)
		close(written)
	}()
	go s.watch(ctx, cancel)
	s.read(carrier)
	cancel()
	<-written
}

func (s *Session) greet(carrier stream, cancel func()) bool {
	s.mu.Lock()
	s.attempt++
	hello := &duplex.Hello{
		MinVersion: 1, MaxVersion: 1, Contract: "testing.v1.EverythingService",
		OpenNonce: s.nonce, SessionId: s.id, Token: s.token, Epoch: s.epoch, Attempt: s.attempt,
		Marks: &duplex.Marks{Received: s.received, First: s.peerReceived + 1, Last: s.sent},
		Terms: &duplex.Terms{
			WindowItems: windowItems, WindowBytes: windowBytes, StreamCredit: streamCredit, TtlMs: 120_000,
			PingMs: uint32(ping.Milliseconds()), PingTimeoutMs: uint32(pingTimeout.Milliseconds()),
		},
	}
	s.mu.Unlock()
	tooLate := time.AfterFunc(ping+pingTimeout, cancel)
	carrier.Send(controlled(&duplex.Control{Kind: &duplex.Control_Hello{Hello: hello}}))
	first, err := carrier.Recv()
	if !tooLate.Stop() || err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.welcomed(first.GetControl()) {
		return false
	}
	return carrier.Send(&Item{Ack: s.received}) == nil
}

func (s *Session) welcomed(control *duplex.Control) bool {
	welcome := control.GetWelcome()
	switch {
	case control.GetGoodbye() != nil:
		s.reason = "refused: " + control.GetGoodbye().Message
		return false
	case welcome.GetResult() == duplex.Result_RESULT_REJECTED:
		s.reason = "rejected: " + welcome.Reason.String()
		if s.closing != nil && welcome.Reason == duplex.Reason_REASON_CLOSED {
			s.reason = "closed" // the last words were lost with the carrier
		}
		return false
	case welcome.GetResult() == duplex.Result_RESULT_RESUMED:
		s.Resumes++
	case welcome.GetResult() != duplex.Result_RESULT_OPENED:
		return false
	}
	s.id, s.token, s.epoch, s.terms = welcome.SessionId, welcome.Token, welcome.Epoch, welcome.Terms
	s.hold(welcome.Marks.GetReceived())
	s.heardAt, s.pinged, s.controls = time.Now(), false, nil
	for id, call := range s.calls {
		s.grant(id, call)
	}
	if s.closing != nil {
		s.control(&duplex.Control{Kind: &duplex.Control_Goodbye{Goodbye: s.closing}})
	}
	return true
}

// write sends controls, what the peer does not hold, and acknowledgements.
func (s *Session) write(ctx context.Context, carrier stream) {
	for next := uint64(0); ; {
		s.mu.Lock()
		next = max(next, s.peerReceived+1)
		for ctx.Err() == nil && len(s.controls) == 0 && next > s.sent && !s.ackDue && !s.isDone() {
			s.change.Wait()
		}
		var frame *Item
		switch {
		case len(s.controls) > 0:
			frame = controlled(s.controls[0])
			s.controls = s.controls[1:]
		case next <= s.sent:
			frame = proto.Clone(s.items[next-s.peerReceived-1]).(*Item)
			frame.Seq = next
			next++
		default:
			frame = &Item{}
		}
		isLast := frame.Seq == 0 && frame.Content == nil && s.isDone()
		frame.Ack = s.received
		s.told, s.toldBytes, s.toldAt, s.ackDue = s.received, 0, time.Now(), false
		s.mu.Unlock()
		if ctx.Err() != nil || carrier.Send(frame) != nil {
			return
		}
		if isLast {
			carrier.CloseSend()
			return
		}
	}
}

// watch asks for a sign of life after a silence, and gives up when there is none; it sees to late acknowledgements, too.
func (s *Session) watch(ctx context.Context, cancel func()) {
	for tick := time.NewTicker(ping / 4); ctx.Err() == nil; <-tick.C {
		s.mu.Lock()
		silence := time.Since(s.heardAt)
		if silence > ping+pingTimeout {
			cancel()
		} else if silence > ping && !s.pinged {
			s.pinged = true
			s.control(&duplex.Control{Kind: &duplex.Control_Ping{Ping: &duplex.Ping{Id: 1}}})
		}
		if s.told < s.received && time.Since(s.toldAt) > time.Second {
			s.ackDue = true
			s.change.Broadcast()
		}
		s.mu.Unlock()
	}
}

func (s *Session) read(carrier stream) {
	for {
		frame, err := carrier.Recv()
		s.mu.Lock()
		if err == io.EOF && s.isDone() {
			s.reason = "closed"
		}
		if err == nil {
			s.heardAt, s.pinged = time.Now(), false
			err = s.frame(frame)
		}
		s.change.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *Session) frame(frame *Event) error {
	if control := frame.GetControl(); control != nil {
		if err := s.hear(control); err != nil {
			return err
		}
	} else if frame.Seq > 0 {
		for index, item := range append([]*Event{frame}, frame.More...) {
			if err := s.item(frame.Seq+uint64(index), item); err != nil {
				return err
			}
		}
	}
	if frame.Ack > s.sent {
		return errBroken
	}
	s.hold(frame.Ack)
	held := uint64(0)
	for held < uint64(len(s.unreleased)) && s.unreleased[held].number <= frame.Ack {
		held++
	}
	if held > uint64(frame.Backlog) {
		s.unreleased = s.unreleased[held-uint64(frame.Backlog):]
	}
	return nil
}

func (s *Session) item(number uint64, item *Event) error {
	if number <= s.received {
		s.ackDue = true
		return nil
	}
	if number > s.received+1 {
		return errBroken // a gap
	}
	s.received = number
	s.toldBytes += proto.Size(item)
	if s.received-s.told >= windowItems/4 || s.toldBytes >= windowBytes/4 {
		s.ackDue = true
	}
	if item.ReplyTo > 0 {
		if call := s.calls[item.ReplyTo]; call != nil {
			call.events = append(call.events, item)
		}
		return nil
	}
	answer := s.Take(item)
	if item.CallId > 0 {
		if answer == nil {
			answer = unknown(item.CallId)
		}
		answer.ReplyTo = item.CallId
		s.put(answer)
	}
	return nil
}

func (s *Session) hear(control *duplex.Control) error {
	switch kind := control.Kind.(type) {
	case *duplex.Control_Ping:
		s.control(&duplex.Control{Kind: &duplex.Control_Pong{Pong: kind.Ping}})
	case *duplex.Control_Credit:
		for _, grant := range kind.Credit.Grants {
			if call := s.calls[grant.ReplyTo]; call != nil {
				call.granted = max(call.granted, grant.Total)
			}
		}
	case *duplex.Control_Goodbye:
		if kind.Goodbye.Code != 0 {
			s.reason = kind.Goodbye.Message
			return errBroken
		}
		if kind.Goodbye.LastSeq != nil {
			s.peerClosed = kind.Goodbye
		}
		if s.closing == nil {
			s.sayGoodbye()
		}
	}
	return nil
}

// hold lets go of what the peer holds.
func (s *Session) hold(received uint64) {
	if received > s.peerReceived {
		s.items = s.items[received-s.peerReceived:]
		s.peerReceived = received
	}
}

func controlled(control *duplex.Control) *Item {
	return &Item{Content: &pb.EverythingClientEnvelope_Control{Control: control}}
}
