"""The users of the soak: those who stay, the witnesses among them, and the guests who come and go.

They know the WebSocket's frames and the protocol as far as they need it, and nothing of what is measured. What they
wait for they look at when they are resumed: each is a coroutine, so that one thread has a thousand of them.
"""
import base64
import itertools
import json
import socket
import struct

CONNECT_SECONDS_MAX = 60

KEY = base64.b64encode(bytes(range(16)))
HEAD = (b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n")
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
EMPTY_PING = bytes([PING, 0])

STAGES = ("silent", "half a head", "upgraded", "registered", "broadcast", "private")
WAYS = ("FIN", "RST", "half-close", "RST in mid frame", "close frame", "disconnect")


def pairs():
    """Every stage with every way that is possible from there."""
    for stage, way in itertools.product(STAGES, WAYS):
        needs = {"RST in mid frame": "upgraded", "close frame": "upgraded", "disconnect": "registered"}.get(way)
        if needs is None or STAGES.index(stage) >= STAGES.index(needs):
            yield stage, way


def frame(opcode, payload):
    """A client's frame. Nothing reads along on loopback, so the mask is zero and the payload stays as it is."""
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else struct.pack("!BH", 0xFE, len(payload))
    return bytes([opcode]) + length + bytes(4) + payload


def say(kind, sender, **fields):
    return frame(TEXT, json.dumps({"type": kind, "sender": sender, **fields}).encode())


class Failure(Exception):
    """The server did not do what it must."""


class Frames:
    """The server's frames out of its bytes."""

    def __init__(self):
        self.rest = b""

    def take(self, data):
        data = self.rest + data
        at = 0
        while len(data) - at >= 2:
            length, header = data[at + 1], 2
            if length == 126 and len(data) - at >= 4:
                length, header = struct.unpack_from("!H", data, at + 2)[0], 4
            elif length >= 126:
                if len(data) - at < 10:
                    break
                length, header = struct.unpack_from("!Q", data, at + 2)[0], 10
            if len(data) - at < header + length:
                break
            yield data[at], data[at + header:at + header + length]
            at += header + length
        self.rest = data[at:]


def connect(port):
    stream = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS_MAX)
    stream.setblocking(False)
    return stream


def receive(stream):
    """What has come: None for nothing yet, b"" for the end."""
    try:
        return stream.recv(1 << 18)
    except BlockingIOError:
        return None


def upgrade(stream):
    """A step of a coroutine: asks for the upgrade, and returns what came behind the head of the answer."""
    stream.sendall(HEAD)
    head = b""
    while b"\r\n\r\n" not in head:
        data = receive(stream)
        if data == b"":
            raise Failure(f"closed instead of an answer: {head!r}")
        head += data or b""
        yield
    head, rest = head.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 101 "):
        raise Failure(f"no upgrade: {head!r}")
    return rest


def register(stream, name, frames, data):
    """A step of a coroutine: registers, and waits for the answer."""
    stream.sendall(say("register", name, content=None))
    while True:
        for opcode, payload in frames.take(data):
            if opcode == TEXT and json.loads(payload)["type"] == "register_success":
                return
            if opcode == CLOSE or json.loads(payload)["type"] == "error":
                raise Failure(f"{name} is not registered: {payload!r}")
        data = receive(stream)
        if data == b"":
            raise Failure(f"{name} was closed before it was registered")
        data = data or b""
        yield


class Member:
    """One of the crowd."""

    def __init__(self, port, name):
        self.name = name
        self.stream = connect(port)
        self.last = b""

    def log_in(self):
        rest = yield from upgrade(self.stream)
        yield from register(self.stream, self.name, Frames(), rest)

    def read(self):
        """Takes everything that has come, and answers a ping: no text holds a zero byte, and no length these two."""
        while data := receive(self.stream):
            if EMPTY_PING in self.last[-1:] + data:
                self.stream.sendall(frame(PONG, b""))
            self.last = (self.last + data)[-512:]
        if data == b"":
            raise Failure(f"{self.name} was closed: {self.last!r}")


class Witness(Member):
    """One of the crowd who reads every frame."""

    def __init__(self, port, name):
        super().__init__(port, name)
        self.frames = Frames()
        self.broadcasts = 0
        self.present = set()
        self.came = self.went = 0

    def log_in(self):
        rest = yield from upgrade(self.stream)
        # What is behind the answer in the same read is no concern of the witness yet: nobody churns so early.
        yield from register(self.stream, self.name, self.frames, rest)

    def read(self):
        while data := receive(self.stream):
            for opcode, payload in self.frames.take(data):
                self.last = payload
                if opcode == PING:
                    self.stream.sendall(frame(PONG, payload))
                elif opcode == TEXT:
                    self.hear(json.loads(payload))
                else:
                    raise Failure(f"{self.name} got {opcode:#x} {payload!r}")
        if data == b"":
            raise Failure(f"{self.name} was closed: {self.last!r}")

    def hear(self, message):
        kind = message["type"]
        if kind == "status_update" and message["content"]["user"].startswith("guest"):
            user = message["content"]["user"]
            if user in self.present:
                raise Failure(f"{user} was announced twice")
            self.present.add(user)
            self.came += 1
        elif kind == "user_disconnected" and message["user"].startswith("guest"):
            if message["user"] not in self.present:
                raise Failure(f"{message['user']} went, but never came")
            self.present.remove(message["user"])
            self.went += 1
        elif kind == "broadcast" and message["sender"].startswith("user"):
            if message["content"] != f"number {self.broadcasts}":
                raise Failure(f"expected number {self.broadcasts}, got {message['content']}")
            self.broadcasts += 1
        elif kind == "error":
            raise Failure(f"{self.name} got {message}")


def guest(port, name, stage, way):
    """Somebody who comes, gets so far, and leaves so. A coroutine."""
    stream = connect(port)
    with stream:
        if stage == "half a head":
            stream.sendall(HEAD[:len(HEAD) // 2])
        elif stage != "silent":
            rest = yield from upgrade(stream)
            if stage != "upgraded":
                yield from register(stream, name, Frames(), rest)
            if stage == "broadcast":
                stream.sendall(say("broadcast", name, content="hola"))
            elif stage == "private":
                stream.sendall(say("private", name, target="user-0", content="hola"))
        yield
        if way.startswith("RST"):
            if way == "RST in mid frame":
                stream.sendall(say("broadcast", name, content="never whole")[:20])
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif way != "FIN":
            if way == "half-close":
                stream.shutdown(socket.SHUT_WR)
            elif way == "close frame":
                stream.sendall(frame(CLOSE, struct.pack("!H", 1000)))
            else:
                stream.sendall(say("disconnect", name, content="adiós"))
            while receive(stream) != b"":
                yield
