"""The wiring: the only file that knows all others. Opens an installation's folder and yields its
`AppContext`.
"""

from __future__ import annotations

import secrets as random_source
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from engine.commands.command_handler import CommandHandler, minting
from engine.config import Config, Site, read_config
from engine.context import AppContext, DatabaseContext, Opening
from engine.desk.awaited_orders import SQL as AWAITED_ORDERS_SQL
from engine.desk.clock import Clock, wall_now
from engine.desk.console import SQL as CONSOLE_DESK_SQL
from engine.desk.desk import SQL as DESK_SQL
from engine.desk.desk import Desk
from engine.desk.dmarc_reports import SQL as DMARC_REPORTS_SQL
from engine.desk.hooks import SQL as HOOKS_SQL
from engine.desk.inbox import SQL as INBOX_SQL
from engine.desk.operations import SQL as OPERATIONS_SQL
from engine.desk.processes import SQL as PROCESSES_SQL
from engine.desk.processes import check_clock, check_secrets
from engine.desk.robot import SQL as ROBOT_SQL
from engine.desk.webhook_calls import SQL as WEBHOOK_CALLS_SQL
from engine.installation.publishing import ShownWords
from engine.installation.stream import InstallationStream
from engine.ledger.assets import SQL as ASSETS_SQL
from engine.ledger.store import SQL as LEDGER_SQL
from engine.ledger.store import Ledger
from engine.proof.ledger_tree import LedgerTree
from engine.proof.signer import SigningFiles
from engine.proof.store import SQL as PROOF_SQL
from engine.runtime.rollback_detection import RollbackDetection
from engine.runtime.shutdown import ended_in_time
from engine.secret_files import Secrets, make_secrets, read_secrets
from engine.sequence.model import Plan
from engine.store.database import Database
from engine.store.embedded import Embedded
from engine.store.migrate import prepare
from engine.store.scrubbing import scrub
from engine.vault.accounts import SQL as ACCOUNTS_SQL
from engine.vault.inbound_mail import SQL as INBOUND_MAIL_SQL
from engine.vault.segments import PersonalSegments
from engine.vault.stop_journal import StopJournal
from engine.vault.vault import SQL as VAULT_SQL
from engine.vault.vault import Vault
from engine.words import Words
from projections.reading import ReadViews

Tell = Callable[[Words], None]
DATABASE = "relance"


@contextmanager
def open_context(
    folder: Path, tell: Tell = lambda line: None, config: Config | None = None
) -> Iterator[AppContext]:
    """Everything an installation has, ready: the database started and brought up to date, every
    statement checked.

    Raises Unpublishable, SecretMissing, EmbeddedFailed, StoreUnavailable, NotMigrated,
    NewerDatabase, NewerVault or ViewBroken, each with its sentence.
    """
    config = config or read_config(folder)
    make_secrets(config.secrets)
    with (
        open_database(config, tell) as database_context,
        database_context.open_context() as context,
    ):
        yield context


@contextmanager
def open_database(config: Config, tell: Tell = lambda line: None) -> Iterator[DatabaseContext]:
    """The database started, nothing in it looked at. Secrets are read, never made. Raises as
    `open_context` does.
    """
    secrets = read_secrets(config.secrets)
    embedded = (
        Embedded(config.data / "postgres", config.secrets)
        if config.store_url == "embedded"
        else None
    )
    try:
        owner = embedded.attach(tell, DATABASE) if embedded else config.store_url
        if embedded is not None:
            embedded.guard()
        trouble = embedded.trouble if embedded is not None else lambda: ""
        yield DatabaseContext(
            config, secrets, owner, opening_of(config, owner, secrets, trouble, tell)
        )
    finally:
        if embedded is not None:
            # PostgreSQL's own end has its own patience.
            ended_in_time()
            embedded.detach()


def opening_of(
    config: Config,
    owner: str,
    secrets: Secrets,
    store_trouble: Callable[[], str] = lambda: "",
    tell: Tell = lambda line: None,
) -> Opening:
    """How to open the context of a database that is there: see `open_context_in`."""

    def opened(*, views_may_be_broken: bool = False) -> AbstractContextManager[AppContext]:
        broken = views_may_be_broken
        return open_context_in(
            config, owner, secrets, store_trouble, tell, views_may_be_broken=broken
        )

    return opened


@contextmanager
def open_context_in(
    config: Config,
    owner: str,
    secrets: Secrets,
    store_trouble: Callable[[], str] = lambda: "",
    tell: Tell = lambda line: None,
    *,
    views_may_be_broken: bool = False,
) -> Iterator[AppContext]:
    """The context of a database that is there: `owner` is the conninfo of who may create in it.
    Raises as `open_context` does.
    """
    ours, password = config.store_url == "embedded", config.secrets / "database.password"
    program = prepare(owner, password, ours=ours, tell=tell)
    database = Database(program).open()
    ledger = Ledger(program)
    try:
        check_secrets(database, secrets.fingerprints(), config.secrets)
        check_clock(database)
        with database.connection() as connection:
            for sql in (
                DESK_SQL,
                PROCESSES_SQL,
                CONSOLE_DESK_SQL,
                INBOX_SQL,
                OPERATIONS_SQL,
                DMARC_REPORTS_SQL,
                ROBOT_SQL,
                WEBHOOK_CALLS_SQL,
                HOOKS_SQL,
                AWAITED_ORDERS_SQL,
                VAULT_SQL,
                INBOUND_MAIL_SQL,
                ACCOUNTS_SQL,
                LEDGER_SQL,
                ASSETS_SQL,
                PROOF_SQL,
            ):
                sql.check(connection)
        vault = Vault(database, secrets.pepper, StopJournal(config.data))
        desk = Desk(database)
        clock = Clock(database)
        installation_stream = InstallationStream(ledger)
        views = ReadViews(
            ledger,
            database,
            clock.now,
            PersonalSegments(),
            plan=lambda: installation_stream.current().plan(),
        )
        views.prepare(may_be_broken=views_may_be_broken)
        command_handler = CommandHandler(
            ledger,
            vault,
            installation_stream,
            views.folds,
            clock.now,
            minting(config.doctor.robot),
        )
        rollback_detection = RollbackDetection(ledger, installation_stream, config.data)
        # The random end of an origin's name.
        place = SigningFiles(
            config.data,
            config.secrets,
            urlsplit(config.site.url).netloc,
            partial(random_source.token_hex, 8),
        )
        tree = LedgerTree(
            database,
            ledger,
            installation_stream,
            place,
            rollback_detection,
            clock.now,
            wall_now,
        )
        yield AppContext(
            config=config,
            secrets=secrets,
            database=database,
            ledger=ledger,
            vault=vault,
            desk=desk,
            clock=clock,
            installation_stream=installation_stream,
            command_handler=command_handler,
            views=views,
            sender=sender_name(),
            rollback_detection=rollback_detection,
            tree=tree,
            shown_words=partial(_shown_words, config.site),
            recurrences=_recurrences,
            store_trouble=store_trouble,
            scrub=partial(scrub, owner),
        )
    finally:
        ledger.close()
        database.close()


def _recurrences(every: str, timezone: str, after: int) -> Iterator[int]:
    # Here, because only who looks ahead needs the scheduler's package.
    from engine.runtime.scheduler import recurrences

    return recurrences(every, timezone, after)


def _shown_words(site: Site, plan: Plan) -> ShownWords:
    # Here, because the pages are half of a verb's time to start, and only publishing needs them.
    from engine.web.shown_words import shown_by

    return shown_by(plan, site)


def sender_name() -> str:
    """A fresh opaque name for this process's part in the ledger. Never one a former process had:
    its marks are another's.
    """
    return random_source.token_hex(6)
