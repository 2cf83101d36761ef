"""Which room may hold which store, read from the classes its files import.

A room that is not named here holds none. The whole context is held by the wiring that makes it, by
the verbs of the command line, and by what starts the parts of `run`; everything else is handed the
stores it works with, and the one key it signs with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.shape.directions import CLIMBING
from tests.shape.source import Finding, Source

# The classes that open to everything a store holds, each with the module it comes from.
STORES: Mapping[str, str] = {
    "Accounts": "engine.vault.accounts",
    "AppContext": "engine.context",
    "Clock": "engine.desk.clock",
    "ConsoleDesk": "engine.desk.console",
    "CommandHandler": "engine.commands.command_handler",
    "Database": "engine.store.database",
    "DatabaseContext": "engine.context",
    "Desk": "engine.desk.desk",
    "InstallationStream": "engine.installation.stream",
    "Ledger": "engine.ledger.store",
    "LedgerTree": "engine.proof.ledger_tree",
    "Operations": "engine.desk.operations",
    "Processes": "engine.desk.processes",
    "RollbackDetection": "engine.runtime.rollback_detection",
    "Secrets": "engine.secret_files",
    "ShapingDesk": "engine.desk.shaping",
    "Vault": "engine.vault.vault",
}
_OF_A_PERSON = ("Clock", "CommandHandler", "InstallationStream", "Ledger", "Vault")

# By folder or file; the longest that fits a file counts.
HOLDERS: Mapping[str, frozenset[str]] = {
    place: frozenset(held)
    for place, held in {
        "projections/": ("Database", "Ledger"),
        "engine/api/": (*_OF_A_PERSON, "Desk", "LedgerTree"),
        "engine/app.py": tuple(STORES),
        "engine/audience/": (
            "Clock",
            "CommandHandler",
            "Database",
            "Desk",
            "InstallationStream",
            "Vault",
        ),
        "engine/audit/": (*_OF_A_PERSON, "Database", "LedgerTree", "Operations"),
        "engine/authoring/": ("Clock", "InstallationStream"),
        "engine/backup/": ("Clock", "CommandHandler", "Ledger", "Vault"),
        "engine/cli/": ("AppContext", "DatabaseContext", "Processes"),
        "engine/commands/": ("InstallationStream", "Ledger", "Vault"),
        "engine/context.py": tuple(STORES),
        "engine/console/": (
            "Accounts",
            "Clock",
            "CommandHandler",
            "ConsoleDesk",
            "Desk",
            "InstallationStream",
            "Ledger",
            "Operations",
            "Vault",
        ),
        "engine/delivery/": (
            "Clock",
            "CommandHandler",
            "Database",
            "InstallationStream",
            "ShapingDesk",
            "Vault",
        ),
        "engine/desk/": ("Database",),
        "engine/doctor/": ("Clock", "Desk", "InstallationStream"),
        "engine/doctor/robot.py": ("CommandHandler", "Ledger", "Vault"),
        "engine/imports/": ("Clock", "CommandHandler", "InstallationStream", "Vault"),
        "engine/inbound/": ("Clock", "CommandHandler", "Desk", "Ledger", "Vault"),
        "engine/installation/": ("Ledger",),
        "engine/ledger/": ("Database",),
        "engine/privacy/": (*_OF_A_PERSON, "Database", "Desk", "LedgerTree", "Processes"),
        "engine/proof/": (
            "Database",
            "InstallationStream",
            "Ledger",
            "LedgerTree",
            "RollbackDetection",
            "Vault",
        ),
        "engine/runtime/": (
            "Clock",
            "Database",
            "Desk",
            "InstallationStream",
            "LedgerTree",
            "Processes",
            "RollbackDetection",
            "Vault",
        ),
        "engine/runtime/rollback_detection.py": ("InstallationStream", "Ledger"),
        "engine/runtime/scheduler.py": ("InstallationStream",),
        "engine/runtime/duties.py": ("AppContext",),
        "engine/runtime/serving.py": ("AppContext",),
        "engine/runtime/supervisor.py": ("AppContext",),
        "engine/sending/": (
            "Clock",
            "CommandHandler",
            "Desk",
            "InstallationStream",
            "Processes",
            "ShapingDesk",
            "Vault",
        ),
        "engine/status/": (
            "Clock",
            "Database",
            "Desk",
            "InstallationStream",
            "Ledger",
            "LedgerTree",
            "Processes",
            "ShapingDesk",
            "Vault",
        ),
        "engine/store/migrate.py": ("Desk", "Ledger"),  # makes the tables of all
        "engine/vault/": ("Database", "Vault"),
        "engine/web/": (*_OF_A_PERSON, "Desk", "LedgerTree"),
        "engine/webhooks/": (*_OF_A_PERSON, "Desk"),
    }.items()
}


def stores_are_held_where_they_are_needed(source: Source) -> Iterator[Finding]:
    allowed = HOLDERS.get(holder_of(source.path), frozenset())
    for line, store in stores_in(source):
        own = source.path == f"{STORES[store].replace('.', '/')}.py"
        climbing = (source.path, f"{STORES[store].replace('.', '/')}.py") in CLIMBING
        if store not in allowed and not own and not climbing:
            yield source.finding(line, f"this room holds no {store}: hand it what it needs of it")


def stores_in(source: Source) -> Iterator[tuple[int, str]]:
    """Line and name of each store that a file imports: by its class, or by its whole module."""
    for line, name in source.imports:
        for store, module in STORES.items():
            if name in (module, f"{module}.{store}"):
                yield line, store


def holder_of(path: str) -> str:
    """The longest place in HOLDERS that this file is or lies in, "" for none."""
    fits = [
        place
        for place in HOLDERS
        if path == place or (place.endswith("/") and path.startswith(place))
    ]
    return max(fits, key=len, default="")
