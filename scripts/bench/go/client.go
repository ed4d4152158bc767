package main

import (
	"context"
	"fmt"
	"log"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	pb "example.com/bench/gen/testing/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const inFlight = 128

// One stream; replies are paired with requests by number.
type client struct {
	stream grpc.BidiStreamingClient[pb.BenchEnvelope, pb.BenchEnvelope]
	ticked chan float64

	mutex   sync.Mutex
	lastID  uint32
	pending map[uint32]chan *pb.BenchEnvelope
}

func dial(address string) (*client, error) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	stream, err := pb.NewBenchStreamServiceClient(connection).Connect(context.Background())
	if err != nil {
		return nil, err
	}
	c := &client{stream: stream, ticked: make(chan float64, 1024), pending: map[uint32]chan *pb.BenchEnvelope{}}
	go c.receive()
	return c, nil
}

func (c *client) receive() {
	for {
		envelope, err := c.stream.Recv()
		if err != nil {
			log.Fatal(err)
		}
		if ticked, ok := envelope.Content.(*pb.BenchEnvelope_Ticked); ok {
			c.ticked <- ticked.Ticked.Value
			continue
		}
		c.mutex.Lock()
		reply := c.pending[envelope.Id]
		delete(c.pending, envelope.Id)
		c.mutex.Unlock()
		reply <- envelope
	}
}

func (c *client) request(envelope *pb.BenchEnvelope, reply chan *pb.BenchEnvelope) (*pb.BenchEnvelope, error) {
	c.mutex.Lock()
	c.lastID++
	envelope.Id = c.lastID
	c.pending[envelope.Id] = reply
	err := c.stream.Send(envelope)
	c.mutex.Unlock()
	if err != nil {
		return nil, err
	}
	return <-reply, nil
}

func (c *client) sendTicks(count int) (map[string]float64, error) {
	start := time.Now()
	for value := range count {
		tick := &pb.TickRequest{Value: float64(value)}
		if err := c.stream.Send(&pb.BenchEnvelope{Content: &pb.BenchEnvelope_Tick{Tick: tick}}); err != nil {
			return nil, err
		}
	}
	read := &pb.BenchEnvelope{Content: &pb.BenchEnvelope_ReadTally{ReadTally: &pb.ReadTallyRequest{}}}
	reply, err := c.request(read, make(chan *pb.BenchEnvelope, 1))
	if err != nil {
		return nil, err
	}
	tally := reply.GetTally()
	return rate("one-way", count, start), checkTally(int(tally.Count), tally.Sum, count)
}

func (c *client) receiveTicks(count int) (map[string]float64, error) {
	start := time.Now()
	burst := &pb.BurstRequest{Count: uint32(count)}
	if err := c.stream.Send(&pb.BenchEnvelope{Content: &pb.BenchEnvelope_Burst{Burst: burst}}); err != nil {
		return nil, err
	}
	sum := 0.0
	for range count {
		sum += <-c.ticked
	}
	return rate("callbacks", count, start), checkTally(count, sum, count)
}

func (c *client) increment(value int, reply chan *pb.BenchEnvelope) error {
	request := &pb.IncrementRequest{Value: float64(value)}
	answer, err := c.request(&pb.BenchEnvelope{Content: &pb.BenchEnvelope_Increment{Increment: request}}, reply)
	if err == nil && answer.GetIncremented().Value != float64(value+1) {
		err = fmt.Errorf("the reply to %d is %v", value, answer)
	}
	return err
}

func (c *client) callOneAtATime(count int) (map[string]float64, error) {
	reply := make(chan *pb.BenchEnvelope, 1)
	times := make([]float64, count)
	for value := range count {
		start := time.Now()
		if err := c.increment(value, reply); err != nil {
			return nil, err
		}
		times[value] = float64(time.Since(start).Nanoseconds()) / 1000
	}
	slices.Sort(times)
	return map[string]float64{
		"request-reply-1 p50": times[count*50/100],
		"request-reply-1 p99": times[count*99/100],
	}, nil
}

func (c *client) callMany(count int) (map[string]float64, error) {
	start := time.Now()
	var next atomic.Int64
	failures := make(chan error, inFlight)
	for range inFlight {
		go func() {
			reply := make(chan *pb.BenchEnvelope, 1)
			for value := int(next.Add(1)) - 1; value < count; value = int(next.Add(1)) - 1 {
				if err := c.increment(value, reply); err != nil {
					failures <- err
					return
				}
			}
			failures <- nil
		}()
	}
	for range inFlight {
		if err := <-failures; err != nil {
			return nil, err
		}
	}
	return rate("request-reply-128", count, start), nil
}

func rate(figure string, count int, start time.Time) map[string]float64 {
	return map[string]float64{figure: float64(count) / time.Since(start).Seconds()}
}

// Throws the figure away unless exactly the values 0 … count - 1 arrived.
func checkTally(counted int, sum float64, count int) error {
	if expected := float64(count) * float64(count-1) / 2; counted != count || sum != expected {
		return fmt.Errorf("sent %d messages with the sum %v, received %d with the sum %v", count, expected, counted, sum)
	}
	return nil
}
