"""A relay between a client and the engine that notes when random access points pass, and can hold everything back."""

import re
import socket
import threading
import time

# A packet on PID 0x100 (FFmpeg's first stream) in which a PES packet starts and random_access_indicator is set.
RANDOM_ACCESS = re.compile(rb"\x47[\x41\x61]\x00[\x30-\x3f].[\x40-\x7f\xc0-\xff]", re.S)


class Tap:
    """Listens on a port of its own and passes everything on to `port`, as it is."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.random_access = []
        self.open = threading.Event()
        self.open.set()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def gap(self, seconds):
        """Nothing passes for so long; then what gathered meanwhile does at once."""
        self.open.clear()
        time.sleep(seconds)
        self.open.set()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            engine = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self.relay, args=(client, engine, False), daemon=True).start()
            threading.Thread(target=self.relay, args=(engine, client, True), daemon=True).start()

    def relay(self, source, sink, watched):
        tail = b""
        try:
            while data := source.recv(1 << 16):
                self.open.wait()
                sink.sendall(data)
                if watched:
                    found = len(RANDOM_ACCESS.findall(tail + data))
                    self.random_access += [time.monotonic()] * found
                    tail = (tail + data)[-5:]
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
