"""Viewers: they ask for the playlist every two seconds and fetch every new segment, as players do."""

import http.client
import threading
import time
from urllib.parse import urljoin, urlsplit

POLL_SECONDS = 2


class Viewer(threading.Thread):
    """One viewer of one playlist, on one connection, until it is stopped."""

    def __init__(self, url, fetch_segments=True, poll=POLL_SECONDS):
        super().__init__(daemon=True)
        self.playlist = url
        self.fetch_segments = fetch_segments
        self.poll = poll
        self.done = threading.Event()
        self.seen = None
        self.bytes = 0
        self.segments = 0
        self.errors = []
        self.longest_wait = 0.0
        self.buffer = bytearray(1 << 20)
        # A viewer is known by address and player: without a name of their own all of these would be one, who zaps.
        self.headers = {"User-Agent": f"bench/{id(self)}"}
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)

    def run(self):
        last_new = time.monotonic()
        while not self.done.is_set():
            begun = time.monotonic()
            if self.look():
                last_new = begun
            self.longest_wait = max(self.longest_wait, begun - last_new)
            self.done.wait(self.poll - (time.monotonic() - begun))
        self.connection.close()

    def look(self):
        """Read the playlist, fetch what is new. True when something was."""
        try:
            text = self.get(self.playlist).decode()
            names = [line for line in text.splitlines() if line and not line.startswith("#")]
            if not self.fetch_segments:
                return True
            # A new viewer begins near the live edge.
            known = names.index(self.seen) + 1 if self.seen in names else max(len(names) - 3, 0)
            for name in names[known:]:
                self.bytes += self.get(urljoin(self.playlist, name), keep=False)
                self.segments += 1
                self.seen = name
            return len(names) > known
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.errors.append(f"{self.playlist}: {error!r}")
            self.connection.close()
            return False

    def get(self, url, keep=True):
        """The body, or only how long it is."""
        parts = urlsplit(url)
        self.connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=self.headers)
        answer = self.connection.getresponse()
        if answer.status != 200:
            answer.read()
            raise ValueError(f"{answer.status} for {parts.path}")
        if keep:
            return answer.read()
        length = 0
        while count := answer.readinto(self.buffer):
            length += count
        return length


class Audience:
    """One viewer for each playlist."""

    def __init__(self, playlists, **options):
        self.viewers = [Viewer(url, **options) for url in playlists]

    def __enter__(self):
        for viewer in self.viewers:
            viewer.start()
        return self

    def __exit__(self, *_):
        for viewer in self.viewers:
            viewer.done.set()
        for viewer in self.viewers:
            viewer.join(60)

    @property
    def bytes(self):
        return sum(viewer.bytes for viewer in self.viewers)

    def complaints(self):
        """What did not go well: a figure is worth nothing if the picture stood still."""
        errors = [error for viewer in self.viewers for error in viewer.errors]
        late = [viewer for viewer in self.viewers if viewer.longest_wait > 12]
        return errors[:3] + [f"{viewer.playlist}: {viewer.longest_wait:.0f} s without a segment" for viewer in late[:3]]
