"""The four measurements of whole segments. Each gives rows of the table; a missing tool skips its peer, in a sentence."""

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from . import media
from .machine import children_of, cpu_seconds, memory_bytes, say, until
from .servers import Acehls, FakeEngine, FfmpegHls, Multimux, Nginx, all_of
from .tap import Tap
from .viewer import Audience


@dataclasses.dataclass
class Row:
    """A line of the table. `ratio` is ours to the peer's."""

    what: str
    ours: str
    peer: str
    ratio: float | None
    must: str
    reached: bool | None  # None: cannot be told, as the peer is missing

    def cells(self):
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else "–"
        verdict = {True: "reached", False: "**missed**", None: "not judged"}[self.reached]
        return [self.what, self.ours, self.peer, ratio, self.must, verdict]


@dataclasses.dataclass
class Bench:
    """What all measurements need to know."""

    acehls: str
    clips: object  # kept between runs
    work: object  # thrown away after the run
    quick: bool
    notes: list

    def seconds(self, usual):
        return min(usual, 6) if self.quick else usual

    def folder(self, name):
        folder = self.work / name
        folder.mkdir()
        return folder

    def missing(self, *tools):
        """Whether a peer's tool is missing; says so in the notes."""
        gone = [tool for tool in tools if not shutil.which(tool)]
        notes = [f"{tool} is not installed: what it is the peer of was not judged." for tool in gone]
        self.notes += [note for note in notes if note not in self.notes]
        return bool(gone)


def megabytes(size):
    return f"{size / 1e6:.1f} MB"


def identifier(number):
    return f"{number:040x}"


# Twenty live channels: CPU and memory.

FILLING = 70  # seconds until every window has its full size: 40 s of listed segments and up to 24 s of lingering ones


def live(bench, channels=20):
    clips = [media.clip(bench.clips, rate) for rate in media.RATES]
    listed = [
        {"id": identifier(n), "clip": clips[n % len(clips)], "name": f"Channel {n}", "burst": "0s",
         # Not all of them cut their segments at the same moment.
         "offset": f"{n * 1100 % 24000}ms"}
        for n in range(1, channels + 1)
    ]
    ours, peer = live_both(bench, listed)
    kin = live_kin(bench, listed)
    rate = f"{channels} channels, {ours['megabits'] / channels:.1f} Mbit/s each"
    allowed = ours["window"] + ours["growing"] + 30e6 + 0.5e6 * channels
    bench.notes.append(
        f"Memory is judged with the segments that grow counted as part of the windows; without them "
        f"{megabytes(allowed - ours['growing'])} would be allowed."
    )
    ratio = ours["cpu"] / peer["cpu"] if peer else None
    kinship = ours["cpu"] / kin["cpu"] if kin else None
    per_channel = ours["alone"] / channels * 5 / (ours["alone_megabits"] / channels)
    return [
        Row(
            f"{rate}, one viewer each: server CPU, % of a core",
            f"{ours['cpu'] * 100:.1f}",
            f"{peer['cpu'] * 100:.1f} (FFmpeg alone, nginx not counted)" if peer else "–",
            ratio,
            "1/6 of FFmpeg",
            ratio <= 1 / 6 if peer else None,
        ),
        Row(
            "the same",
            f"{ours['cpu'] * 100:.1f}, {megabytes(ours['rss'])} (RSS)",
            f"{kin['cpu'] * 100:.1f}, {megabytes(kin['rss'])} (RSS) (multimux)" if kin else "– (multimux)",
            kinship, "less than multimux", kinship < 1 if kin else None,
        ),
        Row(
            "the same without viewers, for each 5 Mbit/s: CPU, % of a core",
            f"{per_channel * 100:.3f}",
            f"{peer['cpu'] * 100 / peer['megabits'] * 5:.2f}" if peer else "–",
            per_channel / (peer["cpu"] / peer["megabits"] * 5) if peer else None,
            "0.15",
            per_channel <= 0.0015,
        ),
        Row(
            "the same with viewers: memory (RSS)",
            f"{megabytes(ours['rss'])}, {megabytes(ours['window'])} of it windows, {megabytes(ours['growing'])} of it "
            "segments that grow",
            f"{megabytes(peer['pss'])} (PSS), and the segments on disk" if peer else "–",
            ours["rss"] / peer["pss"] if peer else None,
            f"windows, growing segments, 30 MB, 0.5 MB a channel: {megabytes(allowed)}",
            ours["rss"] <= allowed,
        ),
    ]


def live_both(bench, listed):
    """Ours and FFmpeg at the same time: a machine's own speed changes by a third within minutes."""
    if bench.missing("ffmpeg", "nginx"):
        return live_ours(bench, listed, threading.Barrier(1)), None
    both = threading.Barrier(2, timeout=300)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = [pool.submit(measure, bench, listed, both) for measure in (live_ours, live_peer)]
        try:
            for one in concurrent.futures.as_completed(running):
                one.result()
        except Exception:
            # The other would wait for it, and tell of nothing but that.
            both.abort()
            raise
        return [one.result() for one in running]


def live_ours(bench, listed, both):
    folder = bench.folder("live-acehls")
    with FakeEngine(bench.acehls, folder, listed) as engine, Acehls(bench.acehls, folder, engine.url) as server:
        playlists = [server.play(channel["id"]) for channel in listed]
        with Audience(playlists) as audience:
            # Behind that, memory is used again and hardly grows any more.
            say("acehls: windows fill")
            filling, _ = rates(bench.seconds(FILLING), server.pids, lambda: received(server))
            both.wait()
            say("acehls: viewers watch")
            cpu, megabits = rates(bench.seconds(60), server.pids, lambda: received(server))
            rss, (window, growing) = memory_bytes(server.pids, "Rss"), windows(server)
        took = bench.seconds(FILLING)
        bench.notes.append(f"acehls: while the windows filled, for {took} s, {filling * 100:.1f} % of a core.")
        complain(bench, "acehls", audience, megabits)
        with Audience(playlists, fetch_segments=False, poll=20):
            say("acehls: nobody watches")
            alone, alone_megabits = rates(bench.seconds(30), server.pids, lambda: received(server))
        errors = [stream for stream in server.streams() if stream["phase"] != "live"]
        bench.notes += [f"acehls: {stream['hash']} is {stream['phase']}: {stream['reason']}" for stream in errors]
    return {
        "cpu": cpu, "megabits": megabits, "alone": alone, "alone_megabits": alone_megabits,
        "rss": rss, "window": window, "growing": growing,
    }


def live_peer(bench, listed, both):
    folder = bench.folder("live-ffmpeg")
    root = bench.folder("live-ffmpeg-segments")
    with FakeEngine(bench.acehls, folder, listed) as engine, Nginx(folder, root) as nginx:
        with all_of(peers := [FfmpegHls(root, engine.url, channel["id"]) for channel in listed]):
            until(lambda: all((peer.folder / "out.m3u8").exists() for peer in peers), 60, "FFmpeg's playlists")
            pids = [peer.process.pid for peer in peers]
            with Audience([f"{nginx.url}/{channel['id']}/out.m3u8" for channel in listed]) as audience:
                say("ffmpeg: windows fill")
                time.sleep(bench.seconds(FILLING))
                both.wait()
                say("ffmpeg: viewers watch")
                nginx_before = cpu_seconds(nginx.pids)
                cpu, megabits = rates(bench.seconds(60), pids, lambda: written(pids))
                nginx_cpu = (cpu_seconds(nginx.pids) - nginx_before) / bench.seconds(60)
                pss, rss = memory_bytes(pids, "Pss"), memory_bytes(pids, "Rss")
            complain(bench, "ffmpeg", audience, megabits)
    bench.notes.append(
        f"FFmpeg's {len(listed)} processes: PSS {megabytes(pss)}, RSS {megabytes(rss)} added up. nginx, which handed "
        f"their segments to the viewers and is not counted above, took {nginx_cpu * 100:.1f} % of a core."
    )
    return {"cpu": cpu, "megabits": megabits, "pss": pss}


def live_kin(bench, listed):
    """multimux, the nearest in kind: `cargo install multimux-cli --root target/peers`."""
    program = shutil.which("multimux", path=f"{bench.clips.parent / 'peers/bin'}:{os.environ['PATH']}")
    if program is None:
        bench.notes.append("multimux is not installed: what it is the peer of was not judged.")
        return None
    folder = bench.folder("live-multimux")
    with FakeEngine(bench.acehls, folder, listed) as engine:
        with Multimux(program, folder, engine.url, [channel["id"] for channel in listed]) as server:
            playlists = [f"{server.url}/{channel['id']}/media.m3u8" for channel in listed]
            until(lambda: all(fetches(playlist) for playlist in playlists), 60, "multimux's playlists")
            with Audience(playlists) as audience:
                say("multimux: windows fill")
                time.sleep(bench.seconds(FILLING))
                say("multimux: viewers watch")
                cpu, megabits = rates(bench.seconds(60), server.pids, lambda: audience.bytes)
                rss = memory_bytes(server.pids, "Rss")
            complain(bench, "multimux", audience, megabits)
    return {"cpu": cpu, "rss": rss}


def fetches(url):
    """Whether a playlist with a segment is there."""
    try:
        return b"#EXTINF" in (fetch(url) or b"")
    except (OSError, urllib.error.URLError):
        return False


def rates(seconds, pids, transferred):
    """Cores used by `pids`, and Mbit/s of `transferred()`, over the coming `seconds`."""
    time_before, cpu_before, bytes_before = time.monotonic(), cpu_seconds(pids), transferred()
    time.sleep(seconds)
    cpu, count, took = cpu_seconds(pids), transferred(), time.monotonic() - time_before
    return (cpu - cpu_before) / took, (count - bytes_before) * 8 / 1e6 / took


def received(server):
    return sum(stream["received_bytes"] for stream in server.streams())


def windows(server):
    """Bytes of the segments that can be fetched, and of those that still grow."""
    held = [stream["window"] for stream in server.streams()]
    return sum(window["bytes"] for window in held), sum(window["growing_bytes"] for window in held)


def written(pids):
    """What processes have written so far: FFmpeg's segments, as much as it received."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/io") as file:
            total += int(re.search(r"^wchar: (\d+)", file.read(), re.M)[1])
    return total


def complain(bench, who, audience, megabits):
    watched = audience.bytes * 8 / 1e6
    bench.notes.append(
        f"{who}: {len(audience.viewers)} viewers fetched {sum(v.segments for v in audience.viewers)} segments, "
        f"{watched / 8:.0f} MB; it took {megabits:.0f} Mbit/s from the engine."
    )
    bench.notes += [f"{who}: {complaint}" for complaint in audience.complaints()]


# From POST to the first segment.


def first_segment(bench, runs=10):
    clip = media.clip(bench.clips, media.RATES[0])
    runs = 3 if bench.quick else runs
    # Readers join at ten places between two key frames.
    listed = [
        {"id": identifier(n), "clip": clip, "burst": "0s", "offset": f"{n * 2000 // runs + 100}ms"} for n in range(runs)
    ]
    folder = bench.folder("first-acehls")
    with FakeEngine(bench.acehls, folder, listed) as engine:
        say("acehls: first segments")
        ours = [first_ours(bench, folder, engine, channel["id"]) for channel in listed]
    took = [took for took, _ in ours]
    margin = max(took - bound for took, bound in ours)
    peers = None
    if not bench.missing("ffmpeg"):
        folder = bench.folder("first-ffmpeg")
        with FakeEngine(bench.acehls, folder, listed) as engine:
            say("ffmpeg: first segments")
            peers = [first_peer(folder, engine, channel["id"]) for channel in listed]
    bench.notes.append(
        "First segments, from POST, with (the second random access point through the wire + 0.3 s): "
        + ", ".join(f"{took:.2f} s ({bound:.2f} s)" for took, bound in ours) + "."
    )
    return [
        Row(
            f"`POST /api/play` to the first segment whole, {runs} starts: median (longest)",
            spread(took),
            spread(peers) if peers else "–",
            statistics.median(took) / statistics.median(peers) if peers else None,
            "first random access point + one GOP + 0.3 s, each time: "
            f"{spread([bound for _, bound in ours])}",
            margin <= 0,
        )
    ]


def spread(times):
    return f"{statistics.median(times):.2f} s ({max(times):.2f} s)"


def first_ours(bench, folder, engine, channel):
    """How long it took, and how long it may take: the first segment ends where the second GOP begins."""
    with Tap(engine.port) as tap, Acehls(bench.acehls, folder, tap.url) as server:
        begun = time.monotonic()
        playlist = server.play(channel)
        text = until(lambda: fetch(playlist), 30, playlist).decode()
        name = next(line for line in text.splitlines() if not line.startswith("#"))
        assert fetch(playlist.rpartition("/")[0] + "/" + name)
        took = time.monotonic() - begun
        second = until(lambda: len(tap.random_access) > 1 and tap.random_access[1], 30, "two random access points")
        return took, second - begun + 0.3


def first_peer(folder, engine, channel):
    begun = time.monotonic()
    with FfmpegHls(folder, engine.url, channel) as peer:
        listed = peer.folder / "out.m3u8"
        until(lambda: listed.exists() and "#EXTINF" in listed.read_text(), 60, "FFmpeg's first segment")
        return time.monotonic() - begun


def fetch(url):
    """The body; None while the server says that it has none yet."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        if error.code == 503:
            return None
        raise


# A recording into a folder.


def package(bench):
    recording = media.recording(bench.clips, 50_000_000 if bench.quick else 1_000_000_000)
    with tempfile.TemporaryDirectory(prefix="package-", dir=bench.clips) as disk:
        rows = [package_into(bench, recording, pathlib.Path(disk), "on the disk")]
    # In memory each page costs the system more than all that either program does.
    if bench.work.parent != bench.clips:
        rows.append(package_into(bench, recording, bench.work, "in memory (tmpfs)"))
    return rows


def package_into(bench, recording, parent, where):
    """A row, of as many rounds in turns, each into a folder of its own in `parent`."""
    rounds = 1 if bench.quick else 5
    ours, peers, floor = [], [], []
    judged = not bench.missing("ffmpeg")
    for number in range(rounds):
        say(f"package {where}, round {number + 1} of {rounds}")
        folder = parent / "package"
        folder.mkdir()
        ours.append(child_cpu([bench.acehls, "package", recording, folder / "acehls"]))
        if judged:
            (folder / "ffmpeg").mkdir()
            peers.append(child_cpu([
                "ffmpeg", "-nostdin", "-loglevel", "error", "-i", recording, "-c", "copy",
                "-f", "hls", "-hls_time", "4", "-hls_list_size", "0", folder / "ffmpeg" / "out.m3u8",
            ]))
        check_package(folder, recording, judged)
        shutil.rmtree(folder)
        floor.append(child_cpu(["dd", "bs=128k", f"if={recording}", f"of={parent}/copy"]))
        (parent / "copy").unlink()
    bench.notes.append(f"To copy the recording with dd takes {min(floor):.2f} s of CPU {where}.")
    ratio = min(ours) / min(peers) if peers else None
    return Row(
        f"`acehls package` of {recording.stat().st_size / 1e9:.2f} GB {where}, best of {rounds}: CPU",
        f"{min(ours):.2f} s",
        f"{min(peers):.2f} s" if peers else "–",
        ratio,
        "1/3 of FFmpeg",
        ratio <= 1 / 3 if peers else None,
    )


def child_cpu(command):
    """User and system time of a command from its start to its end."""
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def check_package(folder, recording, judged):
    """A packager that loses half of the film is fast."""
    for name in ["acehls"] + ["ffmpeg"] * judged:
        size = sum(file.stat().st_size for file in (folder / name).glob("*.ts"))
        assert size > 0.97 * recording.stat().st_size, f"{name} wrote only {size} bytes"


# Serving what is there.


def serving(bench):
    if bench.missing("wrk", "nginx"):
        return []
    # 4 Mbit/s and segments of 2 s: 1 MB each; 48 of them: 2 kB of playlist.
    clip = media.clip(bench.clips, 4)
    listed = [{"id": identifier(1), "clip": clip, "burst": "100s"}]
    folder, root = bench.folder("serve-acehls"), bench.folder("serve-nginx-files")
    settings = {"target": "2s", "window": "96s"}
    with (
        FakeEngine(bench.acehls, folder, listed) as engine,
        Acehls(bench.acehls, folder, engine.url, **settings) as server,
        Nginx(bench.folder("serve-nginx"), root) as nginx,
    ):
        playlist = server.play(listed[0]["id"])
        until(lambda: len(fetch(playlist) or b"") > 1900, 60, "a playlist of 2 kB")
        # Many short turns: a machine's own speed changes within a minute.
        rounds = [serving_round(bench, playlist, root, server, nginx) for _ in range(1 if bench.quick else 10)]
    segment = [rate(turns) for turns in zip(*(one["segment"] for one in rounds))]
    text = [rate(turns) for turns in zip(*(one["playlist"] for one in rounds))]
    sizes = rounds[-1]["sizes"]
    least = "as much as nginx"
    return [
        Row(
            f"segments of {sizes[0] / 1e6:.2f} MB with wrk: bytes a second of server CPU",
            f"{segment[0] * sizes[0] / 1e9:.2f} GB", f"{segment[1] * sizes[0] / 1e9:.2f} GB",
            segment[0] / segment[1], least, segment[0] >= segment[1],
        ),
        Row(
            f"playlists of {sizes[1] / 1e3:.1f} kB with wrk: requests a second of server CPU",
            f"{text[0] / 1e3:.0f} k", f"{text[1] / 1e3:.0f} k",
            text[0] / text[1], least, text[0] >= text[1],
        ),
    ]


def serving_round(bench, playlist, root, server, nginx):
    """The newest segment and the playlist, from acehls and the same bytes from nginx."""
    text = fetch(playlist)
    base = playlist.rpartition("/")[0]
    name = [line for line in text.decode().splitlines() if not line.startswith("#")][-1]
    segment = fetch(f"{base}/{name}")
    (root / "playlist.m3u8").write_bytes(text)
    (root / "segment.ts").write_bytes(segment)
    seconds = bench.seconds(3)
    return {
        "sizes": (len(segment), len(text)),
        "segment": [
            wrk(f"{base}/{name}", seconds, server.pids),
            wrk(f"{nginx.url}/segment.ts", seconds, nginx.pids),
        ],
        "playlist": [
            wrk(playlist, seconds, server.pids),
            wrk(f"{nginx.url}/playlist.m3u8", seconds, nginx.pids),
        ],
    }


def rate(turns):
    """Requests for each second of CPU over all turns of `wrk`."""
    requests, used = zip(*turns)
    return sum(requests) / sum(used)


def wrk(url, seconds, pids):
    """How many requests were answered, and the seconds of CPU that `pids` used for it."""
    before = cpu_seconds(pids)
    done = subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{seconds}s", url], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    used = cpu_seconds(pids) - before
    if "Non-2xx" in done or "Socket errors" in done:
        raise RuntimeError(f"wrk {url}:\n{done}")
    requests = int(re.search(r"(\d+) requests in", done)[1])
    say(f"wrk {url}: {requests} requests in {seconds} s, {used:.2f} s of CPU")
    return requests, used
