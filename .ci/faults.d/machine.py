"""The machine around the server: its clock, its disk, its rules about ports."""
import calendar
import glob
import os
import re
import subprocess
import tempfile
import time

import chat
from chat import PATIENCE, SLACK, Client, Server, Skip, check, needs, needs_root, visit

DAYS_10 = 10 * 86_400


def faketime_library():
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1") + glob.glob("/usr/lib/faketime/libfaketime.so.1")
    if not found:
        raise Skip("needs libfaketime")
    return found[0]


def seconds_ahead(message):
    then = time.strptime(message["timestamp"][:19], "%Y-%m-%dT%H:%M:%S")
    return calendar.timegm(then) - time.time()


def the_clock_jumps_ten_days():
    """Nobody expires, timestamps follow, and timers go on by the clock that does not jump."""
    library = faketime_library()
    with tempfile.TemporaryDirectory() as directory:
        clock = f"{directory}/clock"

        def set_clock(offset):
            with open(f"{clock}.new", "w", encoding="utf-8") as file:
                file.write(f"{offset:+d}\n")
            os.replace(f"{clock}.new", clock)

        set_clock(0)
        env = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": clock,
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        idle = 4
        with Server("--inactivity", str(idle), env=env) as server:
            ana = Client(server).join("ana")
            beto = Client(server).join("beto")
            ana.receive("status_update")
            for offset in (DAYS_10, -DAYS_10, 0):
                set_clock(offset)
                ahead = seconds_ahead(ana.says(f"a {offset} s"))
                check("timestamps follow", abs(ahead - offset) < 5, f"{ahead:.0f} s instead of {offset}")
                said = time.monotonic()
                beto.says("yo también")
                ana.receive("broadcast")
                # Nobody leaves, and nobody falls idle before the time.
                ana.expect_nothing(idle / 2)
                update = ana.receive("status_update", "user_disconnected")
                waited = time.monotonic() - said
                check("idle by the time that passed", update.get("reason") == "idle", update)
                check("and not by the clock", idle - 0.5 < waited < idle + 2, f"{waited:.1f} s")
                # The other one's, and both are back with what they say next.
                ana.receive("status_update")
        return f"+10, -10 and back: timestamps within 5 s, idle after {idle} s each time"


def a_full_disk_under_the_log():
    """On a full file system of 64 kB lines are lost and the chat goes on; with space again, so does the log."""
    needs_root()
    needs("unshare", "mount")
    with tempfile.TemporaryDirectory() as directory:
        prepare = f'mount -t tmpfs -o size=64k tmpfs {directory} || exit 77; exec "$0" "$@" 2>>{directory}/log'
        try:
            server = Server(
                through=["unshare", "--mount", "sh", "-c", prepare], env={"RUST_LOG": "trace"}, stderr=None
            )
        except AssertionError as error:
            raise Skip(f"no mount of one's own here: {error}") from error
        with server:
            seen_by_it = f"/proc/{server.process.pid}/root{directory}/log"
            ana = Client(server).join("ana")
            visits = 0
            while os.path.getsize(seen_by_it) < 60_000:
                check("it comes to be full", visits < 2_000)
                check("visitors are served", visit(server, "beto"))
                visits += 1
            for _ in range(30):
                check("with a full disk too", visit(server, "beto"))
            full = os.path.getsize(seen_by_it)
            ana.says("sigo")
            os.truncate(seen_by_it, 0)
            # So many lines were left out too, for a second at least.
            until = time.monotonic() + 1 + SLACK
            while os.path.getsize(seen_by_it) == 0:
                check("and the log goes on", time.monotonic() < until)
                check("with space again too", visit(server, "beto"))
            return f"{full} bytes of log and full after {visits} visits, 30 more served"


def a_port_that_is_not_allowed():
    """Without the right to a port below 1024: one line that names it, and status 1."""
    command = [chat.BINARY, "80"]
    if os.geteuid() == 0:
        needs("unshare", "setpriv")
        # A network of its own, where the limit is the kernel's default.
        drop = "--bounding-set=-net_bind_service"
        command = ["unshare", "--net", "setpriv", drop, "--inh-caps=-net_bind_service", *command]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    lines = ended.stderr.strip().splitlines()
    if ended.returncode != 1 and "unshare" in ended.stderr:
        raise Skip(f"no network of one's own here: {ended.stderr.strip()}")
    check("status 1", ended.returncode == 1, f"{ended.returncode}: {ended.stderr}")
    check("one line that names the port", len(lines) == 1 and re.search(r"\b80\b", lines[0]), lines)
    return lines[0]
