package main

import (
	"fmt"
	"io"
	"net"

	pb "example.com/bench/gen/testing/v1"
	"google.golang.org/grpc"
)

type server struct {
	pb.UnimplementedBenchStreamServiceServer
}

// Serves until the process is ended; says where it listens.
func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	grpcServer := grpc.NewServer()
	pb.RegisterBenchStreamServiceServer(grpcServer, &server{})
	return grpcServer.Serve(listener)
}

func (*server) Connect(stream grpc.BidiStreamingServer[pb.BenchEnvelope, pb.BenchEnvelope]) error {
	tally := &pb.ReadTallyResponse{}
	for {
		envelope, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch content := envelope.Content.(type) {
		case *pb.BenchEnvelope_Tick:
			tally.Count++
			tally.Sum += content.Tick.Value
		case *pb.BenchEnvelope_ReadTally:
			err = stream.Send(&pb.BenchEnvelope{Id: envelope.Id, Content: &pb.BenchEnvelope_Tally{Tally: tally}})
			tally = &pb.ReadTallyResponse{}
		case *pb.BenchEnvelope_Increment:
			reply := &pb.IncrementResponse{Value: content.Increment.Value + 1}
			err = stream.Send(&pb.BenchEnvelope{Id: envelope.Id, Content: &pb.BenchEnvelope_Incremented{Incremented: reply}})
		case *pb.BenchEnvelope_Burst:
			err = sendTicked(stream, int(content.Burst.Count))
		}
		if err != nil {
			return err
		}
	}
}

// `Send` waits for flow control: that is all the backpressure there is to obey.
func sendTicked(stream grpc.BidiStreamingServer[pb.BenchEnvelope, pb.BenchEnvelope], count int) error {
	for value := range count {
		ticked := &pb.TickedRequest{Value: float64(value)}
		if err := stream.Send(&pb.BenchEnvelope{Content: &pb.BenchEnvelope_Ticked{Ticked: ticked}}); err != nil {
			return err
		}
	}
	return nil
}
