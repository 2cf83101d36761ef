"""Rights that people have asked for and that wait for an answer (GDPR 12(3)): recorded by hand with
the day they came in, put off, answered and refused, each a fact with who did it in its evidence.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol, get_args

from engine.commands.command_handler import CommandHandler, CommandRequest, Result
from engine.desk.clock import Clock
from engine.i18n.language import N_
from engine.i18n.user_error import UserError, address_of
from engine.installation.events import STREAM
from engine.ledger.codec import STREAM_ID
from engine.ledger.store import Ledger
from engine.subscriber.commands import AnswerRight, AnyCommand, ExerciseRight, ExtendRight
from engine.subscriber.events import Cause
from engine.subscriber.terms import Right
from engine.vault.evidence import Evidence
from engine.vault.vault import Vault, VaultWrite
from engine.words import Words

Settlement = Literal["extended", "done", "refused"]
SETTLEMENTS: tuple[Settlement, ...] = get_args(Settlement)


class OpenRequest(NamedTuple):
    """`due_at`: engine time, ms."""

    subscriber: str
    request: str
    right: str
    due_at: int


class RightsViews(Protocol):
    def open_rights(self, limit: int = 1000) -> list[tuple[str, str, str, int]]: ...


class RequestStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def views(self) -> RightsViews: ...


def person_of(stores: RequestStores, text: str) -> str:
    """The opaque id of somebody who has facts, from that id or an address they have or had. Raises
    UserError for nobody.
    """
    subscriber = text if STREAM_ID.fullmatch(text) else behind(stores.vault, address_of(text))
    # Not by folding their facts: of whom nothing can be made is somebody too.
    if subscriber == STREAM or not stores.ledger.stream(subscriber):
        raise UserError(N_("nobody is known under this id"))
    return subscriber


def behind(vault: Vault, address: str) -> str:
    """Who has an address, or had it. Raises UserError for nobody."""
    subscriber = vault.find(address) or vault.formerly(address)
    if subscriber is not None:
        return subscriber
    for reason in vault.suppressed([vault.hash(address)]).values():
        raise UserError(
            N_("nobody is known under this address; its hash is on the suppression list ({why})"),
            why=Words(reason),
        )
    raise UserError(N_("nobody is known under this address"))


def open_requests(stores: RequestStores, limit: int = 1000) -> list[OpenRequest]:
    """As `standing_requests`, of the views' rows."""
    return standing_requests(stores.views.open_rights(limit), stores.command_handler)


def standing_requests(
    rows_of_views: Iterable[tuple[str, str, str, int]], handler: CommandHandler
) -> list[OpenRequest]:
    """The most urgent first, as their people stand now: what has been answered since the views
    were written is left out.
    """
    rows = [OpenRequest(*row) for row in rows_of_views]
    people = handler.load([row.subscriber for row in rows])
    standing = ((row, people[row.subscriber].rights.get(row.request)) for row in rows)
    current = [row._replace(due_at=right.due_at) for row, right in standing if right is not None]
    return sorted(current, key=lambda row: row.due_at)


def record_request(
    stores: RequestStores,
    subscriber: str,
    right: Right,
    received_at: int,
    cause: tuple[Cause, Evidence],
) -> tuple[str, Result]:
    """The id of the request, which came in at `received_at` (engine time, ms), and how recording it
    ended.
    """
    request = secrets.token_hex(16)
    command = ExerciseRight(
        at=stores.clock.now(),
        cause=cause[0],
        right=right,
        request=request,
        received_at=received_at,
    )
    return request, _execute(stores, subscriber, command, cause[1])


def whose_request(standing: Iterable[OpenRequest], request: str) -> str:
    """Who waits for an answer to it, by their opaque id. Raises UserError where nobody does."""
    for one in standing:
        if one.request == request:
            return one.subscriber
    raise UserError(N_("no request {request} waits for an answer"), request=request)


def settlement(request: str, how: Settlement, now: int, cause: Cause) -> AnyCommand:
    """What is done about a request at `now` (engine time, ms)."""
    if how == "extended":
        return ExtendRight(now, cause, request)
    return AnswerRight(now, cause, request, how)


def settle_request(
    stores: RequestStores, request: str, how: Settlement, cause: tuple[Cause, Evidence]
) -> Result:
    """Raises UserError where no such request waits."""
    subscriber = whose_request(open_requests(stores), request)
    command = settlement(request, how, stores.clock.now(), cause[0])
    return _execute(stores, subscriber, command, cause[1])


def due_at(result: Result, request: str) -> int:
    """When a request that was just recorded or put off must be answered; 0 where it does not
    stand.
    """
    standing = result.person.rights.get(request)
    return standing.due_at if standing is not None else 0


def _execute(stores: RequestStores, subscriber: str, command: AnyCommand, kept: Evidence) -> Result:
    vault_write = VaultWrite("", stores.clock.now(), evidence=(kept,))
    return stores.command_handler.execute_one(
        CommandRequest(command, stream=subscriber, vault_write=vault_write)
    )
