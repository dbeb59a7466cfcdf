"""Many low-latency viewers of one channel, and one more who joins. The viewers are bench/load."""

import http.client
import statistics
import time
from urllib.parse import urlsplit

from . import load, media
from .machine import say, until
from .rows import Row, fetch, identifier
from .servers import Acehls, FakeEngine

# A viewer is a connection, so as many of those are let in.
ROOMY = {
    "ACEHLS_HTTP__MAX_CONNECTIONS": "20000",
    "ACEHLS_LIVE__MAX_VIEWERS": "20000",
    "ACEHLS_LIVE__MAX_STREAM_VIEWERS": "20000",
    "ACEHLS_LIVE__MAX_BLOCKED": "20000",
}


def channel(bench, megabits, **options):
    clip = media.clip(bench.clips, megabits)
    return {"id": identifier(1), "clip": clip, "name": "Channel 1", "burst": "0s", **options}


def fast(server, channel):
    """The channel's low-latency playlist, once it can be had."""
    url = server.play(channel["id"]).rpartition("/")[0] + "/live.m3u8?profile=fast"
    until(lambda: fetch(url), 30, "a low-latency playlist")
    return url


def viewers(bench, count=2000):
    load.allow_many_files()
    program = load.build(bench.clips.parent / "load")
    count = 200 if bench.quick else count
    folder, listed = bench.folder("viewers"), channel(bench, 1)
    with (
        FakeEngine(bench.acehls, folder, [listed]) as engine,
        Acehls(bench.acehls, folder, engine.url, environment=ROOMY) as server,
    ):
        url = fast(server, listed)
        told = load.run(program, "viewers", url, count, bench.seconds(60), server.process.pid)
    megabits = told["bytes"] * 8 / 1e6 / told["seconds"]
    missing = told["parts"] * count - told["deliveries"]
    bench.notes.append(
        f"{count} viewers took {told['deliveries']} parts ({told['parts']} were born) and {told['lists']} playlists in "
        f"{told['seconds']:.0f} s, {megabits:.0f} Mbit/s; {missing} parts were still under way at the end or skipped, "
        f"{told['errors']} errors {told['first_error']}; the load generator used {told['own_cores'] * 100:.0f} % of a "
        "core of the same two."
    )
    bench.notes += [f"viewers: {told['errors']} errors: this run does not count"] * bool(told["errors"])
    return [
        Row(
            f"{count} low-latency viewers of one channel of 1 Mbit/s: from a part's birth until a viewer has it whole, "
            "p99 (median, longest)",
            f"{told['p99_us'] / 1e6:.3f} s ({told['p50_us'] / 1e6:.3f} s, {told['max_us'] / 1e6:.3f} s)",
            "–", None, "0.5 s", told["p99_us"] <= 500_000 and not told["errors"],
        ),
        Row(
            "the same: server CPU, % of a core (for each viewer)",
            f"{told['server_cores'] * 100:.1f} ({told['server_cores'] * 100 / count:.3f})",
            "–", None, "stated", True,
        ),
    ]


def blocked(bench, count=10000):
    load.allow_many_files()
    program = load.build(bench.clips.parent / "load")
    count = 500 if bench.quick else count
    folder, listed = bench.folder("blocked"), channel(bench, 1)
    with (
        FakeEngine(bench.acehls, folder, [listed]) as engine,
        Acehls(bench.acehls, folder, engine.url, environment=ROOMY) as server,
    ):
        url = fast(server, listed)
        # The window fills: what is measured next shall be the viewers' memory alone.
        say("the window fills")
        time.sleep(bench.seconds(55))
        told = load.run(program, "blocked", url, count, 1 if bench.quick else 3, server.process.pid)
    rounds = told["rounds"]
    took = [one["release_us"] / 1e6 for one in rounds]
    memory = max(one["per_viewer"] for one in rounds)
    failed = sum(one["failed"] for one in rounds)
    counts = not failed and all(one["asking_s"] >= 0 for one in rounds)
    asked = ", ".join(f"{one['asking_s']:.2f} s" for one in rounds)
    answered = ", ".join(f"{one:.3f} s" for one in took)
    held = ", ".join(f"{one['rss_blocked'] / 1e6:.1f} MB" for one in rounds)
    bench.notes.append(
        f"{count} blocked reloads in {len(rounds)} rounds: all asked within {asked}; answered, from the first answer to "
        f"the last, within {answered}; {failed} failed. Server RSS: "
        f"{told['rss_before'] / 1e6:.1f} MB before, {held} "
        "while they waited."
    )
    return [
        Row(
            f"{count} blocked reloads released by one part: until all are answered, longest of {len(rounds)}",
            f"{max(took):.3f} s", "–", None, "0.5 s", counts and max(took) <= 0.5,
        ),
        Row(
            "the same: server memory for each blocked viewer, connection and all",
            f"{memory / 1000:.1f} kB", "–", None, "24 kB", counts and memory <= 24_000,
        ),
    ]


def join(bench, runs=10):
    """A second viewer: the list, then the newest part whole, or the whole segment that a player begins with."""
    folder, listed = bench.folder("join"), channel(bench, 5)
    with FakeEngine(bench.acehls, folder, [listed]) as engine, Acehls(bench.acehls, folder, engine.url) as server:
        url = fast(server, listed)
        time.sleep(bench.seconds(20))
        took = [second_viewer(url, number) for number in range(3 if bench.quick else runs)]
    listed = ", ".join(f"{one * 1000:.1f} ms" for one in took)
    bench.notes.append(f"A second viewer's joins, from its first request to its first segment whole: {listed}.")
    return [
        Row(
            f"a second viewer joins a running channel of 5 Mbit/s: request of the list to first media whole, "
            f"{len(took)} times: median (longest)",
            f"{statistics.median(took):.3f} s ({max(took):.3f} s)", "–", None, "0.15 s", max(took) <= 0.15,
        )
    ]


def second_viewer(url, number):
    parts = urlsplit(url)
    time.sleep(0.37)
    begun = time.monotonic()
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    headers = {"User-Agent": f"second/{number}"}
    connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
    names = [line for line in connection.getresponse().read().decode().splitlines() if line and line[0] != "#"]
    connection.request("GET", f"{parts.path.rpartition('/')[0]}/{names[-1]}", headers=headers)
    answer = connection.getresponse()
    if answer.status != 200 or not answer.read():
        raise RuntimeError(f"{answer.status} for {names[-1]}")
    took = time.monotonic() - begun
    connection.close()
    return took
