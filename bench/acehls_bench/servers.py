"""The programs under measurement and those around them, each started on a port of its own on loopback."""

import contextlib
import json
import os
import subprocess
import urllib.request

from .machine import children_of, free_port, is_open, until

TIMEOUT = 30


class Server:
    """A child process that is ended, and waited for, when its `with` block is left."""

    def __init__(self, command, log, **options):
        self.log = open(log, "ab")
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, **options
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if (code := self.process.poll()) is not None:
            # Whatever failed because of it says less.
            self.log.close()
            with open(self.log.name, errors="replace") as log:
                raise RuntimeError(f"{self.process.args[0]} ended by itself with {code}: {log.read()[-500:]}")
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def listening(self, port):
        def ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args[0]} ended with {self.process.returncode}, see {self.log.name}")
            return is_open(port)

        until(ready, TIMEOUT, f"{self.process.args[0]} listening on {port}")
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def pids(self):
        return [self.process.pid, *children_of(self.process.pid)]


class FakeEngine(Server):
    """`acehls fake-engine`: channels at their own rate. Never counted."""

    def __init__(self, acehls, folder, channels):
        port = free_port()
        command = [acehls, "fake-engine", "--listen", f"127.0.0.1:{port}"]
        for channel in channels:
            command += ["--channel", ",".join(f"{key}={value}" for key, value in channel.items())]
        super().__init__(command, folder / "fake-engine.log")
        self.listening(port)


class Acehls(Server):
    """`acehls serve`, with the settings as for users; `live` and `environment` are exceptions to them."""

    def __init__(self, acehls, folder, engine_url, environment=None, **live):
        port = free_port()
        env = dict(os.environ, PORT=str(port), STORAGE_DIR=str(folder / "storage"), ACESTREAM_BASE_URL=engine_url)
        env.update({f"ACEHLS_LIVE__{key.upper()}": value for key, value in live.items()})
        env.update(environment or {})
        super().__init__([acehls, "serve"], folder / "acehls.log", env=env)
        self.listening(port)

    def play(self, channel):
        """Start a channel; its playlist's URL."""
        body = json.dumps({"hash": channel}).encode()
        request = urllib.request.Request(
            f"{self.url}/api/play", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return json.load(answer)["stream_url"]

    def streams(self):
        with urllib.request.urlopen(f"{self.url}/api/streams", timeout=TIMEOUT) as answer:
            return json.load(answer)["streams"]


class FfmpegHls(Server):
    """The old way: one FFmpeg a channel, segments in files.

    Each is a player of its own (`pid`): an engine ends what a player watched when it asks for something else.
    """

    def __init__(self, folder, engine_url, channel):
        self.folder = folder / channel
        self.folder.mkdir(parents=True)
        super().__init__(
            [
                "ffmpeg", "-nostdin", "-loglevel", "error", "-i", f"{engine_url}/ace/getstream?id={channel}&pid={channel}",
                "-c", "copy", "-f", "hls", "-hls_time", "4", "-hls_list_size", "10",
                "-hls_flags", "delete_segments+append_list", "out.m3u8",
            ],
            folder / f"{channel}.log",
            cwd=self.folder,
        )


class Multimux(Server):
    """One process for all channels, like ours: HTTP in, HLS with whole MPEG-TS segments out of memory."""

    def __init__(self, program, folder, engine_url, channels):
        port = free_port()
        routes = [
            {
                "name": channel,
                "input": {"type": "ts_http", "url": f"{engine_url}/ace/getstream?id={channel}&pid={channel}"},
                "outputs": ["ts_hls"],
            }
            for channel in channels
        ]
        config = folder / "multimux.json"
        config.write_text(json.dumps({
            "bind": f"127.0.0.1:{port}", "target_duration_secs": 4, "window_segments": 10, "routes": routes,
        }))
        super().__init__([program, "--config", config], folder / "multimux.log")
        self.listening(port)


class Nginx(Server):
    """nginx with one worker, serving the files of `root` as fast as it knows how."""

    CONFIG = """
        daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/nginx.log; {user}
        events {{ worker_connections 1024; }}
        http {{
            access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000;
            types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
            client_body_temp_path {work}/t; proxy_temp_path {work}/t; fastcgi_temp_path {work}/t;
            uwsgi_temp_path {work}/t; scgi_temp_path {work}/t;
            server {{ listen 127.0.0.1:{port}; root {root}; add_header Cache-Control no-cache; }}
        }}
    """

    def __init__(self, work, root):
        port = free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        config = work / "nginx.conf"
        config.write_text(self.CONFIG.format(work=work, root=root, port=port, user=user))
        super().__init__(["nginx", "-e", work / "nginx.log", "-p", work, "-c", config], work / "nginx.log")
        self.listening(port)


def all_of(servers):
    """One `with` for many servers."""
    stack = contextlib.ExitStack()
    for server in servers:
        stack.enter_context(server)
    return stack
