import sys

import grpc
from calculator.v1.calculator_duplex_pb2 import CalculatorClientEnvelope
from calculator.v1.calculator_duplex_pb2_grpc import CalculatorDuplexServiceStub
from calculator.v1.calculator_pb2 import AddToRequest

stub = CalculatorDuplexServiceStub(grpc.insecure_channel(sys.argv[1]))
for event in stub.Connect(iter([CalculatorClientEnvelope(add_to=AddToRequest(n=100))])):
    if event.HasField("equals"):
        print(f"Equals({event.equals.result:g})")
