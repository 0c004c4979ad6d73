"""Peers who neither go on nor go: each is given up at its deadline, as it is by default.

Half-open ones need networks of their own, where what is on the cable can be dropped without a word.
"""
import ctypes
import os
import select
import shutil
import socket
import subprocess
import time

from chat import SHARE_MAX, SLACK, Client, Server, Skip, check, needs, needs_root

HANDSHAKE_MAX = 10
MESSAGE_MAX = 30
# 25 s of silence and 15 s after the ping, or data unconfirmed for 30 s.
HALF_OPEN_MAX = 45


def a_slowloris_of_three_kinds_is_closed_at_the_deadline():
    """24 who say nothing, drip bytes or drip lines: all are gone when the handshake is over, at no cost."""
    with Server() as server:
        ana = Client(server).join("ana")
        before, start = server.processor_time(), time.monotonic()
        head = b"GET /chat HTTP/1.1\r\n"
        drips = {socket.create_connection(("127.0.0.1", server.port)): (b"", b"x", b"X-a: b\r\n")[n % 3] for n in range(24)}
        for sock, drip in drips.items():
            sock.sendall(head if drip else b"")
        closed = []
        while drips:
            waited = time.monotonic() - start
            check("all are closed in time", waited < HANDSHAKE_MAX + SLACK, f"{len(drips)} are left")
            for sock in select.select(list(drips), [], [], 0.25)[0]:
                try:
                    answer = sock.recv(4096)
                except ConnectionError:
                    answer = b""
                is_told = b" 408 " in answer or answer.startswith(b"Esto es chat-server ")
                check("told that it was too late, or what this is", not answer or is_told, answer)
                if not answer:
                    closed.append(time.monotonic() - start)
                    del drips[sock]
            for sock, drip in drips.items():
                try:
                    sock.sendall(drip)
                except ConnectionError:
                    pass  # Its end is read next.
        share = (server.processor_time() - before) / (time.monotonic() - start)
        check("at no cost", share < SHARE_MAX, f"{share:.1%} of a processor")
        ana.says("sigo")
        return f"24 closed after {min(closed):.1f} to {max(closed):.1f} s, {share:.1%} of a processor"


def a_message_that_stops_in_the_middle_is_cut_and_hears_the_others_until_then():
    with Server() as server:
        ana = Client(server).join("ana")
        beto = Client(server).join("beto")
        caro = Client(server).join("caro")
        for _ in range(2):
            ana.receive("status_update")
        ana.stream.sendall(b"\x81\xfe\x03\xe8" + bytes(4) + b'{"type":"broad')
        start, heard = time.monotonic(), 0
        try:
            while True:
                check("it is cut in time", time.monotonic() - start < MESSAGE_MAX + SLACK)
                beto.says("hola")
                ana.receive("broadcast")
                heard += 1
                time.sleep(0.5)
        except ConnectionError as error:
            cut = time.monotonic() - start
            check("for what it did", "1008" in str(error), error)
        check("not before its time", cut > MESSAGE_MAX - 1, f"{cut:.1f} s")
        check("the others are told", caro.receive("user_disconnected")["user"] == "ana")
        return f"cut with 1008 after {cut:.1f} s, heard {heard} messages until then"


class Networks:
    """Two networks joined by a virtual cable: the server's and its clients'."""

    def __init__(self, name):
        needs_root()
        needs("ip")
        if not shutil.which("iptables") and not shutil.which("nft"):
            raise Skip("needs iptables or nft")
        self.server, self.clients = f"chat-{name}-s-{os.getpid()}", f"chat-{name}-c-{os.getpid()}"

    def __enter__(self):
        try:
            for name in (self.server, self.clients):
                self._run("ip", "netns", "add", name)
            self._run(
                *f"ip -n {self.server} link add cable type veth peer name cable netns {self.clients}".split()
            )
        except subprocess.CalledProcessError as error:
            self.__exit__()
            raise Skip(f"no networks of one's own here: {error.stderr.strip()}") from error
        for name, address in ((self.server, "192.0.2.1/24"), (self.clients, "192.0.2.7/24")):
            self._run("ip", "-n", name, "address", "add", address, "dev", "cable")
            self._run("ip", "-n", name, "link", "set", "cable", "up")
        return self

    def __exit__(self, *_):
        for name in (self.server, self.clients):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)

    @staticmethod
    def _run(*command):
        subprocess.run(command, capture_output=True, text=True, check=True)

    def enter(self):
        """This thread's sockets are the clients' from now on."""
        with open(f"/run/netns/{self.clients}", encoding="utf-8") as namespace:
            libc = ctypes.CDLL(None, use_errno=True)
            clone_newnet = 0x40000000
            if libc.setns(namespace.fileno(), clone_newnet) != 0:
                raise Skip(f"cannot enter a network: {os.strerror(ctypes.get_errno())}")

    def drop(self, port):
        """From now on nothing comes from or to this port of the clients: no end, no reset."""
        inside = ["ip", "netns", "exec", self.clients]
        if shutil.which("iptables"):
            for chain, which in (("OUTPUT", "--sport"), ("INPUT", "--dport")):
                self._run(*inside, "iptables", "-A", chain, "-p", "tcp", which, str(port), "-j", "DROP")
        else:
            rules = f"table ip cut {{ chain o {{ type filter hook output priority 0; tcp sport {port} drop; }}\n"
            rules += f"chain i {{ type filter hook input priority 0; tcp dport {port} drop; }} }}"
            self._run(*inside, "nft", rules)


def half_open(name, talk):
    with Networks(name) as networks:
        networks.enter()
        through = ["ip", "netns", "exec", networks.server]
        with Server("--per-ip", "0", "--inactivity", "0", through=through, bind="192.0.2.1") as server:
            ana = Client(server, "192.0.2.1").join("ana")
            beto = Client(server, "192.0.2.1").join("beto")
            ana.receive("status_update")
            # What beto has received is confirmed by now, so that nothing is on its way.
            time.sleep(0.5)
            networks.drop(beto.stream.getsockname()[1])
            start = time.monotonic()
            gone = None
            while gone is None:
                waited = time.monotonic() - start
                check("it is given up in time", waited <= HALF_OPEN_MAX, f"still there after {waited:.0f} s")
                if talk:
                    ana.says("¿estás?")
                try:
                    message = ana.receive("user_disconnected", until=1 if talk else HALF_OPEN_MAX - waited + 0.1)
                    gone = time.monotonic() - start
                except TimeoutError:
                    pass
            check("the others are told", message["user"] == "beto", message)
            check("within the bar", gone <= HALF_OPEN_MAX, f"{gone:.1f} s")
            Client(server, "192.0.2.1").join("beto")
            return f"gone after {gone:.1f} s, the others told, the name free"


def a_half_open_peer_is_given_up():
    return half_open("idle", talk=False)


def a_half_open_peer_that_is_written_to_is_given_up():
    return half_open("talk", talk=True)
