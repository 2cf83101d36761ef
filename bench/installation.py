"""An installation to be measured and thrown away: its own folder, its own embedded PostgreSQL with
the settings everybody gets, one dialogue.

Lists 1 to 7 send the same letter, about 3 KB with three signed links besides the foot's, as soon as
somebody joins; each round of a measure takes a list of its own. List 8 has a second letter a month
after it: a crowd that has got the first stands there and waits.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from bench.server import Server, server
from engine.app import DATABASE, open_context_in
from engine.commands.command_handler import CommandRequest
from engine.config import read_config
from engine.context import AppContext
from engine.installation.publishing import publication
from engine.letter.source_folder import read_sequences
from engine.secret_files import make_secrets, read_secrets
from engine.store.database import ensure_database, ensure_program_role, program_role
from engine.store.sql import beside
from engine.subscriber.commands import Perform, RecordOutcome, Subscribe
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.vault.evidence import evidence
from engine.vault.vault import VaultWrite

SQL = beside(__file__)
ROUND_LISTS = 5
DUE_LISTS = range(1, 8)
CROWDED = 8
YES, NO, MORE = 90, 91, 92
LETTER = "question"
BATCH = 500
WORDS = Path(__file__).parent / "words"

CONFIG = """
[site]
name = "Le Potager"
url = "https://lettres.potager.example"
from = "bonjour@potager.example"
postal_address = "4 chemin des Tilleuls, 00000 Semailles, France"

[[purpose]]
id = "conseils"
name = "La lettre du potager"

[consent]
declared = "write"

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
_LATER = """
  [[list.letter]]
  id = "later"
  after = "30 days"
  subject = "Et maintenant ?"
  body = "question.md"
"""


@dataclass(frozen=True)
class Installation:
    """`folder` is what `relance -C` takes; `owner` a connection that may make tables beside the
    program's own; `data` PostgreSQL's folder.
    """

    folder: Path
    context: AppContext
    owner: psycopg.Connection[tuple[object, ...]]
    data: Path


def write_folder(folder: Path, extra: str = "", store: str = "embedded") -> None:
    """`config.toml` with `extra` lines at its end, and `sequences/`; `store` is the database's
    address.
    """
    sequences = folder / "sequences"
    sequences.mkdir(parents=True)
    config = f'{CONFIG}{extra}\n[store]\nurl = "{store}"\n'
    (folder / "config.toml").write_text(config, encoding="utf-8")
    lists = [_LIST.format(number, "0 minutes") for number in DUE_LISTS]
    lists += [
        _LIST.format(CROWDED, "0 minutes") + _LATER,
        *(_LIST.format(number, "30 days") for number in (YES, NO, MORE)),
    ]
    (sequences / "bench.toml").write_text(
        'title = "Bench"\npurpose = "conseils"\n' + "".join(lists), encoding="utf-8"
    )
    for words in WORDS.iterdir():
        shutil.copy(words, sequences / words.name)


@contextmanager
def installed(extra: str = "") -> Iterator[Installation]:
    """Started, published, and gone afterwards, server and files."""
    with server() as place, opened(place, "installation", DATABASE, extra) as here:
        publish(here.context)
        yield here


@contextmanager
def opened(
    place: Server,
    folder_name: str,
    database: str,
    extra: str = "",
    write: Callable[[Path, str, str], None] = write_folder,
) -> Iterator[Installation]:
    """An installation's folder for a database of this server, made where it is missing; whoever
    owned its views before, its own program does now. `write` makes the folder.
    """
    folder = place.root / folder_name
    write(folder, extra, place.url(database))
    config = read_config(folder)
    # One set for the server: a database that was copied from another, or is opened from another
    # folder, knows its secrets again.
    secrets = place.root / "secrets"
    make_secrets(secrets)
    owner = ensure_database(place.admin, database)
    program = ensure_program_role(owner, secrets / "database.password")
    shutil.copytree(secrets, config.secrets)
    with psycopg.connect(owner, autocommit=True) as connection:
        hand_over(connection, program)
        with open_context_in(config, owner, read_secrets(config.secrets)) as context:
            connection.execute(SQL["schema"].encode())
            yield Installation(folder, context, connection, place.data)


def hand_over(owner: psycopg.Connection[tuple[object, ...]], program: str) -> None:
    """A copy's views belong to the program of what it was copied from."""
    for (before,) in owner.execute(SQL["owners"]).fetchall():
        owner.execute(
            sql.SQL(SQL["hand_over"]).format(
                sql.Identifier(str(before)), sql.Identifier(program_role(program))
            )
        )


def publish(context: AppContext) -> None:
    now = context.clock.now()
    facts = publication(
        context.installation_stream.current(),
        read_sequences(context.config.sequences),
        context.config.settings,
        now,
        "bench",
    )
    if not context.installation_stream.execute(lambda state: facts, Cause("operator"), now):
        raise RuntimeError("the dialogue of the benchmark was not published")


def join(context: AppContext, number: int, count: int) -> list[str]:
    """`count` new people on list `number`, decided and written as an import does; their streams."""
    streams: list[str] = []
    for first in range(0, count, BATCH):
        now = context.clock.now()
        requests = [_joining(now, number, n) for n in range(first, min(first + BATCH, count))]
        for result in context.command_handler.execute(requests):
            if not isinstance(result.outcome, Done):
                raise RuntimeError(f"a reader of the benchmark could not join: {result.outcome}")
            streams.append(result.stream)
    return streams


def _joining(now: int, number: int, reader: int) -> CommandRequest:
    said = evidence(secrets.token_bytes(32), {"file": "readers.csv", "line": reader})
    vault_write = VaultWrite("", now, fields={"first_name": f"Prénom-{reader}"}, evidence=(said,))
    cause = Cause("import", evidence=said.commitment.hex())
    command = Subscribe(now, cause, number, "consent", "declared", fields=("first_name",))
    return CommandRequest(
        command, address=f"reader-{number}-{reader}@potager.example", vault_write=vault_write
    )


def send_by_hand(context: AppContext, number: int, streams: Sequence[str]) -> list[tuple[int, str]]:
    """The letter of list `number` begun and sent as the ledger has it, without a mail; where each
    was begun, and its message id.
    """
    now, engine = context.clock.now(), Cause("engine")
    pairs = [(stream, secrets.token_hex(16)) for stream in streams]
    begun = context.command_handler.execute(
        [
            CommandRequest(Perform(now, engine, f"list:{number}", message, "bench"), stream=stream)
            for stream, message in pairs
        ]
    )
    context.command_handler.execute(
        [
            CommandRequest(RecordOutcome(now, engine, message, "sent", 250), stream=stream)
            for stream, message in pairs
        ]
    )
    return [(each.positions[0], message) for each, (_, message) in zip(begun, pairs, strict=True)]
