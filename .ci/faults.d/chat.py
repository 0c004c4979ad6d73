"""What the cases share: the server as a process, a client of few words, and the three ways for a case to end.

A case returns what it saw; it raises `Skip` where this machine cannot run it, and whatever else if it failed.
"""
import base64
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time

# The program; set before any case runs.
BINARY = None
# What an answer may take on a busy machine, under a tracer at that.
PATIENCE = 10
# The end after SIGTERM, and what may come late on a busy machine.
STOP_MAX = 2
SLACK = 2
# The share of a processor that a server may need while nobody wants anything from it.
SHARE_MAX = 0.05
TICKS = os.sysconf("SC_CLK_TCK")


class Skip(Exception):
    """The case cannot run on this machine."""


def check(what, holds, seen=""):
    if not holds:
        raise AssertionError(f"{what}: {seen}" if seen != "" else what)


def needs(*commands):
    for command in commands:
        if not shutil.which(command):
            raise Skip(f"needs {command}")


def needs_root():
    if os.geteuid() != 0:
        raise Skip("needs root")



class Server:
    """A running server, started through whatever prepares its fault."""

    def __init__(self, *options, through=(), env=None, stderr=subprocess.DEVNULL, bind="127.0.0.1"):
        command = [*through, BINARY, "0", *(["--bind", bind] if bind else []), *options]
        env = {**os.environ, "LANG": "es", "LC_ALL": "es", **(env or {})}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=env, text=True)
        self.first_line = self.process.stdout.readline().strip()
        check("it starts", self.first_line, f"{command} ended with {self.process.poll()}")
        self.port = int(self.first_line.rsplit(" ", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        self.process.kill()
        self.process.wait()

    def stop(self):
        """It lives, and ends in order and in time."""
        check("it lives", self.process.poll() is None, f"ended with {self.process.poll()}")
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        check("it stops in order", status == 0, status)
        check("it stops in time", time.monotonic() - start < STOP_MAX + SLACK, time.monotonic() - start)

    def processor_time(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


class Client:
    """A WebSocket client of few words."""

    def __init__(self, server, address="127.0.0.1", timeout=PATIENCE, nudge_after=None):
        """With `nudge_after` it pings whenever it has waited so long: one more event of the network."""
        self.timeout, self.nudge_after = timeout, nudge_after
        self.stream = socket.create_connection((address, server.port), timeout)
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.name = None
        self.end = time.monotonic() + timeout
        key = base64.b64encode(os.urandom(16)).decode()
        self.stream.sendall(
            f"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._exactly(1)
        check("it becomes a WebSocket", head.startswith(b"HTTP/1.1 101 "), head)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            while self.nudge_after and not select.select([self.stream], [], [], self.nudge_after)[0]:
                check("a nudge helps", time.monotonic() < self.end)
                self.ping()
            part = self.stream.recv(count - len(data))
            if not part:
                raise ConnectionError("the server ended the connection")
            data += part
        return data

    def _frame(self, first, payload):
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        # A mask of zeros is a mask.
        self.stream.sendall(bytes([first]) + length + bytes(4) + payload)

    def send(self, kind, **fields):
        self._frame(0x81, json.dumps({"type": kind, "sender": self.name, **fields}).encode())

    def ping(self):
        self._frame(0x89, b"?")

    def receive(self, *kinds, until=None):
        """The next message of these types, or any; pings are answered."""
        self.end = time.monotonic() + (until or self.timeout)
        while True:
            self.stream.settimeout(max(self.end - time.monotonic(), 0.001))
            first, length = self._exactly(2)
            if length == 126:
                length = int.from_bytes(self._exactly(2), "big")
            payload = self._exactly(length)
            if first == 0x89:
                self._frame(0x8A, payload)
            elif first == 0x81:
                message = json.loads(payload)
                if not kinds or message["type"] in kinds:
                    return message
            elif first == 0x88:
                raise ConnectionError(f"closed with {int.from_bytes(payload[:2], 'big')}")

    def join(self, name):
        self.name = name
        self.send("register", content=None)
        answer = self.receive("register_success", "error")
        check(f"{name} is let in", answer["type"] == "register_success", answer)
        return self

    def says(self, content):
        """Says it to everybody, and sees it come back."""
        self.send("broadcast", content=content)
        while True:
            message = self.receive("broadcast", "error")
            check("it is not refused", message["type"] == "broadcast", message)
            if (message["sender"], message["content"]) == (self.name, content):
                return message

    def expect_nothing(self, seconds):
        try:
            message = self.receive(until=seconds)
        except TimeoutError:
            return
        raise AssertionError(f"nothing was to come, and it was {message}")


def visit(server, name, nudge_after=None):
    """Somebody who comes, talks, and goes. Whether all of it went well; a client that was closed is no defect."""
    try:
        client = Client(server, timeout=2, nudge_after=nudge_after).join(name)
        for n in range(5):
            client.ping()
            client.says(f"{name} {n}")
        client.send("disconnect", content="x")
        client.stream.close()
        return True
    except (ConnectionError, TimeoutError):
        return False
