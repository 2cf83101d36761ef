"""A small witness on this machine: C2SP tlog-witness's `add-checkpoint` with its state, written on
the stand-alone verifier, not on the engine. `mood` makes it fail in one way.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.proof import verify

SIZE = "text/x.tlog.size"
EMPTY: tuple[int, bytes] = (0, b"")


def cosignature(name: str, seed: bytes, at: int, text: str) -> str:
    """A witness's line below the text of a checkpoint (C2SP tlog-cosignature, Ed25519); `at` are
    seconds since 1970.
    """
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key = verify.Key(name, private.public_key().public_bytes_raw(), verify.COSIGNATURE)
    signed = private.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
    blob = base64.b64encode(key.id + at.to_bytes(8, "big") + signed).decode()
    return f"— {name} {blob}\n"


@dataclass
class WitnessServer:
    """`known` is size and root of the last checkpoint it cosigned, by origin."""

    logs: dict[str, verify.Key]
    name: str = "temoin.example/w1"
    seed: bytes = bytes(range(32))
    mood: str = ""
    url: str = ""
    known: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)

    @property
    def vkey(self) -> str:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return verify.Key(self.name, public, verify.COSIGNATURE).vkey

    def answer(self, body: bytes) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        self.asked.append(body)
        old, checkpoint = verify.parse_consistency(body), body.partition(b"\n\n")[2]
        head = verify.parse_checkpoint(checkpoint)
        if head.origin not in self.logs:
            return 404, "text/plain", b""
        try:
            verify.verify_note(head.note, self.logs[head.origin], OPENSSL)
        except verify.Broken:
            return 403, "text/plain", b""
        size, root = self.known.get(head.origin, EMPTY)
        if old.size > head.size:
            return 400, "text/plain", b""
        if old.size != size or (size == head.size and root != head.root):
            return 409, SIZE, f"{size}\n".encode()
        if 0 < size < head.size and not verify.is_consistent(
            size, root, head.size, head.root, old.path
        ):
            return 422, "text/plain", b""
        self.known[head.origin] = (head.size, head.root)
        lines = cosignature("other.example/w", bytes(32), now(), head.note.text)
        return 200, "text/plain", (lines + self.line(head.note.text)).encode()

    def line(self, text: str) -> str:
        return cosignature(self.name, self.seed, now(), text)


OPENSSL = verify.working_openssl("")


def now() -> int:
    return int(time.time())


@contextmanager
def witness_server(logs: dict[str, verify.Key]) -> Iterator[WitnessServer]:
    witness = WitnessServer(logs)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/log/add-checkpoint":
                self.send_error(404)
                return
            status, kind, answer = witness.answer(body)
            if witness.mood == "lost":
                self.close_connection = True
                return
            if witness.mood == "forged" and status == 200:
                answer = witness.line("another text\n").encode()
            elif witness.mood == "stranger" and status == 200:
                answer = cosignature("other.example/w", bytes(32), 1, "x\n").encode()
            elif witness.mood == "huge":
                answer = b"0" * 100_000
            elif witness.mood == "restless":
                status, kind, answer = 409, SIZE, b"%d\n" % len(witness.asked)
            elif witness.mood.isdigit():
                status, kind, answer = int(witness.mood), SIZE, b"no size"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            if status == 302:
                self.send_header("Location", witness.url)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    witness.url = f"http://127.0.0.1:{server.server_port}/log"
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    ).start()
    try:
        yield witness
    finally:
        server.shutdown()
        server.server_close()
