// Plays a script: a Script on stdin, a Report on stdout.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <iostream>

#include "polyglot/v1/script.pb.h"
#include "testing/v1/everything_duplex.grpc.pb.h"

using polyglot::v1::Report;
using polyglot::v1::Script;
using polyglot::v1::Step;

std::shared_ptr<grpc::Channel> OpenChannel(const Script& script) {
  auto credentials = grpc::InsecureChannelCredentials();
  if (script.has_tls()) {
    const auto& files = script.tls();
    credentials = grpc::SslCredentials({files.ca(), files.key(), files.certificate()});
  }
  return grpc::CreateChannel(script.address(), credentials);
}

Report Play(const Script& script) {
  grpc::ClientContext context;
  for (const auto& [name, value] : script.metadata()) context.AddMetadata(name, value);
  if (script.deadline_ms() > 0) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(script.deadline_ms()));
  }
  auto stub = testing::v1::EverythingDuplexService::NewStub(OpenChannel(script));
  auto stream = stub->Connect(&context);

  Report report;
  uint64_t question = 0;
  auto receive = [&] {
    testing::v1::EverythingServerEnvelope event;
    if (!stream->Read(&event)) return false;
    question = std::max(question, event.call_id());
    *report.add_received() = event;
    return true;
  };
  bool open = true;
  for (const auto& step : script.steps()) {
    if (!open) break;
    if (step.has_send()) stream->Write(step.send());
    if (step.has_reply()) {
      auto reply = step.reply();
      reply.set_reply_to(question);
      stream->Write(reply);
    }
    if (step.has_receive()) open = receive();
    if (step.has_half_close()) stream->WritesDone();
    if (step.has_cancel()) context.TryCancel();
  }
  while (open) open = receive();
  auto status = stream->Finish();
  report.set_code(status.error_code());
  report.set_message(status.error_message());
  return report;
}

int main() {
  Script script;
  if (!script.ParseFromIstream(&std::cin)) return 1;
  return Play(script).SerializeToOstream(&std::cout) ? 0 : 1;
}
