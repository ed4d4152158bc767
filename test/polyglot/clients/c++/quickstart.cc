#include <grpcpp/grpcpp.h>

#include <iostream>

#include "calculator/v1/calculator_duplex.grpc.pb.h"

using namespace calculator::v1;

int main(int, char** argv) {
  auto channel = grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials());
  auto stub = CalculatorDuplexService::NewStub(channel);
  grpc::ClientContext context;
  auto stream = stub->Connect(&context);
  CalculatorClientEnvelope add;
  add.mutable_add_to()->set_n(100);
  stream->Write(add);
  stream->WritesDone();
  CalculatorServerEnvelope event;
  while (stream->Read(&event)) {
    if (event.has_equals()) std::cout << "Equals(" << event.equals().result() << ")\n";
  }
  return stream->Finish().error_code();
}
