"""The client's side of a session, as PROTOCOL.md has it: numbers, acknowledgements, window, credit, resume, close."""

import asyncio
import os
import random
from collections import deque
from typing import Any, AsyncIterator, Callable

import grpc
from duplex.v1 import session_pb2 as duplex

WINDOW_ITEMS, WINDOW_BYTES, STREAM_CREDIT = 1_024, 1 << 20, 64
PING, PING_TIMEOUT = 1.0, 1.0


class Broken(Exception):
    """The carrier is no good any more; the session goes on with another one."""


class Session:
    """
    A session with a contract. `dial` opens a stream of its wire service on a channel, `envelope` is what the
    client sends, `take` is given each state and each callback; what it returns answers a callback that asks.
    """

    def __init__(self, address: str, contract: str, dial: Callable, envelope: type, take: Callable[[Any], Any]):
        self.address, self.contract, self.dial, self.envelope, self.take = address, contract, dial, envelope, take
        self.reason = ""  # why the session is over
        self.resumes = 0
        self.nonce, self.id, self.token, self.epoch, self.attempt = os.urandom(16), b"", b"", 0, 0
        self.terms = duplex.Terms()  # the service's
        self.received = self.told = self.told_bytes = 0  # held; acknowledged; bytes since
        self.sent = self.peer_received = 0
        self.items: deque = deque()  # the items above peer_received, in order
        self.unreleased: deque = deque()  # (number, bytes) of what starts something and is not released
        self.controls: deque = deque()
        self.calls: dict[int, asyncio.Queue] = {}  # answers, by call
        self.granted: dict[int, int] = {}  # requests that a stream may send, by call
        self.grants: dict[int, int] = {}  # replies that a stream may bring, by call
        self.last_call = 0
        self.closing = self.peer_last = None
        self.changed = asyncio.Condition()
        self.line = asyncio.Lock()  # those who wait for room, in order
        self.ack_due = False

    # -------------------------------------------------------------- calls

    async def send(self, **content: Any) -> None:
        """Sends something that starts something, when there is room for it."""
        item = self.envelope(**content)
        size = item.ByteSize()
        items = self.terms.window_items or 16_384
        room = self.terms.window_bytes or 4 << 20

        def fits() -> bool:
            flying = sum(bytes for _, bytes in self.unreleased)
            return not self.unreleased or (len(self.unreleased) < items and flying + size <= room)

        async with self.line, self.changed:
            await self.changed.wait_for(lambda: self.reason or fits())
            self.unreleased.append((self.sent + 1, size))
            self._put(item)
            self.changed.notify_all()

    async def call(self, **content: Any) -> Any:
        """Calls, and returns the envelope with the reply, or None if the session is over before."""
        call = self.open()
        await self.send(call_id=call, **content)
        return await self.reply(call)

    async def reply(self, call: int) -> Any:
        reply = await self.calls[call].get()
        self._forget(call)
        return reply

    async def stream(self, **content: Any) -> AsyncIterator[Any]:
        """Calls, and brings the replies as they come."""
        call = self.open()
        await self.send(call_id=call, **content)
        taken = 0
        while True:
            reply = await self.calls[call].get()
            if reply is None or reply.WhichOneof("content") == "call_complete":
                self._forget(call)
                return
            yield reply
            taken += 1
            if self.grants[call] - taken <= STREAM_CREDIT // 2:
                self.grants[call] = taken + STREAM_CREDIT
                self._grant(call)
                await self._wake()

    def open(self) -> int:
        """A new call."""
        self.last_call += 1
        self.calls[self.last_call] = asyncio.Queue()
        self.granted[self.last_call] = self.terms.stream_credit or 256
        self.grants[self.last_call] = STREAM_CREDIT
        return self.last_call

    async def feed(self, call: int, requests: list[dict]) -> None:
        """Sends the requests of a stream, as far as the service grants them, then completes it."""
        for sent, request in enumerate(requests):
            if sent == 0:
                await self.send(call_id=call, **request)
                continue
            async with self.changed:
                await self.changed.wait_for(lambda: self.reason or self.granted.get(call, 0) > sent)
                self._put(self.envelope(call_id=call, **request))
                self.changed.notify_all()
        self._put(self.envelope(call_id=call, call_complete=duplex.CallComplete()))
        await self._wake()

    async def close(self) -> str:
        """Closes in order; returns why the session is over."""
        async with self.changed:
            self.closing = duplex.Goodbye(reason=duplex.REASON_CLOSED, last_seq=self.sent)
            self.controls.append(duplex.Control(goodbye=self.closing))
            self.changed.notify_all()
            await self.changed.wait_for(lambda: self.reason)
        return self.reason

    # -------------------------------------------------------------- carriers

    async def run(self) -> None:
        """Keeps the session on carriers until it is over."""
        delay = 0.1
        while not self.reason:
            epoch = self.epoch
            try:
                options = [("grpc.use_local_subchannel_pool", 1)]
                async with grpc.aio.insecure_channel(self.address, options) as channel:
                    await self._use(self.dial(channel))
            except (grpc.RpcError, Broken, asyncio.TimeoutError, asyncio.InvalidStateError):
                pass
            delay = 0.1 if self.epoch > epoch else min(2 * delay, 10)
            if not self.reason:
                await asyncio.sleep(random.uniform(0.1, max(delay, 0.1)))
        for queue in self.calls.values():
            queue.put_nowait(None)
        await self._wake()

    async def _use(self, carrier: Any) -> None:
        self.attempt += 1
        terms = duplex.Terms(
            window_items=WINDOW_ITEMS,
            window_bytes=WINDOW_BYTES,
            stream_credit=STREAM_CREDIT,
            ttl_ms=120_000,
            ping_ms=int(PING * 1000),
            ping_timeout_ms=int(PING_TIMEOUT * 1000),
        )
        marks = duplex.Marks(received=self.received, first=self.peer_received + 1, last=self.sent)
        hello = duplex.Hello(
            min_version=1,
            max_version=1,
            contract=self.contract,
            open_nonce=self.nonce,
            session_id=self.id,
            token=self.token,
            epoch=self.epoch,
            attempt=self.attempt,
            marks=marks,
            terms=terms,
        )
        await carrier.write(self.envelope(control=duplex.Control(hello=hello)))
        first = await asyncio.wait_for(carrier.read(), PING + PING_TIMEOUT)
        if first is grpc.aio.EOF or not self._welcomed(first.control):
            return
        await carrier.write(self.envelope(ack=self.received))
        tasks = [asyncio.ensure_future(each) for each in (self._read(carrier), self._write(carrier))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            carrier.cancel()

    def _welcomed(self, control: Any) -> bool:
        welcome = control.welcome
        if control.HasField("goodbye"):
            self.reason = f"refused: {control.goodbye.message}"
        elif welcome.result == duplex.RESULT_REJECTED:
            # Closed in order: the last words were lost with the carrier.
            closed = self.closing is not None and welcome.reason == duplex.REASON_CLOSED
            self.reason = "closed" if closed else f"rejected: {duplex.Reason.Name(welcome.reason)}"
        elif welcome.result in (duplex.RESULT_OPENED, duplex.RESULT_RESUMED):
            self.resumes += welcome.result == duplex.RESULT_RESUMED
            self.id, self.token, self.epoch, self.terms = (
                welcome.session_id,
                welcome.token,
                welcome.epoch,
                welcome.terms,
            )
            self._acknowledged(welcome.marks.received)
            self.controls.clear()
            for call in self.grants:
                self._grant(call)
            if self.closing is not None:
                self.controls.append(duplex.Control(goodbye=self.closing))
            return True
        return False

    async def _write(self, carrier: Any) -> None:
        next_number = self.peer_received + 1
        while True:
            if self.controls:
                frame = self.envelope(control=self.controls.popleft())
            elif next_number <= self.sent:
                next_number = max(next_number, self.peer_received + 1)
                frame = self.envelope(seq=next_number)
                frame.MergeFrom(self.items[next_number - self.peer_received - 1])
                next_number += 1
            elif self.ack_due:
                frame = self.envelope()
            elif self._is_done():
                await carrier.write(self.envelope(ack=self.received))
                await carrier.done_writing()
                return
            else:
                async with self.changed:
                    try:
                        await asyncio.wait_for(self.changed.wait(), 1)
                    except asyncio.TimeoutError:
                        self.ack_due = self.told < self.received
                continue
            frame.ack = self.told = self.received
            self.told_bytes, self.ack_due = 0, False
            await carrier.write(frame)

    async def _read(self, carrier: Any) -> None:
        while True:
            reading = asyncio.ensure_future(carrier.read())
            reading.add_done_callback(lambda read: read.cancelled() or read.exception())  # may come when nobody waits
            done, _ = await asyncio.wait([reading], timeout=PING)
            if not done:
                self.controls.append(duplex.Control(ping=duplex.Ping(id=1)))
                await self._wake()
                done, _ = await asyncio.wait([reading], timeout=PING_TIMEOUT)
            if not done:
                reading.cancel()
                raise Broken("silence")
            frame = reading.result()
            if frame is grpc.aio.EOF:
                if self._is_done():
                    self.reason = "closed"
                raise Broken("the stream ended")
            self._frame(frame)
            await self._wake()

    # -------------------------------------------------------------- frames

    def _frame(self, frame: Any) -> None:
        if frame.WhichOneof("content") == "control":
            self._control(frame.control)
        elif frame.seq > 0:
            for number, item in enumerate([frame, *frame.more], frame.seq):
                self._item(number, item)
        self._acknowledged(frame.ack, frame.backlog)

    def _item(self, number: int, item: Any) -> None:
        if number <= self.received:
            self.ack_due = True
            return
        if number > self.received + 1:
            raise Broken("a gap")
        self.received = number
        self.told_bytes += item.ByteSize()
        self.ack_due |= self.received - self.told >= WINDOW_ITEMS // 4 or self.told_bytes >= WINDOW_BYTES // 4
        if item.reply_to:
            if item.reply_to in self.calls:
                self.calls[item.reply_to].put_nowait(item)
            return
        answer = self.take(item)
        if item.call_id:
            self._put(self.envelope(reply_to=item.call_id, **(answer or UNIMPLEMENTED)))

    def _control(self, control: Any) -> None:
        match control.WhichOneof("kind"):
            case "ping":
                self.controls.append(duplex.Control(pong=control.ping))
            case "credit":
                for grant in control.credit.grants:
                    if grant.reply_to in self.granted:
                        self.granted[grant.reply_to] = max(grant.total, self.granted[grant.reply_to])
            case "goodbye" if control.goodbye.code:
                self.reason = control.goodbye.message
                raise Broken("the service ended the session")
            case "goodbye":
                if control.goodbye.HasField("last_seq"):
                    self.peer_last = control.goodbye.last_seq
                if self.closing is None:
                    self.closing = duplex.Goodbye(reason=duplex.REASON_CLOSED, last_seq=self.sent)
                    self.controls.append(duplex.Control(goodbye=self.closing))

    def _acknowledged(self, ack: int, backlog: int | None = None) -> None:
        if ack > self.sent:
            raise Broken("an acknowledgement of what was not sent")
        while self.peer_received < ack:
            self.items.popleft()
            self.peer_received += 1
        if backlog is not None:
            held = sum(number <= ack for number, _ in self.unreleased)
            for _ in range(held - backlog):
                self.unreleased.popleft()

    def _is_done(self) -> bool:
        return self.closing is not None and self.peer_last is not None and self.received >= self.peer_last

    def _grant(self, call: int) -> None:
        grant = duplex.Grant(call_id=call, total=self.grants[call])
        self.controls.append(duplex.Control(credit=duplex.Credit(grants=[grant])))

    def _forget(self, call: int) -> None:
        for by_call in (self.calls, self.granted, self.grants):
            del by_call[call]

    def _put(self, item: Any) -> None:
        self.sent += 1
        self.items.append(item)

    async def _wake(self) -> None:
        async with self.changed:
            self.changed.notify_all()


UNIMPLEMENTED = {"call_fault": duplex.CallFault(code=12, message="not known here")}
