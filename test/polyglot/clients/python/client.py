"""Plays a script: a Script on stdin, a Report on stdout."""

import queue
import sys

import grpc
from polyglot.v1.script_pb2 import Report, Script
from testing.v1.everything_duplex_pb2_grpc import EverythingDuplexServiceStub


def open_channel(script: Script) -> grpc.Channel:
    if not script.HasField("tls"):
        return grpc.insecure_channel(script.address)
    tls = script.tls
    credentials = grpc.ssl_channel_credentials(tls.ca, tls.key or None, tls.certificate or None)
    return grpc.secure_channel(script.address, credentials)


def play(script: Script) -> Report:
    outgoing = queue.SimpleQueue()
    call = EverythingDuplexServiceStub(open_channel(script)).Connect(
        iter(outgoing.get, None),
        metadata=list(script.metadata.items()),
        timeout=script.deadline_ms / 1000 or None,
    )
    report = Report()
    question = 0

    def receive() -> None:
        nonlocal question
        report.received.append(next(call))
        question = report.received[-1].call_id or question

    try:
        for step in script.steps:
            match step.WhichOneof("kind"):
                case "send":
                    outgoing.put(step.send)
                case "reply":
                    step.reply.reply_to = question
                    outgoing.put(step.reply)
                case "receive":
                    receive()
                case "half_close":
                    outgoing.put(None)
                case "cancel":
                    call.cancel()
        while True:
            receive()
    except (grpc.RpcError, StopIteration):
        outgoing.put(None)
    report.code = call.code().value[0]
    report.message = call.details()
    return report


sys.stdout.buffer.write(play(Script.FromString(sys.stdin.buffer.read())).SerializeToString())
