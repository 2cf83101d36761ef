"""Generated clients as a program uses them: the same calls made of the Python and of the TypeScript
client, and a server that answers what it is told and notes what it is sent.
"""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import NamedTuple, Self

import pytest
from playwright._impl._driver import compute_driver_executable

from clients.description import camel, python_name

HERE = Path(__file__).parent
Given = Mapping[str, object]


class Step(NamedTuple):
    """One call by its id (`all_` before it: every item), what it is given by names of JSON, and
    its Idempotency-Key. `given` None: the call takes nothing.
    """

    call: str
    given: Given | None = MappingProxyType({})
    once: str | None = None


class Outcomes(NamedTuple):
    """What came of each step; `waits` are the pauses between attempts (seconds)."""

    outcomes: list[dict[str, object]]
    waits: list[float]


def node() -> str:
    """The node that comes with Playwright, which runs TypeScript as it is."""
    return str(compute_driver_executable()[0])


def in_python(client: Path, url: str, key: str, steps: Sequence[Step], retries: int) -> Outcomes:
    module = imported(client)
    waits: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.time, "sleep", waits.append)
        relance = module.Relance(url, key, retries=retries)
        return Outcomes([_outcome(module, relance, step) for step in steps], waits)


def imported(client: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"client_{random.getrandbits(64)}", client)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _outcome(module: ModuleType, relance: object, step: Step) -> dict[str, object]:
    given = {python_name(wire): value for wire, value in (step.given or {}).items()}
    if step.once is not None:
        given["idempotency_key"] = step.once
    try:
        answer = getattr(relance, step.call)(**given)
        if step.call.startswith("all_"):
            return {"items": list(answer)}
        etag = module.etag_of(answer) if isinstance(answer, dict) else None
        return {"answer": answer} | ({} if etag is None else {"etag": etag})
    except module.Problem as problem:
        return {
            "problem": {
                "status": problem.status,
                "title": problem.title,
                "detail": problem.detail,
                "mistakes": list(problem.mistakes),
                "retry_after": problem.retry_after,
                "message": str(problem),
            }
        }
    except module.NoAnswer as silence:
        return {"no_answer": silence.idempotency_key}


class TypeScript:
    """A node that makes calls of clients in TypeScript, until it is left."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [node(), "--no-warnings", str(HERE / "drive.ts")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def __call__(
        self, client: Path, url: str, key: str, steps: Sequence[Step], retries: int
    ) -> Outcomes:
        asked = {
            "client": client.as_uri(),
            "options": {"url": url, "key": key, "retries": retries},
            "steps": [
                {
                    "call": camel(step.call),
                    "given": None if step.given is None else in_camels(step.given),
                    "options": {} if step.once is None else {"idempotencyKey": step.once},
                }
                for step in steps
            ],
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answered = self._process.stdout.readline()
        assert answered, "node has ended: see its error output"
        return Outcomes(**json.loads(answered))


def in_camels(given: Given) -> Given:
    """Headers are called otherwise than in HTTP; what stands in JSON keeps its name."""
    return {camel(wire) if "-" in wire else wire: value for wire, value in given.items()}


class Sent(NamedTuple):
    """A request as it arrived; `body` is None where there was none."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: object


class Reply(NamedTuple):
    """`status` 0: the connection is closed without an answer."""

    status: int
    content: object = None
    headers: Mapping[str, str] = {}
    kind: str = "application/json"


@dataclass
class Stub:
    """Answers its replies one after the other, and keeps what it was sent."""

    url: str
    replies: list[Reply] = field(default_factory=list)
    requests: list[Sent] = field(default_factory=list)

    def answers(self, *replies: Reply) -> None:
        self.replies[:], self.requests[:] = replies, ()


@contextmanager
def stub() -> Iterator[Stub]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            served.requests.append(Sent(self.command, self.path, headers, body))
            reply = served.replies.pop(0)
            if reply.status == 0:
                self.close_connection = True
                return
            content = reply.content
            if not isinstance(content, bytes):
                content = b"" if content is None else json.dumps(content).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if content:
                self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Stub(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
