"""A verb brings in what it carries out, and nothing of the rooms of others: that is what its start
takes. Modules are counted, since seconds say more about the machine.

Where a number grows: look with `python -X importtime` for who imports what, and hand the room what
it needs instead. A number here is made larger only for what the verb itself has got to do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = frozenset({"fastapi", "starlette", "uvicorn", "pydantic", "httpx", "itsdangerous"})
MAIL = frozenset({"aiosmtplib", "aiosmtpd", "aioimaplib"})
NAMES = frozenset({"dns"})
LETTERS = frozenset({"jinja2", "markdown_it", "css_inline", "publicsuffixlist"})
KEYS = frozenset({"cryptography", "pyrage", "argon2", "webauthn"})
SELDOM = frozenset(
    {"apscheduler", "babel", "holidays", "icalendar", "imagesize", "lark", "multiprocessing"}
    | {"prometheus_client", "tomlkit", "uvloop", "xml"}
)
STORES = frozenset({"psycopg", "psycopg_pool", "eventsourcing", "msgspec", "psutil", "asyncio"})
OPENED = "from engine.cli.opened_context import with_context; from engine.cli import dispatch; "
WORKING = OPENED + "import engine.cli.run, engine.runtime.supervisor, engine.runtime.duties; "


class BroughtIn(NamedTuple):
    """`most`: modules of the program's own."""

    by: str
    never: frozenset[str]
    most: int


VERBS = {
    "help": BroughtIn("", PAGES | MAIL | NAMES | LETTERS | KEYS | SELDOM | STORES, 30),
    "check": BroughtIn(
        "from engine.cli import dispatch; dispatch.config_verb('check')",
        PAGES | MAIL | NAMES | KEYS | SELDOM | STORES,
        165,
    ),
    **{
        verb: BroughtIn(
            f"{OPENED}dispatch.context_verb({verb!r})",
            PAGES | MAIL | NAMES | LETTERS | KEYS | SELDOM,
            most,
        )
        for verb, most in (*(("status", 290), ("in-doubt", 275), ("show", 290), ("import", 290)),)
    },
    "follow": BroughtIn(WORKING, PAGES | MAIL | NAMES | KEYS, 330),
    "send": BroughtIn(
        f"{WORKING}import engine.sending.sender, engine.sending.dkim_keys, engine.doctor.nightly, "
        "engine.doctor.robot",
        PAGES | {"aiosmtpd", "aioimaplib", "holidays", "icalendar", "babel", "tomlkit"},
        400,
    ),
}
# Forks begin alike: the interpreter starts once.
EACH_BY_ITSELF = """
import json, os, sys
import engine.cli.main, engine.cli.verbs
for by in json.load(sys.stdin):
    if not (child := os.fork()):
        exec(by, {})
        print(json.dumps(sorted(sys.modules)), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("[]", flush=True)
"""


@pytest.fixture(scope="module")
def modules() -> dict[str, frozenset[str]]:
    """By verb."""
    ended = subprocess.run(
        [sys.executable, "-c", EACH_BY_ITSELF],
        input=json.dumps([verb.by for verb in VERBS.values()]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = ended.stdout.splitlines()
    assert len(lines) == len(VERBS), ended.stderr
    return {verb: frozenset(json.loads(line)) for verb, line in zip(VERBS, lines, strict=True)}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_brings_in_no_package_that_it_does_not_use(
    verb: str, modules: dict[str, frozenset[str]]
) -> None:
    packages = {name.partition(".")[0] for name in modules[verb]}
    assert "engine" in packages
    assert sorted(packages & VERBS[verb].never) == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_brings_in_few_rooms_beside_its_own(
    verb: str, modules: dict[str, frozenset[str]]
) -> None:
    own = {name for name in modules[verb] if name.partition(".")[0] in ("engine", "projections")}
    most = VERBS[verb].most
    assert most - 40 < len(own) <= most or verb == "help", f"{len(own)} modules, {most} at most"
