"""What the machine says: CPU time and memory of processes, free ports, versions."""

import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")


def say(text):
    """Progress goes to standard error: standard output is the table."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def cpu_seconds(pids):
    """User and system time that these processes have used so far."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as file:
            # The name may hold spaces and parentheses; fields count from behind it.
            fields = file.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def memory_bytes(pids, kind):
    """Rss or Pss of these processes, added up."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            total += int(re.search(rf"^{kind}:\s+(\d+) kB", file.read(), re.M)[1]) * 1024
    return total


def children_of(pid):
    """The processes that `pid` has forked."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(ready, seconds, what):
    """Wait until `ready()` gives something, and return that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := ready():
            return result
        time.sleep(0.02)
    raise TimeoutError(f"{what}: not within {seconds} s")


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def first_line(*command):
    """What a tool says about its version; None where there is no such tool."""
    if not shutil.which(command[0]):
        return None
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.strip().splitlines()[0]


def description(acehls):
    """Where and with what it was measured, as lines of Markdown."""
    with open("/proc/cpuinfo") as file:
        model = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.M)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    tools = [
        first_line(acehls, "--version"),
        (first_line("ffmpeg", "-version") or "no ffmpeg").split(" Copyright")[0],
        (first_line("nginx", "-v") or "no nginx").replace("nginx version: ", ""),
        re.sub(r" \[.*| Copyright.*", "", first_line("wrk", "-v") or "no wrk"),
    ]
    return [
        f"- {model[1] if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB, {system}, "
        f"Linux {platform.release()}; load before: {os.getloadavg()[0]:.1f}",
        f"- {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}; " + "; ".join(tools),
    ]
