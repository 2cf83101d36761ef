"""The sample installation, published, and people who live in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.context import AppContext
from engine.desk.webhook_calls import CallFact
from engine.letter.source_folder import ASSETS
from engine.webhooks.secret_files import write_secret
from tests.cli.asking import answer, join, send
from tests.running_installation import Installations

ROOT = Path(__file__).parents[2]
CONFIG = (ROOT / "config.toml").read_text(encoding="utf-8")
FILES = {
    path.relative_to(ROOT / "sequences").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "sequences").rglob("*"))
    if path.is_file() and path.relative_to(ROOT / "sequences").parts[0] not in ASSETS
}
ASKED = "list:10/graines-semees"
TOLD = ("purchase", "join")
SHOP = """
[[webhook]]
name = "boutique"
from = "stripe"
secret_file = "data/secrets/webhook-boutique"
[[webhook.do]]
on = "purchase"
join = 10
"""


@contextmanager
def installed(installations: Installations) -> Iterator[AppContext]:
    """The sample as it stands in this repository, pictures and downloads included."""
    with installations.made(FILES, config=CONFIG) as context:
        for folder in ASSETS:
            shutil.copytree(ROOT / "sequences" / folder, context.config.sequences / folder)
        yield context


def lived(context: AppContext, people: int = 6) -> list[str]:
    """People who got the first two letters of list 10, of whom the first two said yes, the third
    no; their streams.
    """
    streams = join(context, people)
    send(context, streams)
    context.clock.jump(4 * 86_400_000)
    begun = send(context, streams)
    for stream, link, target, label in (
        (streams[0], 0, 11, "Oui"),
        (streams[1], 0, 11, "Oui"),
        (streams[2], 1, 12, "Non"),
    ):
        answer(context, stream, begun[stream], link, target, label=label, question=ASKED)
    context.views.catch_up()
    return streams


def connected(context: AppContext, person: str = "0" * 32) -> None:
    """A shop, written in the folder, of which some calls were taken and one was refused."""
    file = context.config.sequences / "onboarding.toml"
    file.write_text(file.read_text("utf-8") + SHOP, encoding="utf-8")
    write_secret(context.config.folder, "data/secrets/webhook-boutique", b"whsec_invented")
    keep = context.webhook_calls.keep
    keep("boutique", "", "signature:wrong")
    keep("boutique", "signed", facts=[CallFact(name="event", outcome="fact:other_event")])
    told = [CallFact(name=name, outcome="fact:done", subscriber=person) for name in TOLD]
    keep("boutique", "signed", facts=told)
