"""Lists, guides and questions to the catalogue, beside the parsers that players and scripts use."""

import concurrent.futures
import http.client
import json
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse

from .machine import cpu_seconds, memory_bytes, say
from .rows import Row, megabytes
from .servers import Acehls

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NPM = ["iptv-playlist-parser@0.15.2"]
PIP = ["m3u-ipytv==1.0.2"]

QUERIES = ["a", "tv", "sport", "canal 1", "news hd", "e s", "qzxj", "cnaal", "spor", "cinema premium", "la", "42", "dep"]


def generated(bench, kind, **sizes):
    """A file that is made once."""
    name = "-".join([kind, *(str(size) for size in sizes.values())])
    path = bench.clips / f"{name}.{'m3u' if kind == 'm3u' else 'xml'}"
    if not path.exists():
        options = [word for key, size in sizes.items() for word in (f"--{key}", str(size))]
        part = path.with_suffix(".part")
        with open(part, "wb") as file:
            subprocess.run([sys.executable, ROOT / "scripts/generate-lists.py", kind, *options], stdout=file, check=True)
        part.rename(path)
    return path


def reader():
    """Our parser alone, as a program."""
    build = ["cargo", "build", "--release", "--quiet", "--package", "iptv", "--example", "read"]
    subprocess.run(build, cwd=ROOT, check=True)
    return ROOT / "target/release/examples/read"


def lists(bench):
    rows = [m3u(bench), xmltv(bench)]
    return [row for some in rows for row in some]


def m3u(bench):
    path = generated(bench, "m3u", channels=100_000)
    say("parsing an M3U of 100,000 channels")
    peers = {"iptv-playlist-parser (npm)": npm_parser(bench, path), "ipytv (PyPI)": pip_parser(bench, path)}
    peers = {name: parse for name, parse in peers.items() if parse}
    ours, theirs = [], {name: [] for name in peers}
    # In turns, as a machine that others use too is not as fast at every moment: only what ran side by side compares.
    for _ in range(5):
        told = json.loads(subprocess.check_output([reader(), "m3u", path, "10"]))
        ours.append(min(told["seconds"]))
        for name, parse in peers.items():
            theirs[name].append(parse())
    speed = lambda times: told["bytes"] / min(times) / 1e6
    rows = [Row("parse an M3U of 100,000 channels", f"{speed(ours):.0f} MB/s", "–", None, "300 MB/s", speed(ours) >= 300)]
    for name, times in theirs.items():
        ratios = [slow / quick for quick, slow in zip(ours, times)]
        ratio = statistics.median(ratios)
        bench.notes.append(f"{name}: the ratios of the turns were {', '.join(f'{ratio:.1f}' for ratio in ratios)}.")
        must, reached = ("20 times", ratio >= 20) if "npm" in name else ("–", None)
        rows.append(Row(f"the same, beside {name}", f"{speed(ours):.0f} MB/s", f"{speed(times):.1f} MB/s", ratio, must, reached))
    return rows


def npm_parser(bench, path):
    """A function that measures how many seconds the parser from npm takes; none where it cannot be installed."""
    if bench.missing("node", "npm"):
        return None
    folder = bench.folder("npm")
    done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, *NPM], check=False)
    if done.returncode:
        bench.notes.append("iptv-playlist-parser could not be installed: not judged.")
        return None
    script = (
        "const parser = require('iptv-playlist-parser'); const text = require('fs').readFileSync(process.argv[1], 'utf8');"
        "const times = []; for (let n = 0; n < 3; n++) { const begun = process.hrtime.bigint(); parser.parse(text);"
        "times.push(Number(process.hrtime.bigint() - begun) / 1e9) } console.log(Math.min(...times))"
    )
    return lambda: float(subprocess.check_output(["node", "-e", script, path], cwd=folder))


def pip_parser(bench, path):
    """The same for that from PyPI."""
    folder = bench.folder("pip")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, *PIP]
    if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
        bench.notes.append("ipytv could not be installed: not judged.")
        return None
    script = (
        "import sys, time, logging; logging.disable(); sys.path.insert(0, sys.argv[2]); from ipytv import playlist\n"
        "text = open(sys.argv[1]).read(); begun = time.perf_counter(); playlist.loads(text)\n"
        "print(time.perf_counter() - begun)"
    )
    command = [sys.executable, "-c", script, path, folder]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
        bench.notes.append("ipytv does not run here: not judged.")
        return None
    return lambda: float(subprocess.check_output(command))


def xmltv(bench):
    path = generated(bench, "xmltv", channels=5000, programmes=500_000)
    say("parsing an XMLTV guide of 500,000 programmes")
    command = [reader(), "xmltv", path, "3"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    told = json.loads(subprocess.check_output(command))
    speed = told["bytes"] / min(told["seconds"]) / 1e6
    # The largest child so far may have been another: then ours was smaller still.
    peak = max(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, before) * 1024
    what = f"parse XMLTV of {told['found']:,} programmes ({megabytes(told['bytes'])})"
    lone = int(subprocess.check_output(["sh", "-c", f"/usr/bin/env time -f %M {command[0]} xmltv {path} 1 2>&1 >/dev/null || echo 0"]).split()[-1]) * 1024
    memory = lone or peak
    return [
        Row(what, f"{speed:.0f} MB/s", "–", None, "150 MB/s", speed >= 150),
        Row("memory of that", megabytes(memory), "–", None, "100 MB", memory <= 100e6),
    ]


class Client:
    """One connection, kept."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")
        return json.loads(text) if text else None

    def job(self, path, content):
        """Upload, and wait for the end of its job; how long all of it took."""
        begun = time.perf_counter()
        number = self.ask("PUT", path, content)["job"]["id"]
        while (job := self.ask("GET", f"/api/jobs/{number}"))["phase"] not in ("done", "unchanged", "failed", "held_back"):
            time.sleep(0.002)
        if job["phase"] == "failed":
            raise RuntimeError(job["error"])
        return time.perf_counter() - begun


def catalogue(bench):
    rows = importing(bench)
    channels, programmes = (30_000, 50_000) if bench.quick else (300_000, 500_000)
    folder = bench.folder("catalogue")
    with Acehls(bench.acehls, folder, "http://127.0.0.1:1") as server:
        client = Client(server)
        say(f"importing {channels:,} channels and {programmes:,} programmes")
        client.job("/api/playlists/all/content", packed(generated(bench, "m3u", channels=channels)))
        guide = generated(bench, "xmltv", channels=5000, programmes=programmes)
        took = client.job("/api/guides/all/content", packed(guide))
        kept = client.ask("GET", "/api/guides/all")
        rows.append(Row(f"import of a guide of {programmes:,} programmes ({kept['programmes']:,} of them kept)", f"{took:.1f} s", "–", None, "–", None))
    begun = time.perf_counter()
    with Acehls(bench.acehls, folder, "http://127.0.0.1:1") as server:
        client = Client(server)
        total = client.ask("GET", "/api/channels?limit=50")["total"]
        started = time.perf_counter() - begun
        rows.append(Row(f"start with {total:,} channels to the first answer", f"{started:.2f} s", "–", None, "2 s", started <= 2))
        rows += asking(bench, server)
        memory = memory_bytes(server.pids, "Rss")
        rows.append(Row(f"memory with {total:,} channels and {kept['programmes']:,} programmes", megabytes(memory), "–", None, "350 MB", memory <= 350e6))
    return rows


def packed(path):
    return subprocess.run(["gzip", "-1", "-c", path], stdout=subprocess.PIPE, check=True).stdout


def importing(bench):
    path = generated(bench, "m3u", channels=100_000)
    content = path.read_bytes()
    changed = random.Random(1)
    lines = content.split(b"\n")
    for at, line in enumerate(lines):
        if line.startswith(b"http") and changed.random() < 0.0125:
            lines[at] = line + b"?changed"
    cold, again = [], []
    for turn in range(1 if bench.quick else 5):
        say(f"importing 100,000 channels, {turn + 1}")
        folder = bench.folder(f"import-{turn}")
        with Acehls(bench.acehls, folder, "http://127.0.0.1:1") as server:
            client = Client(server)
            cold.append(client.job("/api/playlists/tv/content", content))
            again.append(client.job("/api/playlists/tv/content", b"\n".join(lines)))
        shutil.rmtree(folder)
    cold, again = statistics.median(cold), statistics.median(again)
    return [
        Row("import of 100,000 channels, cold, into SQLite", f"{cold:.2f} s", "–", None, "3 s", cold <= 3),
        Row("refresh of it with 1 % changed", f"{again:.2f} s", "–", None, "1 s", again <= 1),
    ]


def asking(bench, server):
    asked = [f"/api/channels?{urllib.parse.urlencode({'q': text, 'limit': 50})}" for text in QUERIES]
    rounds = 3 if bench.quick else 40

    def times(rounds):
        client, taken = Client(server), []
        for path in asked * rounds:
            begun = time.perf_counter()
            client.ask("GET", path)
            taken.append((time.perf_counter() - begun) * 1000)
        return taken

    say("asking for channels by text, one at a time and eight at once")
    times(1)
    alone = sorted(times(rounds))
    before, begun = cpu_seconds(server.pids), time.perf_counter()
    with concurrent.futures.ProcessPoolExecutor(8) as pool:
        together = sorted(taken for some in [pool.submit(timed, server.port, asked, rounds) for _ in range(8)] for taken in some.result())
    busy = (cpu_seconds(server.pids) - before) / (time.perf_counter() - begun)
    middle, high = alone[len(alone) // 2], together[len(together) * 99 // 100]
    return [
        Row("channel query by text over HTTP, p50, one at a time", f"{middle:.1f} ms", "–", None, "5 ms", middle <= 5),
        Row(f"the same, p99, eight at once (ours: {busy:.1f} cores)", f"{high:.1f} ms", "–", None, "30 ms", high <= 30),
    ]


def timed(port, paths, rounds):
    """As a process of its own: eight threads of Python would wait for each other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    taken = []
    for path in paths * rounds:
        begun = time.perf_counter()
        connection.request("GET", path)
        connection.getresponse().read()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken
