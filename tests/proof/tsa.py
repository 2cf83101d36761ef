"""A time-stamping authority: `openssl ts` behind HTTP on loopback, with a root and a certificate of
its own, made for one test.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


@dataclass
class Authority:
    """`mood`: "well", or how it fails: "moved", "broken", "huge", "slow", "slow head", "garbage",
    "refuses"; `asked` counts questions. Its own certificate lasts for `days`.
    """

    folder: Path
    days: int = 30
    mood: str = "well"
    asked: int = 0
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def make(self) -> None:
        (self.folder / "tsa.cnf").write_text(CONFIG.format(folder=self.folder))
        (self.folder / "serial").write_text("01\n")
        new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self.run(
            *new,
            "-x509",
            "-keyout",
            "root.key",
            "-out",
            "root.pem",
            "-subj",
            "/CN=Root",
            "-days",
            "3650",
        )
        self.certify()

    def certify(self) -> None:
        """A certificate for itself; a new one where it had one."""
        new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self.run(*new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=TSA")
        signed = (
            "-CA",
            "root.pem",
            "-CAkey",
            "root.key",
            "-CAcreateserial",
            "-out",
            "tsa.pem",
            "-days",
            str(self.days),
        )
        self.run(
            "x509", "-req", "-in", "tsa.csr", *signed, "-extfile", "tsa.cnf", "-extensions", "ext"
        )

    def run(self, *arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60
        )

    def stamp(self, query: bytes) -> bytes:
        (self.folder / "query.tsq").write_bytes(query)
        self.run(
            "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr"
        )
        return (self.folder / "reply.tsr").read_bytes()

    def answer(self, query: bytes) -> tuple[int, bytes]:
        self.asked += 1
        match self.mood:
            case "moved":
                return 302, b""
            case "broken":
                return 503, b""
            case "huge":
                return 200, b"0" * 1_000_001
            case "garbage":
                return 200, b"\x30\x03\x02\x01\x00"
            case "refuses":
                return 200, self.stamp(b"\x30\x03\x02\x01\x00")
            case _:
                return 200, self.stamp(query)


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    found = Authority(folder)
    found.make()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = found.answer(self.rfile.read(int(self.headers["Content-Length"])))
            if found.mood == "slow head":
                with suppress(ConnectionError):
                    for octet in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 6:
                        self.wfile.write(bytes([octet]))
                        time.sleep(0.1)
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", found.url)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):
                for piece in (
                    (body[n : n + 1] for n in range(len(body))) if found.mood == "slow" else (body,)
                ):
                    self.wfile.write(piece)
                    time.sleep(0.2 if found.mood == "slow" else 0)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/tsr"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
