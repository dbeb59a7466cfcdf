"""An hour of ten channels, one of which meets a fault every half a minute, while a validator follows each list."""

import dataclasses
import json
import os
import re
import statistics
import subprocess
import time
import urllib.request

from . import media
from .machine import memory_bytes, say, until
from .rows import Row, identifier, megabytes
from .servers import TIMEOUT, Acehls, FakeEngine

CHANNELS = 10
PAUSE = 30  # seconds from one fault to the next
WARM_UP = 300  # seconds until memory is looked at: every window is full, and every fault came
SPAN = 600  # seconds at both ends whose memory is compared
LISTS = ("live.m3u8?profile=fast", "live.m3u8?profile=balanced", "live.m3u8?profile=solid", "playlist.m3u8")

# No server can give what did not come, nor the packets that a fault took where two parts meet.
SOURCE = re.compile(r"\(6\.2\.1\): no (segment|part) for |has the continuity counter|by the hint: the server answers 503")

# What the validator returns: nothing found, or something.
ENDS = (0, 1)

# What goes wrong, and for how long. `replaced` is another player who takes the session.
FAULTS = (
    ("eof@0s", 4), ("silence@0s", 25), ("jump@0s:+3600s", 10), ("reset@0s", 4), ("cc@1s", 20), ("replaced", 0),
    ("no-psi@0s:8s", 15), ("garbage@1s", 20), ("loop@5s:8s", 25), ("jump@0s:-5s", 10), ("restart@0s", 1),
    ("hang", 12), ("bitrate@0s:2", 20),
)


@dataclasses.dataclass
class Sample:
    """What the server holds at a moment."""

    at: float
    rss: int
    descriptors: int
    tasks: int
    windows: int

    @classmethod
    def take(cls, server):
        pid = server.process.pid
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=TIMEOUT) as answer:
            figures = dict(re.findall(r"^(acehls_tasks|acehls_media_held_bytes) (\d+)$", answer.read().decode(), re.M))
        return cls(
            time.monotonic(), memory_bytes([pid], "Rss"), len(os.listdir(f"/proc/{pid}/fd")),
            int(figures["acehls_tasks"]), int(figures["acehls_media_held_bytes"]),
        )


class Follower:
    """`acehls validate` on one list of a channel until it is told to stop."""

    def __init__(self, acehls, url, seconds, log):
        self.url, self.log = url, log
        with open(log, "wb") as file:
            command = [acehls, "validate", url, "--follow", str(seconds)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)

    def found(self):
        """Which rules we broke, which the source did, how the validator ended, and what it said last."""
        code = self.process.wait(120)
        with open(self.log, errors="replace") as file:
            lines = file.read().splitlines()
        musts = [line for line in lines if "MUST (" in line]
        ours = [line for line in musts if not SOURCE.search(line)]
        return ours, len(musts) - len(ours), code, lines[-1:]


def soak(bench, minutes=60):
    seconds = 120 if bench.quick else minutes * 60
    clips = [media.clip(bench.clips, rate) for rate in media.RATES]
    listed = [
        {"id": identifier(n), "clip": clips[n % len(clips)], "name": f"Channel {n}", "offset": f"{n * 1100}ms"}
        for n in range(1, CHANNELS + 1)
    ]
    folder = bench.folder("soak")
    with FakeEngine(bench.acehls, folder, listed) as engine, Acehls(bench.acehls, folder, engine.url) as server:
        idle = Sample.take(server)
        followers = [follow(bench, server, folder, n, channel, seconds) for n, channel in enumerate(listed)]
        say(f"soak: {CHANNELS} channels, {seconds} s")
        samples = list(suffer(server, engine, listed, seconds))
        findings = [(follower.url, *follower.found()) for follower in followers]
        errors = [stream["errors"] for stream in server.streams()]
        say("soak: everybody leaves")
        until(lambda: not server.streams(), 180, "the end of every stream")
        time.sleep(5)
        left = Sample.take(server)
    return [*verdicts(bench, samples, idle, left), validity(bench, findings, errors)]


def follow(bench, server, folder, number, channel, seconds):
    url = server.play(channel["id"]).rpartition("/")[0] + "/" + LISTS[number % len(LISTS)]
    return Follower(bench.acehls, url, seconds, folder / f"validate-{number}.log")


def suffer(server, engine, listed, seconds):
    """Fault upon fault for so long, and a sample every few seconds."""
    begin, number, healing = time.monotonic(), 0, {}
    while (passed := time.monotonic() - begin) < seconds:
        if passed >= number * PAUSE + PAUSE:
            channel, (fault, lasts) = listed[number % len(listed)]["id"], FAULTS[number % len(FAULTS)]
            say(f"soak: {fault} in channel {number % len(listed) + 1}")
            strike(engine, channel, fault)
            healing[channel] = passed + lasts
            number += 1
        for channel in [channel for channel, when in healing.items() if when <= passed]:
            strike(engine, channel, "none")
            del healing[channel]
        yield Sample.take(server)
        time.sleep(1 if healing else 5)


def strike(engine, channel, fault):
    query = f"/fake/fault?id={channel}&fault={fault.replace('+', '%2B')}"
    if fault == "replaced":
        query = f"/ace/getstream?id={channel}&format=json&pid=another"
    with urllib.request.urlopen(engine.url + query, timeout=TIMEOUT) as answer:
        answer.read()


def verdicts(bench, samples, idle, left):
    begin, end = samples[0].at, samples[-1].at
    span, warm_up = (20, 20) if bench.quick else (SPAN, WARM_UP)
    first = [it.rss for it in samples if warm_up <= it.at - begin < warm_up + span]
    last = [it.rss for it in samples if it.at > end - span]
    first, last = statistics.mean(first), statistics.mean(last)
    bench.notes.append(
        f"soak: at most {megabytes(max(it.rss for it in samples))} in memory, "
        f"{megabytes(max(it.windows for it in samples))} of windows, {max(it.descriptors for it in samples)} descriptors, {max(it.tasks for it in samples)} tasks; before "
        f"the first viewer {megabytes(idle.rss)}, behind the last {megabytes(left.rss)}."
    )
    return [
        Row(
            f"{(end - begin) / 60:.0f} min of {CHANNELS} channels, a fault every {PAUSE} s: memory (RSS), mean of the last "
            f"{span // 60} min against the first behind the warm-up",
            megabytes(last), megabytes(first), last / first, "within 5 %", abs(last / first - 1) <= 0.05,
        ),
        Row(
            "the same, a minute after the last viewer: descriptors, tasks (before the first)",
            f"{left.descriptors}, {left.tasks} ({idle.descriptors}, {idle.tasks})", "–", None, "as before the first",
            left.descriptors <= idle.descriptors and left.tasks <= idle.tasks,
        ),
    ]


def validity(bench, findings, errors):
    broken = sum(len(lines) for _, lines, _, _, _ in findings)
    for url, lines, _, code, last in findings:
        bench.notes += [f"soak: {url}: {line}" for line in lines[:5]]
        bench.notes += [f"soak: {url}: the validator ended with {code}: {last}"] * (code not in ENDS)
    missing = sum(count for _, _, count, _, _ in findings)
    bench.notes.append(f"soak: {missing} times a segment was late or packets were missing because the source's were")
    bench.notes.append(f"soak: counted by the streams: {json.dumps(total(errors))}")
    return Row(
        "the same: rules broken by any version of a list, or by media in it (but for what the source broke)", str(broken),
        "–", None, "0", not broken and all(code in ENDS for *_, code, _ in findings),
    )


def total(errors):
    return {name: sum(each[name] for each in errors) for name in (errors[0] if errors else [])}
