"""Puts load on a session: `load.py ADDRESS NOTES`. Prints what happened, a line an event."""

import asyncio
import sys

from session import Session
from testing.v1 import everything_pb2 as testing
from testing.v1.everything_duplex_pb2 import EverythingClientEnvelope
from testing.v1.everything_duplex_pb2_grpc import EverythingDuplexServiceStub

RUN = "python"


def log(*words: object) -> None:
    print(RUN, *words)


def take(item: EverythingClientEnvelope) -> dict | None:
    match item.WhichOneof("content"):
        case "noted":
            log("received", "noted", item.noted.index)
        case "state":
            log("state", item.state.counter, item.state.last or 0)
        case "confirm":
            log("received", "confirm", item.confirm.question.split(":")[1])
            return {"confirm_response": testing.ConfirmResponse(ok=True, answer=item.confirm.question)}


def payload(index: int) -> bytes:
    return bytes(300_000 if index % 997 == 0 else 20_000 if index % 61 == 0 else 40)


async def main(address: str, notes: int) -> None:
    dial = lambda channel: EverythingDuplexServiceStub(channel).Connect()
    session = Session(address, "testing.v1.EverythingService", dial, EverythingClientEnvelope, take)
    running = asyncio.create_task(session.run())
    tasks = [asyncio.create_task(count(session)), asyncio.create_task(add(session))]
    for index in range(1, notes + 1):
        log("sent", "note", index)
        await session.send(note=testing.NoteRequest(index=index, text=RUN, payload=payload(index)))
        if index % 7 == 0:
            tasks.append(asyncio.create_task(echo(session, index // 7)))
        if index % 29 == 0:
            tasks.append(asyncio.create_task(ask(session, index // 29)))
        await asyncio.sleep(0.002)
    await asyncio.gather(*tasks)
    reason = await session.close()
    await running
    log("ended", reason, 0)
    print(f"{session.resumes} resumes", file=sys.stderr)


async def echo(session: Session, id: int) -> None:
    log("sent", "echo", id)
    reply = await session.call(echo=testing.EchoRequest(text=f"{RUN}:{id}"))
    assert reply.echo_response.text == f"{RUN}:{id}", reply
    log("answered", "echo", id)


async def ask(session: Session, id: int) -> None:
    log("sent", "ask", id)
    reply = await session.call(ask=testing.AskRequest(question=f"{RUN}:{id}"))
    assert reply.WhichOneof("content") == "ask_response", reply
    log("answered", "ask", id)


async def count(session: Session) -> None:
    """A stream of replies that is longer than its credit."""
    replies = session.stream(count=testing.CountRequest(count=1_000, interval_ms=3))
    values = [reply.count_response.value async for reply in replies]
    assert values == list(range(1_000)), values


async def add(session: Session) -> None:
    """A stream of requests that is longer than its credit."""
    call = session.open()
    feeding = asyncio.create_task(session.feed(call, [{"sum": testing.SumRequest(value=n)} for n in range(1_000)]))
    reply = await session.reply(call)
    assert (reply.sum_response.sum, reply.sum_response.count) == (499_500, 1_000), reply
    await feeding


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
