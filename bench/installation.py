"""An installation to be measured and thrown away: its own folder, its own embedded PostgreSQL with the settings everybody gets, one dialogue.

Lists 1 to 5 send the same letter, with two answers in it, as soon as somebody joins; each round of a measure takes a list of its own.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from engine.app import DATABASE, furnished
from engine.authoring import read_sequences
from engine.config import read_config
from engine.deciding import Wish
from engine.house import House
from engine.installation.publishing import publication
from engine.keys import make_secrets, read_secrets
from engine.store import postmaster, sockets
from engine.store.database import ensure_database
from engine.store.embedded import Embedded
from engine.store.sql import beside
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.vault.commitment import evidence
from engine.vault.vault import Keep

SQL = beside(__file__)
ROUND_LISTS = 5
YES, NO = 90, 91
LETTER = "question"
BATCH = 500
SAMPLE = Path(__file__).parent.parent / "sequences"

CONFIG = """
[site]
name = "Le Potager"
url = "https://lettres.potager.example"
from = "bonjour@potager.example"
postal_address = "4 chemin des Tilleuls, 00000 Semailles, France"

[[purpose]]
id = "conseils"
name = "La lettre du potager"

[[group]]
name = "lecteurs"

[fields]
first_name = "Prénom"
"""
_LIST = """
[[list]]
id = {0}
name = "liste-{0}"
group = "lecteurs"

  [[list.letter]]
  id = "question"
  after = "{1}"
  subject = "Avez-vous semé, {{{{ first_name | default('vous', true) }}}} ?"
  preheader = "Un clic suffit pour répondre."
  body = "question.md"
"""


@dataclass(frozen=True)
class Installation:
    """`folder` is what `relance -C` takes; `owner` a connection that may make tables beside the program's own."""

    folder: Path
    house: House
    owner: psycopg.Connection[tuple[object, ...]]


def write_folder(folder: Path, extra: str = "") -> None:
    """`config.toml` with `extra` lines at its end, and `sequences/`: the sample's layout around a letter of the sample."""
    sequences = folder / "sequences"
    sequences.mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIG + extra, encoding="utf-8")
    lists = [_LIST.format(number, "0 minutes") for number in range(1, ROUND_LISTS + 1)]
    lists += [_LIST.format(number, "30 days") for number in (YES, NO)]
    (sequences / "bench.toml").write_text('title = "Bench"\npurpose = "conseils"\n' + "".join(lists), encoding="utf-8")
    body = (SAMPLE / "onboarding" / "graines-semees.md").read_text(encoding="utf-8")
    body = body.replace("===11===", f"==={YES}===").replace("===12===", f"==={NO}===")
    (sequences / "question.md").write_text(body, encoding="utf-8")
    shutil.copy(SAMPLE / "layout.html", sequences / "layout.html")


@contextmanager
def installed(extra: str = "") -> Iterator[Installation]:
    """Started, published, and gone afterwards, server and files."""
    root = Path(tempfile.mkdtemp(prefix="relance-bench-")).resolve()
    root.chmod(0o755)
    folder = root / "installation"
    write_folder(folder, extra)
    config = read_config(folder)
    make_secrets(config.secrets)
    data = config.data / "postgres"
    embedded = Embedded(data, config.secrets)
    try:
        owner = ensure_database(embedded.attach(), DATABASE)
        with furnished(config, owner, read_secrets(config.secrets)) as house, psycopg.connect(owner, autocommit=True) as connection:
            publish(house)
            connection.execute(SQL["schema"].encode())
            yield Installation(folder, house, connection)
    finally:
        try:
            embedded.detach()
        finally:
            _remove(root, data)


def _remove(root: Path, data: Path) -> None:
    for pid in postmaster.survivors(data):
        os.kill(pid, signal.SIGKILL)
    far = sockets.folder_for(data, data.stat().st_uid if data.exists() else os.geteuid())
    if far.parent != data.parent:
        shutil.rmtree(far, ignore_errors=True)
    shutil.rmtree(root, ignore_errors=True)


def publish(house: House) -> None:
    now = house.clock.now()
    facts = publication(house.publications.current(), read_sequences(house.config.sequences), house.config.settings, now, "bench")
    if not house.publications.append(facts, Cause("operator"), now):
        raise RuntimeError("the dialogue of the benchmark was not published")


def join(house: House, number: int, count: int) -> list[str]:
    """`count` new people on list `number`, decided and written as an import does; their streams."""
    streams: list[str] = []
    for first in range(0, count, BATCH):
        now = house.clock.now()
        wishes = [_joining(now, number, n) for n in range(first, min(first + BATCH, count))]
        for result in house.decisions.carry_out(wishes):
            if not isinstance(result.outcome, Done):
                raise RuntimeError(f"a reader of the benchmark could not join: {result.outcome}")
            streams.append(result.stream)
    return streams


def _joining(now: int, number: int, reader: int) -> Wish:
    said = evidence(secrets.token_bytes(32), {"file": "readers.csv", "line": reader})
    keep = Keep("", now, fields={"first_name": f"Prénom-{reader}"}, evidence=(said,))
    cause = Cause("import", evidence=said.commitment.hex())
    command = Subscribe(now, cause, number, "consent", "declared", fields=("first_name",))
    return Wish(command, address=f"reader-{number}-{reader}@potager.example", keep=keep)
