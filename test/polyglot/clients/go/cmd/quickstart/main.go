package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	calculator "example.com/client/gen/calculator/v1"
)

func main() {
	conn, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	stream, err := calculator.NewCalculatorDuplexServiceClient(conn).Connect(context.Background())
	check(err)
	check(stream.Send(&calculator.CalculatorClientEnvelope{
		Content: &calculator.CalculatorClientEnvelope_AddTo{AddTo: &calculator.AddToRequest{N: 100}},
	}))
	check(stream.CloseSend())
	for {
		event, err := stream.Recv()
		if err == io.EOF {
			return
		}
		check(err)
		if equals := event.GetEquals(); equals != nil {
			fmt.Printf("Equals(%g)\n", equals.Result)
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
