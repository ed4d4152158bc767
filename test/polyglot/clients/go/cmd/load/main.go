// Puts load on a session: `load ADDRESS NOTES`. Prints what happened, a line an event.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	pb "example.com/client/gen/testing/v1"
	"example.com/client/session"
)

const run = "go"

var history = log.New(os.Stdout, run+" ", 0)

func main() {
	notes, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	s := session.Open(os.Args[1], take)
	over := make(chan string)
	go func() { over <- s.Run() }()
	var running sync.WaitGroup
	running.Go(func() { count(s) })
	running.Go(func() { add(s) })
	for index := 1; index <= notes; index++ {
		history.Println("sent note", index)
		note := &pb.NoteRequest{Index: int32(index), Text: run, Payload: payload(index)}
		s.Send(&session.Item{Content: &pb.EverythingClientEnvelope_Note{Note: note}})
		if index%7 == 0 {
			echo(s, index/7, &running)
		}
		if index%29 == 0 {
			ask(s, index/29, &running)
		}
		time.Sleep(2 * time.Millisecond)
	}
	running.Wait()
	s.Close()
	history.Println("ended", <-over, 0)
}

func take(item *session.Event) *session.Item {
	switch content := item.Content.(type) {
	case *pb.EverythingServerEnvelope_Noted:
		history.Println("received noted", content.Noted.Index)
	case *pb.EverythingServerEnvelope_State:
		history.Println("state", content.State.Counter, content.State.Last)
	case *pb.EverythingServerEnvelope_Confirm:
		_, id, _ := strings.Cut(content.Confirm.Question, ":")
		history.Println("received confirm", id)
		answer := &pb.ConfirmResponse{Ok: true, Answer: content.Confirm.Question}
		return &session.Item{Content: &pb.EverythingClientEnvelope_ConfirmResponse{ConfirmResponse: answer}}
	}
	return nil
}

func echo(s *session.Session, id int, running *sync.WaitGroup) {
	text := fmt.Sprintf("%s:%d", run, id)
	history.Println("sent echo", id)
	call := s.Call(&session.Item{Content: &pb.EverythingClientEnvelope_Echo{Echo: &pb.EchoRequest{Text: text}}})
	running.Go(func() {
		if reply := s.Next(call); reply.GetEchoResponse().GetText() != text {
			log.Fatal("not the echo: ", reply)
		}
		s.Forget(call)
		history.Println("answered echo", id)
	})
}

func ask(s *session.Session, id int, running *sync.WaitGroup) {
	question := &pb.AskRequest{Question: fmt.Sprintf("%s:%d", run, id)}
	history.Println("sent ask", id)
	call := s.Call(&session.Item{Content: &pb.EverythingClientEnvelope_Ask{Ask: question}})
	running.Go(func() {
		if reply := s.Next(call); reply.GetAskResponse() == nil {
			log.Fatal("no answer: ", reply)
		}
		s.Forget(call)
		history.Println("answered ask", id)
	})
}

// count reads a stream of replies that is longer than its credit.
func count(s *session.Session) {
	request := &pb.CountRequest{Count: 1000, IntervalMs: 3}
	call := s.Call(&session.Item{Content: &pb.EverythingClientEnvelope_Count{Count: request}})
	for value := int32(0); value < 1000; value++ {
		if reply := s.Next(call); reply.GetCountResponse() == nil || reply.GetCountResponse().Value != value {
			log.Fatal("not ", value, ": ", reply)
		}
	}
	if reply := s.Next(call); reply.GetCallComplete() == nil {
		log.Fatal("no end: ", reply)
	}
	s.Forget(call)
}

// add sends a stream of requests that is longer than its credit.
func add(s *session.Session) {
	number := func(value int32) *session.Item {
		return &session.Item{Content: &pb.EverythingClientEnvelope_Sum{Sum: &pb.SumRequest{Value: value}}}
	}
	call := s.Call(number(0))
	for value := int32(1); value < 1000; value++ {
		s.Feed(call, uint64(value), number(value))
	}
	s.Complete(call)
	if reply := s.Next(call).GetSumResponse(); reply.GetSum() != 499_500 || reply.GetCount() != 1000 {
		log.Fatal("not the sum: ", reply)
	}
	s.Forget(call)
}

func payload(index int) []byte {
	switch {
	case index%997 == 0:
		return make([]byte, 300_000)
	case index%61 == 0:
		return make([]byte, 20_000)
	}
	return make([]byte, 40)
}
