"""Calls of the system that fail: the server lives, serves, and ends in order, whatever it is told.

They fail by `strace -e inject`, which answers a call of the server in the system's place.
"""
import subprocess
import tempfile
import threading
import time

from chat import PATIENCE, SHARE_MAX, Client, Server, Skip, check, needs, visit

# What a message between two users takes at most, whatever is done to the server.
LONGEST_MAX = 0.1


def traced(log, *injections):
    """The command before a server's whose system calls fail so. The server is the process that was started."""
    needs("strace")
    injected = [word for injection in injections for word in ("-e", f"inject={injection}")]
    calls = ",".join(injection.split(":")[0] for injection in injections)
    return ["strace", "-D", "-qq", "-o", log, "-e", f"trace={calls}", *injected]


def can_trace():
    needs("strace")
    tried = subprocess.run(["strace", "-D", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        raise Skip(f"no tracing here: {tried.stderr.strip()}")


def count_injected(log):
    with open(log, encoding="utf-8") as lines:
        return sum("(INJECTED)" in line for line in lines)


def failing_calls(call, errors, when, visits=30, nudge_after=None):
    """A server with this call failing now and then lives, serves, and ends in order."""
    can_trace()
    seen = []
    for error in errors:
        with tempfile.TemporaryDirectory() as directory:
            log = f"{directory}/strace"
            with Server("--rate", "0", through=traced(log, f"{call}:error={error}:when={when}")) as server:
                served = sum(visit(server, f"u{n}", nudge_after) for n in range(visits))
                check(f"{error}: it serves", served >= visits // 2, f"{served} of {visits}")
                check(f"{error}: the last ones too", any(visit(server, f"z{n}", nudge_after) for n in range(3)))
            injected = count_injected(log)
            check(f"{error}: the call failed", injected > 0)
            seen.append(f"{error} {injected} times, {served} of {visits} served")
    return "; ".join(seen)


def accept_is_interrupted_or_its_peer_is_gone():
    return failing_calls("accept4", ["EINTR", "ECONNABORTED", "EPROTO"], "2+2")


def accept_is_out_of_memory_or_descriptors_now_and_then():
    return failing_calls("accept4", ["ENOBUFS", "ENOMEM", "EMFILE", "ENFILE"], "3+5")


def waiting_is_interrupted():
    return failing_calls("epoll_wait", ["EINTR"], "2+3")


def calls_are_interrupted():
    return "; ".join(f"{call}: {failing_calls(call, ['EINTR'], '3+7')}" for call in ("recvfrom", "sendto"))


def calls_lie_that_they_would_block():
    """The system promises news after EAGAIN. Where it lies, and none comes, the next event of any kind helps."""
    reading = failing_calls("recvfrom", ["EAGAIN"], "3+7", nudge_after=0.1)
    writing = failing_calls("sendto", ["EAGAIN"], "4+9", nudge_after=0.1)
    # Here the next event is another newcomer.
    accepting = failing_calls("accept4", ["EAGAIN"], "5+5", visits=10)
    return f"recvfrom: {reading}; sendto: {writing}; accept4: {accepting}"


def reading_fails():
    return failing_calls("recvfrom", ["ENOBUFS", "ENOMEM", "ECONNRESET", "ETIMEDOUT"], "20+41")


def writing_fails():
    return failing_calls("sendto", ["ENOBUFS", "ENOMEM", "EPIPE", "ECONNRESET"], "20+41")


def wait_until_it_waits(pid):
    """A signal that comes at another time interrupts nothing."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/wchan", encoding="utf-8") as place:
            if "ep_poll" in (where := place.read()) or "epoll" in where:
                return
    raise Skip("the system does not show where a process waits")


def the_wake_up_of_a_signal_fails():
    """A signal wakes the loop by `sendto`. Where there is no memory for it, that it interrupts the sleep is enough."""
    can_trace()
    with tempfile.TemporaryDirectory() as directory:
        log = f"{directory}/strace"
        with Server(through=traced(log, "sendto:error=ENOBUFS:when=1+1")) as server:
            wait_until_it_waits(server.process.pid)
        injected = count_injected(log)
        check("the call failed", injected > 0)
    return f"{injected} wake-ups failed, and it stopped in order"


def watching_a_newcomer_fails():
    # The first ones are the server's own.
    return failing_calls("epoll_ctl", ["ENOSPC", "ENOMEM"], "8+9")


def accept_fails_for_a_while():
    """Without descriptors in the whole system: the users notice nothing, nothing spins, newcomers come in soon."""
    can_trace()
    slowest = []
    # An unlucky moment of a shared machine does not come three times; what the server does wrong, does.
    while not slowest or (slowest[-1] > LONGEST_MAX and len(slowest) < 3):
        said, longest = shortage()
        slowest.append(longest)
    check("the users are on time", slowest[-1] <= LONGEST_MAX, f"their slowest took {slowest} s")
    return said


def shortage():
    """What was seen, and how long a message between two users took at most meanwhile."""
    with tempfile.TemporaryDirectory() as directory:
        log = f"{directory}/strace"
        with Server(through=traced(log, "accept4:error=ENFILE:when=4..9")) as server:
            ana = Client(server).join("ana")
            beto = Client(server).join("beto")
            before, start = server.processor_time(), time.monotonic()
            opened = []
            newcomer = threading.Thread(target=lambda: opened.append(Client(server).join("caro")))
            newcomer.start()
            slowest = 0
            while newcomer.is_alive():
                said = time.monotonic()
                ana.send("private", target="beto", content="x")
                beto.receive("private")
                slowest = max(slowest, time.monotonic() - said)
                time.sleep(0.05)
            share = (server.processor_time() - before) / (time.monotonic() - start)
            waited = time.monotonic() - start
            check("it is let in once it is over", opened)
            check("nothing spins", share < SHARE_MAX, f"{share:.1%} of a processor")
        check("accepting failed each time", count_injected(log) == 6, count_injected(log))
    seen = f"6 failures, newcomer after {waited:.1f} s, users' slowest {slowest * 1e3:.0f} ms"
    return f"{seen}, {share:.1%} of a processor", slowest


def no_ipv6():
    """On a machine without IPv6 it says that it listens on IPv4, and does."""
    can_trace()
    with Server(through=traced("/dev/null", "socket:error=EAFNOSUPPORT:when=1"), bind=None) as server:
        check("it names what it bound", "IPv6" not in server.first_line, server.first_line)
        check("and serves there", visit(server, "ana"))
        return server.first_line
