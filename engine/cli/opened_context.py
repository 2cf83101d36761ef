"""The stores opened for a verb; what keeps them from opening, or takes them away meanwhile, is a
refusal with its sentence.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from types import FrameType
from typing import TypeVar

from engine.app import open_context, open_database
from engine.config import Config
from engine.context import AppContext, DatabaseContext
from engine.desk.processes import Disagreement
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError
from engine.ledger.admission import HeldBack
from engine.ledger.codec import EntryRefused
from engine.ledger.store import LOST
from engine.runtime.shutdown import GRACE_SECONDS, end_within
from engine.secret_files import SecretMissing
from engine.store.database import DATABASE_ERROR, StoreUnavailable
from engine.store.embedded import EmbeddedFailed
from engine.store.migrate import NewerVault
from engine.store.release import NewerDatabase, NotMigrated
from engine.store.sql import BrokenStatement
from engine.views import ViewBroken
from engine.words import Language, WordedError, Words

T = TypeVar("T")


def with_context(config: Config, work: Callable[[AppContext], int]) -> int:
    """Open the stores for `work`."""
    return _within(
        lambda tell: open_context(config.folder, tell, config), work, config.site.language
    )


def with_database_context(config: Config, work: Callable[[DatabaseContext], int]) -> int:
    """Open the database for `work`, and nothing in it."""

    def opening_well(database: DatabaseContext) -> int:
        def opened(*, views_may_be_broken: bool = False) -> AbstractContextManager[AppContext]:
            broken = views_may_be_broken
            return _allowed(lambda: database.open_context(views_may_be_broken=broken))

        return work(replace(database, open_context=opened))

    return _within(lambda tell: open_database(config, tell), opening_well, config.site.language)


def _within(
    opening: Callable[[Callable[[Words], None]], AbstractContextManager[T]],
    work: Callable[[T], int],
    spoken: Language,
) -> int:
    """What keeps the stores from opening, or takes the database away, is a refusal with its
    sentence.
    """

    def tell(news: Words) -> None:
        if sys.stderr.isatty():
            print(news.said(translator(spoken)), file=sys.stderr)

    try:
        with ending_tidily(), _allowed(lambda: opening(tell)) as opened:
            return work(opened)
    except (
        EmbeddedFailed,
        StoreUnavailable,
        SecretMissing,
        Disagreement,
        NewerVault,
        NewerDatabase,
        NotMigrated,
        EntryRefused,
        ViewBroken,
    ) as error:
        raise UserError(error.words if isinstance(error, WordedError) else str(error)) from error
    except HeldBack as error:
        raise UserError(error.words) from error
    except LOST as error:
        raise UserError(
            N_("the database was lost ({why}): what had been done is kept, start again"),
            why=_one_line(error),
        ) from error


@contextmanager
def _allowed(opening: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """What a database does not allow while it is opened is a refusal with its sentence."""
    not_allowed: tuple[type[Exception], ...] = (*DATABASE_ERROR, BrokenStatement)
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(opening())
        except LOST:
            raise
        except not_allowed as error:
            raise UserError(
                N_("the database does not allow what is needed of it: {why}"), why=_one_line(error)
            ) from error
        yield opened


@contextmanager
def ending_tidily() -> Iterator[None]:
    """SIGTERM and a closed terminal unwind as Ctrl-C does, so that whoever is the last to need the
    embedded PostgreSQL stops it.
    """

    def end(number: int, frame: FrameType | None) -> None:
        end_within(GRACE_SECONDS)
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) == signal.SIG_DFL
    ]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
