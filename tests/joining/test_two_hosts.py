"""`relance join` as two people at two terminals use it, over a PostgreSQL that both hosts reach."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cli.commanding import SMTP, SOURCE, Installation, ended
from tests.elsewhere import OWNER, OWNER_PASSWORD, Elsewhere, program_folders
from tests.forked import Said
from tests.running import MailServer, free_port, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]
OFFERED = re.compile(r"relance -C FOLDER join (https://\S+) --token (rj1\.\S+)")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Of a database by a name that means the same on both hosts."""
    programs = program_folders()
    with Elsewhere(programs[min(programs)]) as server:
        server.database("garden")
        yield (
            f"postgresql://{OWNER}:{quote(OWNER_PASSWORD, safe='')}@db.example.org:{server.port}"
            "/garden?hostaddr=127.0.0.1&sslmode=require"
        )


def typed(relance: Installation, folder: Path, *arguments: str, token: str = "") -> Said:
    return ended(begun(relance, folder, *arguments, token=token))


def begun(
    relance: Installation, folder: Path, *arguments: str, token: str = ""
) -> subprocess.Popen[str]:
    """On the new host: there is no folder yet that an Installation could be of."""
    return subprocess.Popen(
        [sys.executable, "-m", "engine", "-C", str(folder), *arguments],
        env=relance.environment | ({"RELANCE_JOIN_TOKEN": token} if token else {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_host_joins_sees_the_same_and_sends(tmp_path: Path, url: str) -> None:
    with MailServer() as mail:
        first = Installation(tmp_path / "first")
        first.configure(f'\n[store]\nurl = "{url}"\n' + SMTP.format(port=mail.sink.port))
        first.done("publish", "--yes")
        first.done("subscribe", "anna@lecteurs.example", "--list", "10", *SOURCE)
        first.done("resume", "--yes")
        taken_port = first("join", "--offer", "--listen", f"127.0.0.1:{mail.sink.port}")
        assert taken_port.status == 1
        sentence = f"cannot listen on 127.0.0.1:{mail.sink.port} (Address already in use): say"
        assert sentence in taken_port.err
        offering = first.begin("join", "--offer", "--listen", f"127.0.0.1:{free_port()}")
        assert offering.stdout is not None
        told = ""
        while (offered := OFFERED.search(told)) is None:
            line = offering.stdout.readline()
            assert line, ended(offering)
            told += line
        address, token = offered.groups()
        second = tmp_path / "second"
        joined, over = typed(first, second, "join", address, token=token), ended(offering)
        assert joined.status == over.status == 0, (joined, over)
        assert token not in joined.out + joined.err + over.out + over.err
        assert f"relance -C {second} send" in joined.out
        secrets = sorted(path.name for path in (first.folder / "data" / "secrets").iterdir())
        taken = sorted((second / "data" / "secrets").iterdir())
        assert [path.name for path in taken] == secrets
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in taken)
        for arguments in (("lists", "--json"), ("show", "anna@lecteurs.example")):
            assert typed(first, second, *arguments).out == first.done(*arguments)
        again = typed(first, second, "join", address, token=token)
        assert again.status == 1 and "is not empty" in again.err
        late = typed(first, tmp_path / "third", "join", address, token=token)
        assert late.status == 1 and "is the offer still open?" in late.err
        assert not (tmp_path / "third").exists()
        at_work = [begun(first, second, part) for part in ("follow", "send")]
        try:
            wait_for(lambda: len(mail.sink.messages) == 1)
        finally:
            for process in at_work:
                process.terminate()
        assert [ended(process).status for process in at_work] == [0, 0]
