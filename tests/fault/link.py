"""A TCP link that a test can cut: a proxy on a port of its own in front of a server.

    link = Link(target_port)
    link.cut()                 connections break with a reset, new ones are refused
    link.freeze()              nothing passes and nothing is closed; new connections are accepted and hear nothing
    link.freeze_answers()      of the server: what is asked for passes
    link.slow(seconds)         each piece waits so long, in both directions
    link.lose_commits(n)       of PostgreSQL: n transactions are committed, and the connection breaks instead of saying so
    link.heal()                all of that ends; what was held back passes
    link.waiting               of new connections, how many a frozen link has accepted
    link.target = port         for new connections; cut() first for the old ones
    link.close()

All links share one thread with one event loop."""
import asyncio
import socket
import struct
import threading

HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)  # linger 0: a close is a reset


def start_loop():
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


LOOP = start_loop()


def reset(writer):
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


class Link:
    def __init__(self, target):
        self.target = target
        self.is_cut = False
        self.delay = 0
        self.losing = 0
        self.waiting = 0
        self.pairs = set()
        self.call(self.open())

    @staticmethod
    def call(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, LOOP).result(30)

    async def open(self):
        self.passable = asyncio.Event()
        self.passable.set()
        self.answering = asyncio.Event()
        self.answering.set()
        self.server = await asyncio.start_server(self.serve, HOST, 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def break_all(self):
        for pair in list(self.pairs):
            for writer in pair:
                reset(writer)

    async def serve(self, reader, writer):
        if self.is_cut:
            reset(writer)
            return
        try:
            self.waiting += 1
            try:
                await self.hold(reader)
            finally:
                self.waiting -= 1
            other_reader, other_writer = await asyncio.open_connection(HOST, self.target)
        except OSError:
            reset(writer)
            return
        pair = (writer, other_writer)
        self.pairs.add(pair)
        state = {"committing": False}
        try:
            await asyncio.gather(self.pump(reader, other_writer, self.ask, state), self.pump(other_reader, writer, self.answer, state))
        except OSError:
            pass
        finally:
            self.pairs.discard(pair)
            for each in pair:
                reset(each)

    def ask(self, data, state):
        if self.losing and b"COMMIT\0" in data:
            self.losing -= 1
            state["committing"] = True
        return data

    def answer(self, data, state):
        if not state["committing"]:
            return data
        if b"COMMIT\0" in data:  # the word that it is done
            raise OSError("the answer is lost")
        return b""

    async def hold(self, reader):
        """While frozen. What somebody said who has gone since is not delivered: a call that comes after its end would be one
        that no budget can foresee."""
        if not self.passable.is_set():
            await self.passable.wait()
            if reader.at_eof() or reader.exception():
                raise OSError("its sender has gone")

    async def pump(self, reader, writer, look, state):
        while data := await reader.read(65536):
            await self.hold(reader)
            if self.delay:
                await asyncio.sleep(self.delay)
            if look == self.answer:
                await self.answering.wait()
            writer.write(look(data, state))
            await writer.drain()
        raise OSError("one side has closed")

    async def change(self, do):
        do()

    def cut(self):
        def do():
            self.is_cut = True
            self.break_all()
        self.call(self.change(do))

    def freeze(self):
        self.call(self.change(lambda: self.passable.clear()))

    def freeze_answers(self):
        self.call(self.change(lambda: self.answering.clear()))

    def slow(self, seconds):
        self.delay = seconds

    def lose_commits(self, n):
        self.losing = n

    def heal(self):
        def do():
            self.is_cut, self.delay, self.losing = False, 0, 0
            self.passable.set()
            self.answering.set()
        self.call(self.change(do))

    def close(self):
        def do():
            self.is_cut = True
            self.server.close()
            self.break_all()
            self.passable.set()
            self.answering.set()
        self.call(self.change(do))
