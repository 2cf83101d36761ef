"""tests.sink in a process of its own, whose record no kill loses: each letter is on its file before
the server says that it has it.

`python -m tests.chaos.mail_server FILE ADDRESS` says its port and obeys lines of JSON until its
standard input ends.
"""

from __future__ import annotations

import asyncio
import base64
import json
import quopri
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from tests.running import LINK, ROOT
from tests.sink import Accepted, Sink

MESSAGE_ID = re.compile(rb"^Message-ID: <([a-z2-7]{26})@", re.MULTILINE)
UNSUBSCRIBE = re.compile(rb"^List-Unsubscribe:\s+<(\S+)>", re.MULTILINE)


class Taken(NamedTuple):
    """A letter the server has taken: the ledger's name for it, whose it is, when its MAIL came
    (seconds since 1970), its ways out.
    """

    message: str
    address: str
    mail_at: float
    unsubscribe: str
    links: list[str]  # those of its text, in their order
    peer: str = ""  # the address it came from


class MailServer:
    """Use as a context manager. `tell` sets the sink's attributes and calls its methods, and
    returns what they return. `within`: the words that start a command on another host, where it
    listens at `address`.
    """

    def __init__(
        self,
        folder: Path,
        within: Callable[..., Sequence[str]] = lambda *words: words,
        address: str = "127.0.0.1",
    ) -> None:
        self._file = folder / "accepted.jsonl"
        self._within, self._address = within, address
        self._reading = threading.Lock()
        self._read = 0
        self._taken: list[Taken] = []

    def __enter__(self) -> MailServer:
        self._file.touch()
        command = [sys.executable, "-m", "tests.chaos.mail_server", str(self._file), self._address]
        self._process = subprocess.Popen(
            self._within(*command),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._heard())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=20)

    def tell(self, name: str, *arguments: object) -> Any:
        """`tell("pause", 0.1)` sets, `tell("cut", "dot", "before", 1)` calls, `tell("open")`
        asks.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._heard())

    def taken(self) -> list[Taken]:
        """All letters so far, in the order in which they were taken."""
        with self._reading, self._file.open("rb") as file:
            file.seek(self._read)
            whole = file.read()
            whole = whole[: whole.rfind(b"\n") + 1]
            self._read += len(whole)
            self._taken += [Taken(*json.loads(line)) for line in whole.splitlines()]
            return list(self._taken)

    def _heard(self) -> str:
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said, "the mail server has ended"
        return said


def seen(message: Accepted) -> Iterable[Taken]:
    name, way_out = MESSAGE_ID.search(message.body), UNSUBSCRIBE.search(message.body)
    assert name, message.body[:500]
    links = LINK.findall(
        quopri.decodestring(message.body.partition(b"\r\n\r\n")[2]).decode("utf-8", "replace")
    )
    for recipient in message.recipients:
        said = base64.b32decode(name[1].upper() + b"======").hex(), recipient, message.mail_at
        yield Taken(*said, way_out[1].decode() if way_out else "", links, message.peer)


async def serve(file: Path, address: str) -> None:
    with file.open("a") as record:

        def keep(message: Accepted) -> None:
            for taken in seen(message):
                record.write(json.dumps(taken) + "\n")
            record.flush()

        async with Sink(keep_bodies=False, on_accepted=keep, host=address) as sink:
            print(sink.port, flush=True)
            while line := await asyncio.to_thread(sys.stdin.readline):
                print(json.dumps(obeyed(sink, *json.loads(line))), flush=True)


def obeyed(sink: Sink, name: str, *arguments: Any) -> object:
    found = getattr(sink, name)
    if callable(found):
        return found(*arguments)
    if arguments:
        setattr(sink, name, arguments[0])
    return getattr(sink, name)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
