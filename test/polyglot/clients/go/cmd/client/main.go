// Plays a script: a Script on stdin, a Report on stdout.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	polyglot "example.com/client/gen/polyglot/v1"
	everything "example.com/client/gen/testing/v1"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	check(err)
	script := &polyglot.Script{}
	check(proto.Unmarshal(input, script))
	output, err := proto.Marshal(play(script))
	check(err)
	_, err = os.Stdout.Write(output)
	check(err)
}

func play(script *polyglot.Script) *polyglot.Report {
	conn, err := grpc.NewClient(script.Address, grpc.WithTransportCredentials(channelCredentials(script.Tls)))
	check(err)
	defer conn.Close()
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(context.Background(), metadata.New(script.Metadata)))
	defer cancel()
	if script.DeadlineMs > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(script.DeadlineMs)*time.Millisecond)
		defer cancel()
	}

	report := &polyglot.Report{}
	stream, err := everything.NewEverythingDuplexServiceClient(conn).Connect(ctx)
	question := uint64(0)
	receive := func() {
		var envelope *everything.EverythingServerEnvelope
		if envelope, err = stream.Recv(); err == nil {
			report.Received = append(report.Received, envelope)
			question = max(question, envelope.CallId)
		}
	}
	for _, step := range script.Steps {
		if err != nil {
			break
		}
		switch kind := step.Kind.(type) {
		case *polyglot.Step_Send:
			_ = stream.Send(kind.Send) // what went wrong is told by Recv
		case *polyglot.Step_Reply:
			kind.Reply.ReplyTo = question
			_ = stream.Send(kind.Reply)
		case *polyglot.Step_Receive:
			receive()
		case *polyglot.Step_HalfClose:
			check(stream.CloseSend())
		case *polyglot.Step_Cancel:
			cancel()
		}
	}
	for err == nil {
		receive()
	}
	if err != io.EOF {
		report.Code = int32(status.Code(err))
		report.Message = status.Convert(err).Message()
	}
	return report
}

func channelCredentials(files *polyglot.Tls) credentials.TransportCredentials {
	if files == nil {
		return insecure.NewCredentials()
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(files.Ca)
	if len(files.Certificate) > 0 {
		pair, err := tls.X509KeyPair(files.Certificate, files.Key)
		check(err)
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
