"""What a viewer in Chromium sees: web/bench/watch.ts opens our own page, and notes every frame."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

from . import media
from .machine import say
from .rows import Row, identifier, spread
from .servers import Acehls, FakeEngine
from .tap import Tap

WEB = pathlib.Path(__file__).resolve().parent.parent.parent / "web"
NODE = WEB / "node_modules/node/bin/node"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


class Watcher:
    """One viewer of a channel's page, whose picture moves already."""

    def __init__(self, url, profile, settle, seconds):
        say(f"chromium: {url}, {profile}, {seconds} s")
        command = [NODE, WEB / "bench/watch.ts", url, profile, str(settle), str(seconds)]
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=WEB,
        )
        said = []
        for line in self.process.stderr:
            said.append(line)
            if line == "playing\n":
                return
        raise RuntimeError(f"Chromium did not play {url}: {''.join(said)[-1000:]}")

    def seen(self):
        """What it saw, once its time is over."""
        text, complaints = self.process.communicate(timeout=300)
        if self.process.returncode:
            raise RuntimeError(f"Chromium: {complaints[-1000:]}")
        return json.loads(text)


def absent(bench, what):
    """Whether there is no browser; says so in the notes."""
    if shutil.which(CHROMIUM) and NODE.exists():
        return False
    bench.notes.append(f"{what} was not measured: it takes Chromium, and `npm ci` in web/.")
    return True


def page(server, channel):
    return f"{server.url}/play/{channel['id']}"


def one(bench, megabits, **options):
    return {"id": identifier(1), "clip": media.clip(bench.clips, megabits), "name": "Channel 1", "burst": "0s", **options}


def latency(bench):
    """Behind live: the PTS of every frame is the wall clock at which the fake engine sent it."""
    if absent(bench, "Latency in a browser"):
        return []
    folder, listed = bench.folder("latency"), one(bench, 5, wall_clock="true")
    with FakeEngine(bench.acehls, folder, [listed]) as engine, Acehls(bench.acehls, folder, engine.url) as server:
        seen = Watcher(page(server, listed), "fast", bench.seconds(20), bench.seconds(60)).seen()
    found = sorted(value / 1000 for value in seen["latencies"])
    median, p99 = statistics.median(found), found[len(found) * 99 // 100]
    stalls = [gap for gap in seen["frozen"] if gap > 500]
    bench.notes.append(
        f"Latency over {seen['frames']} frames: from {found[0]:.2f} to {found[-1]:.2f} s; the picture stood still for more "
        f"than 0.2 s {len(seen['frozen'])} times, for more than 0.5 s {len(stalls)} times."
    )
    return [
        Row(
            "behind live in Chromium, profile `fast`, 60 s: median (p99), stalls",
            f"{median:.2f} s ({p99:.2f} s), {len(stalls)}", "–", None, "1.3 s (1.6 s), 0",
            median <= 1.3 and p99 <= 1.6 and not stalls,
        )
    ]


def start(bench, runs=5):
    """From the page's POST to its first frame, each time on a channel that nobody watches."""
    if absent(bench, "The first frame in a browser"):
        return []
    runs = 2 if bench.quick else runs
    return [burst_start(bench, runs), live_start(bench, runs)]


def burst_start(bench, runs):
    folder = bench.folder("start-burst")
    listed = [one(bench, 5, burst="12s", id=identifier(n + 1)) for n in range(runs)]
    with FakeEngine(bench.acehls, folder, listed) as engine, Acehls(bench.acehls, folder, engine.url) as server:
        took = [Watcher(page(server, channel), "balanced", 0, 1).seen()["start"] / 1000 for channel in listed]
    return Row(
        f"`POST /api/play` to the first frame in Chromium, engine with a burst of 12 s, {runs} starts: median (longest)",
        spread(took), "–", None, "1.0 s, each time", max(took) <= 1.0,
    )


def live_start(bench, runs):
    folder = bench.folder("start-live")
    listed = [one(bench, 5, id=identifier(n + 1), offset=f"{n * 2000 // runs + 100}ms") for n in range(runs)]
    took, allowed = [], []
    for channel in listed:
        with FakeEngine(bench.acehls, folder, [channel]) as engine, Tap(engine.port) as tap:
            with Acehls(bench.acehls, folder, tap.url) as server:
                seen = Watcher(page(server, channel), "fast", 0, 1).seen()
                took.append(seen["start"] / 1000)
                arrived = tap.random_access[0] - time.monotonic() + time.time()
                allowed.append(arrived - seen["posted"] / 1000 + 1.2)
    return Row(
        f"the same without a burst, profile `fast`, {runs} starts: median (longest)",
        spread(took), "–", None,
        f"its first random access point + 1.2 s, each time: {spread(allowed)}",
        all(one <= most for one, most in zip(took, allowed)),
    )


def gaps(bench):
    """How long the picture stands still when nothing comes for a while, in the profile that everybody has."""
    if absent(bench, "A gap in supply"):
        return []
    folder, listed = bench.folder("gaps"), one(bench, 5, burst="12s")
    frozen = {}
    with FakeEngine(bench.acehls, folder, [listed]) as engine, Tap(engine.port) as tap:
        with Acehls(bench.acehls, folder, tap.url) as server:
            for gap in (8, 15):
                # Two holdbacks to settle: what playback began with is not what it has once it runs.
                watcher = Watcher(page(server, listed), "balanced", bench.seconds(20), gap + 25)
                time.sleep(2)
                tap.gap(gap)
                frozen[gap] = sum(part for part in watcher.seen()["frozen"] if part > 500) / 1000
    return [
        Row("a gap of 8 s in the supply, `balanced`, in Chromium: the picture stands still for", f"{frozen[8]:.1f} s",
            "–", None, "0 s", frozen[8] == 0),
        Row("the same for 15 s", f"{frozen[15]:.1f} s", "–", None, "6 s", frozen[15] <= 6),
    ]
