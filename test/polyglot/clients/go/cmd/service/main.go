// The calculator as a service in Go, at the plain level: no session, so nothing but the messages of the wire proto.
package main

import (
	"fmt"
	"io"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "example.com/client/gen/calculator/v1"
	duplex "example.com/client/gen/duplex/v1"
)

type stream = grpc.BidiStreamingServer[pb.CalculatorClientEnvelope, pb.CalculatorServerEnvelope]

type service struct {
	pb.UnimplementedCalculatorDuplexServiceServer
}

func main() {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	server := grpc.NewServer()
	pb.RegisterCalculatorDuplexServiceServer(server, service{})
	log.Fatal(server.Serve(listener))
}

// One call of Connect is one client; what the variables hold is its session.
func (service) Connect(client stream) error {
	result, equation := 0.0, "0"
	calculate := func(symbol string, n, sum float64) {
		result, equation = sum, fmt.Sprintf("%s %s %g", equation, symbol, n)
		sendState(client, result, equation)
		client.Send(&pb.CalculatorServerEnvelope{
			Content: &pb.CalculatorServerEnvelope_Equals{Equals: &pb.EqualsRequest{Result: result}},
		})
	}
	for first := true; ; {
		envelope, err := client.Recv()
		if err == io.EOF {
			return nil // the client has half-closed, and nothing runs any more
		}
		if err != nil {
			return err
		}
		if hello := envelope.GetControl().GetHello(); hello != nil {
			welcome := &duplex.Welcome{Result: duplex.Result_RESULT_PLAIN}
			client.Send(&pb.CalculatorServerEnvelope{Content: &pb.CalculatorServerEnvelope_Control{
				Control: &duplex.Control{Kind: &duplex.Control_Welcome{Welcome: welcome}},
			}})
			continue
		}
		if first {
			sendState(client, result, equation)
			first = false
		}
		switch operation := envelope.Content.(type) {
		case *pb.CalculatorClientEnvelope_AddTo:
			calculate("+", operation.AddTo.N, result+operation.AddTo.N)
		case *pb.CalculatorClientEnvelope_SubtractFrom:
			calculate("-", operation.SubtractFrom.N, result-operation.SubtractFrom.N)
		case *pb.CalculatorClientEnvelope_MultiplyBy:
			calculate("*", operation.MultiplyBy.N, result*operation.MultiplyBy.N)
		case *pb.CalculatorClientEnvelope_DivideBy:
			calculate("/", operation.DivideBy.N, result/operation.DivideBy.N)
		case *pb.CalculatorClientEnvelope_Clear:
			client.Send(&pb.CalculatorServerEnvelope{Content: &pb.CalculatorServerEnvelope_Equation{
				Equation: &pb.EquationRequest{Equation: fmt.Sprintf("%s = %g", equation, result)},
			}})
			equation = fmt.Sprintf("%g", result)
			sendState(client, result, equation)
		default:
			// What it does not know is answered where an answer is wanted, so that newer clients work, too.
			if envelope.CallId != 0 {
				fault := &duplex.CallFault{Code: int32(codes.Unimplemented), Message: "not known here"}
				client.Send(&pb.CalculatorServerEnvelope{
					ReplyTo: envelope.CallId,
					Content: &pb.CalculatorServerEnvelope_CallFault{CallFault: fault},
				})
			}
		}
	}
}

// What cannot be sent is found out by Recv.
func sendState(client stream, result float64, equation string) {
	client.Send(&pb.CalculatorServerEnvelope{Content: &pb.CalculatorServerEnvelope_State{
		State: &pb.CalculatorState{Result: result, Equation: equation},
	}})
}
