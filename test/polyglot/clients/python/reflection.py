"""Calls the calculator without its protos: the service describes itself."""

import sys

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

channel = grpc.insecure_channel(sys.argv[1])
database = ProtoReflectionDescriptorDatabase(channel)
pool = descriptor_pool.DescriptorPool(database)
for name in database.get_services():
    print(name)

connect = pool.FindServiceByName("calculator.v1.CalculatorDuplexService").FindMethodByName("Connect")
operation = message_factory.GetMessageClass(connect.input_type)
event = message_factory.GetMessageClass(connect.output_type)
stream = channel.stream_stream(
    "/calculator.v1.CalculatorDuplexService/Connect",
    request_serializer=operation.SerializeToString,
    response_deserializer=event.FromString,
)
for envelope in stream(iter([operation(add_to={"n": 100})])):
    if envelope.HasField("equals"):
        print(f"Equals({envelope.equals.result:g})")
