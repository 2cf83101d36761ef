"""A client of Relance's HTTP API (version 1): one file for Python 3.11 and newer, and no other
package.

    relance = Relance("https://lettres.example.org", "relance_…")
    relance.subscribe(email="fanny@example.org", list="acheteurs", basis="double-opt-in")

Each call that changes something carries an Idempotency-Key of its own, so that it is sent again
after a lost answer without being done twice. Where the installation says when to come back
(Retry-After), the client waits. A refusal is a Problem; where no answer came, it is NoAnswer.

Written by clients/generate.py: a change made here is lost.
SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import http.client
import json
import random
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Literal, NotRequired, TypedDict, cast


class Problem(Exception):
    """A call was refused: RFC 9457. Its text is a sentence for people."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        mistakes: Sequence[str] = (),
        retry_after: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        super().__init__(f"{status} {title}: {detail}" if detail else f"{status} {title}")
        self.status, self.title, self.detail = status, title, detail
        self.mistakes = tuple(mistakes)
        """Every mistake in the call, where it was wrong (400)."""
        self.retry_after = retry_after
        """In how many seconds to come back, where the installation said so."""
        self.idempotency_key = idempotency_key
        """The key the call was sent under."""


class NoAnswer(Exception):
    """No answer came, or one that is none of the API. The call may have been carried out: under the
    same `idempotency_key` it can be sent again without being done twice.
    """

    def __init__(self, why: str, idempotency_key: str | None = None) -> None:
        super().__init__(why)
        self.idempotency_key = idempotency_key


ReadEventsType = Literal[
    "subscriber-registered",
    "profile-changed",
    "consent-requested",
    "consent-given",
    "ground-declared",
    "consent-confirmed",
    "consent-expired",
    "permission-asked",
    "permission-renewed",
    "purpose-stopped",
    "consent-withdrawn",
    "preferences-set",
    "list-joined",
    "list-left",
    "list-moved",
    "list-copied",
    "list-transferred",
    "letter-answered",
    "move-undone",
    "letter-begun",
    "letter-sent",
    "letter-deferred",
    "letter-failed",
    "letter-withheld",
    "letter-retried",
    "letter-directed",
    "letter-in-doubt",
    "mail-bounced",
    "mail-complained",
    "subscriber-suppressed",
    "subscriber-reachable",
    "contact-noted",
    "anchor-reached",
    "call-honoured",
    "segment-entered",
    "segment-left",
    "rules-applied",
    "order-recorded",
    "order-refunded",
    "processing-restricted",
    "right-exercised",
    "right-extended",
    "right-answered",
    "proof-archived",
    "proof-opened",
    "profile-read",
    "subscriber-erased",
    "words-published",
    "sequence-published",
    "configuration-published",
    "versions-published",
    "notice-published",
    "form-published",
    "broadcast-fell-due",
    "sending-paused",
    "sending-resumed",
    "ledger-restored",
    "retention-applied",
    "breach-recorded",
    "people-exported",
    "publication-proposed",
    "publication-approved",
    "role-given",
    "account-removed",
    "doctor-ran",
    "form-tried",
    "suppression-lifted",
    "origin-begun",
    "signing-key-changed",
    "clock-changed",
]


class Lists(TypedDict):
    items: list[List]
    next: str | None
    """The cursor of the next page; null on the last."""


class List(TypedDict):
    id: int
    """Its number."""
    name: str
    """Good for `list` in other calls too."""
    title: str | None
    """As its readers know it."""
    purpose: str
    """What its readers agreed to."""
    group: str | None
    """Who they are."""
    people: int
    """How many stand on it."""


class ListWithLetters(TypedDict):
    id: int
    """Its number."""
    name: str
    """Good for `list` in other calls too."""
    title: str | None
    """As its readers know it."""
    purpose: str
    """What its readers agreed to."""
    group: str | None
    """Who they are."""
    people: int
    """How many stand on it."""
    letters: list[Letter]


class Letter(TypedDict):
    id: str
    """Its name within the list."""
    subject: str
    """As it is written, before a reader's fields are put in."""
    due: str
    """In a few words."""


class ListMembers(TypedDict):
    items: list[ListMember]
    next: str | None
    """The cursor of the next page; null on the last."""


class ListMember(TypedDict):
    subscriber: str
    """The person's random id."""
    since: str
    """When they came onto it."""
    how: Literal["joined", "moved", "copied", "transferred", "reopened"]
    email: NotRequired[str]
    fields: NotRequired[dict[str, str | float | bool | list[str]]]
    """Those that are known, as `fields` of other calls takes them."""
    source: NotRequired[str | None]
    """Where the address came from; null where they gave it here themselves."""
    form: NotRequired[str | None]
    """The form they came by."""


class Segments(TypedDict):
    items: list[Segment]
    next: str | None
    """The cursor of the next page; null on the last."""


class Segment(TypedDict):
    id: str
    """Good for `segment` in other calls."""
    name: str
    within: str | None
    """The segment it is a part of."""
    static: bool
    """People are put into it; who is in another follows from its conditions."""
    people: int | None
    """How many are in it, counted at most a minute ago; null while it is being built."""


class SegmentWithLines(TypedDict):
    id: str
    """Good for `segment` in other calls."""
    name: str
    within: str | None
    """The segment it is a part of."""
    static: bool
    """People are put into it; who is in another follows from its conditions."""
    people: int | None
    """How many are in it, counted at most a minute ago; null while it is being built."""
    all: list[str]
    any: list[str]
    none: list[str]


class SegmentMembers(TypedDict):
    items: list[SegmentMember]
    next: str | None
    """The cursor of the next page; null on the last."""


class SegmentMember(TypedDict):
    subscriber: str
    """The person's random id."""
    email: NotRequired[str]
    fields: NotRequired[dict[str, str | float | bool | list[str]]]
    """Those that are known, as `fields` of other calls takes them."""
    source: NotRequired[str | None]
    """Where the address came from; null where they gave it here themselves."""
    form: NotRequired[str | None]
    """The form they came by."""


class Purposes(TypedDict):
    items: list[Purpose]
    next: str | None
    """The cursor of the next page; null on the last."""


class Purpose(TypedDict):
    id: str
    """Good for `purpose` in other calls."""
    name: str
    """As readers know it."""
    description: str | None
    partner: str | None
    """Whose messages they are, where they are not your own."""


class Fields(TypedDict):
    items: list[Field]
    next: str | None
    """The cursor of the next page; null on the last."""


class Field(TypedDict):
    id: str
    """Its name in `fields` of other calls."""
    label: str
    """As forms show it."""
    type: Literal["text", "number", "date", "choice", "choices", "yes-no"]
    options: list[str]
    """Of a choice or choices."""


class Answer(TypedDict):
    """What came of a call."""

    done: bool
    """Whether this call changed anything."""
    already: NotRequired[bool]
    """True when this very call was carried out before under its Idempotency-Key."""
    said: str
    subscriber: str | None
    """The person's random id."""


class WhereAPersonStands(TypedDict):
    known: bool
    subscriber: str | None
    """The person's random id."""
    memberships: list[Membership]
    purposes: list[PurposeOfPerson]
    preferences: Preferences | None
    measured_since: str | None
    """When they agreed to be measured; null where they do not."""
    suppressed: str | None
    """Why this address is never written to."""


class Membership(TypedDict):
    list: int
    """The list's number."""
    name: str
    """The list's name."""
    since: str
    run: int
    """How often the person has joined it."""


class PurposeOfPerson(TypedDict):
    id: str
    """The purpose's id."""
    status: Literal["live", "withdrawn", "requested"]
    basis: str
    """On what ground: consent, soft-optin, b2b, service."""
    since: str


class Preferences(TypedDict):
    themes: list[str]
    """Codes; none chosen: all of them."""
    contents: list[str]
    """Codes; none chosen: all of them."""
    frequency: Literal["as-it-comes", "weekly", "monthly"]
    paused_until: str | None
    """The end of the latest pause."""


class People(TypedDict):
    items: list[PersonOfPage]
    next: str | None
    """The cursor of the next page; null on the last."""


class PersonOfPage(TypedDict):
    subscriber: str
    """The person's random id."""
    known_since: str
    email: NotRequired[str]
    fields: NotRequired[dict[str, str | float | bool | list[str]]]
    """Those that are known, as `fields` of other calls takes them."""
    source: NotRequired[str | None]
    """Where the address came from; null where they gave it here themselves."""
    form: NotRequired[str | None]
    """The form they came by."""


class Person(TypedDict):
    subscriber: str
    """The person's random id."""
    known_since: str
    email: str
    fields: dict[str, str | float | bool | list[str]]
    """Those that are known, as `fields` of other calls takes them."""
    source: str | None
    """Where the address came from; null where they gave it here themselves."""
    form: str | None
    """The form they came by."""
    language: str | None
    timezone: str | None
    profile_changed_at: str | None
    """When what is known of them last changed."""
    last_contact: str | None
    """When they were last in touch."""
    segments: list[str]
    """The ids of the segments they are in."""
    restricted: bool
    """Nothing is sent or deleted until it is lifted."""
    objected: bool
    """They objected to marketing."""
    barred: str | None
    """Why nothing may be written to them, for any purpose."""
    version: int
    """Of what happened to them."""
    memberships: list[Membership]
    purposes: list[PurposeOfPerson]
    preferences: Preferences | None
    measured_since: str | None
    """When they agreed to be measured; null where they do not."""
    suppressed: str | None
    """Why this address is never written to."""


class Memberships(TypedDict):
    items: list[Membership]
    next: str | None
    """The cursor of the next page; null on the last."""


class OrdersOfPerson(TypedDict):
    items: list[OrderOfPerson]
    next: str | None
    """The cursor of the next page; null on the last."""


class OrderOfPerson(TypedDict):
    id: str
    """Random: its number is known to you alone."""
    ordered_at: str
    amount: str
    """In the currency's own unit."""
    refunded: str
    """What was paid back of it."""
    currency: str
    products: list[str]
    """Your own codes."""


class Events(TypedDict):
    items: list[Event]
    next: int | None
    """Of the next page; null on the last."""
    position: int
    """Up to here they were read: `after` of a later call."""


class Event(TypedDict):
    position: int
    """Its place in the ledger, from 1, without a gap."""
    type: str
    at: str
    """When it was so."""
    recorded_at: str
    """When it was written down."""
    subscriber: str | None
    """The person's random id."""
    cause: CauseOfEvent
    data: dict[str, object]
    """By its type, as docs/format.md lists them; instants are milliseconds."""


class CauseOfEvent(TypedDict):
    door: str
    """By which way it came."""
    ref: str | None
    """What it answers, as an opaque id."""


class ErasureAnswer(TypedDict):
    done: bool
    said: str
    receipt: NotRequired[ErasureReceipt]


class ErasureReceipt(TypedDict):
    subscriber: str
    """The opaque id, good to be quoted by."""
    at: str
    position: int
    """Of the fact in the ledger."""
    deleted: dict[str, int]
    kept: list[str]


class OpenRequest(TypedDict):
    request: str
    """The request's id."""
    subscriber: str
    """The person's random id."""
    right: Literal[
        "access",
        "rectification",
        "restriction",
        "objection",
        "withdrawal",
        "erasure",
        "portability",
    ]
    due_at: str
    late: bool


class Broadcasts(TypedDict):
    items: list[Broadcast]


class Broadcast(TypedDict):
    id: str
    subject: str
    state: Literal["in force", "new", "changed", "taken out"]
    """Of the folder against what is in force."""
    dialogue: str
    """The file it is written in."""
    purpose: str
    """The purpose whose readers get it."""
    to: list[int]
    """Numbers of lists."""
    segments: list[str]
    """Ids of segments."""
    on: str | None
    """Local time of the installation."""
    every: str | None
    """A cron line."""
    anchored: str | None
    """The date that matters it is counted from, in words."""
    next: str | None
    """When it leaves next, once published."""
    left: list[Occurrence]
    """When it fell due, the latest last."""
    results: BroadcastCounts


class Occurrence(TypedDict):
    occurrence: str
    at: str


class BroadcastCounts(TypedDict):
    due: int
    accepted: int
    refused: int
    withheld: int
    put_off: int
    in_doubt: int
    under_way: int
    answered: int
    unsubscribed: int


class NewBroadcastAnswer(TypedDict):
    done: bool
    """Whether this call changed anything."""
    already: NotRequired[bool]
    """True when this very call was carried out before."""
    said: str
    broadcast: str | None
    """Its id."""


class WholeBroadcast(TypedDict):
    id: str
    subject: str
    state: Literal["in force", "new", "changed", "taken out"]
    """Of the folder against what is in force."""
    dialogue: str
    """The file it is written in."""
    purpose: str
    """The purpose whose readers get it."""
    to: list[int]
    """Numbers of lists."""
    segments: list[str]
    """Ids of segments."""
    on: str | None
    """Local time of the installation."""
    every: str | None
    """A cron line."""
    anchored: str | None
    """The date that matters it is counted from, in words."""
    next: str | None
    """When it leaves next, once published."""
    left: list[Occurrence]
    """When it fell due, the latest last."""
    results: BroadcastCounts
    people: int | None
    """To whom it would go now; null while a segment is not published."""
    words: str
    """In Markdown."""


class TestAnswer(TypedDict):
    done: bool
    """Whether this call changed anything."""
    already: NotRequired[bool]
    """True when this very call was carried out before."""
    said: str


class SendAnswer(TypedDict):
    done: bool
    """Whether this call changed anything."""
    already: NotRequired[bool]
    """True when this very call was carried out before."""
    said: str
    occurrence: str | None
    """The name of this mailing."""
    people: int | None
    """To how many it goes."""


class Results(TypedDict):
    items: list[Result]


class Result(TypedDict):
    name: str
    """What they are grouped by."""
    due: int
    """All that fell due."""
    accepted: int
    """Taken by a mail server: what shares are of."""
    refused: int
    withheld: int
    put_off: int
    in_doubt: int
    under_way: int
    reasons: dict[str, int]
    """Why they were withheld."""
    bounced: dict[str, int]
    """By kind: hard, soft, blocked, gave-up."""
    complained: int
    unsubscribed: int
    answered: int
    """People who answered."""
    unanswered: int
    answers: list[AnswerCount]
    moved: dict[str, int]
    """By list."""
    copied: dict[str, int]
    """By list."""
    sales: list[Sales]
    """Within seven days of the letter."""
    after_act: list[Sales]
    """Within seven days of an act in it."""
    visits: list[VisitCount]
    """To its links; by letter only. Neither is an act."""
    versions: NotRequired[list[dict[str, object]]]
    """How its trial stands, where it is tried."""


class AnswerCount(TypedDict):
    label: str
    """The words of the link."""
    people: int
    by_page: int
    """Of them, those whose page acted by itself."""


class Sales(TypedDict):
    currency: str
    """Of ISO 4217."""
    orders: int
    amount: int
    """In the currency's smallest unit."""
    refunds: int
    refunded: int
    """In the currency's smallest unit."""


class VisitCount(TypedDict):
    kind: str
    link: str
    visits: int
    """Whoever came, robots too."""
    presumed_human: int


class FormResults(TypedDict):
    items: list[FormCount]


class FormCount(TypedDict):
    form: str
    week: str
    """Its Monday."""
    asked: int
    confirmed: int


class PublicationPlan(TypedDict):
    edition: int
    """In force; 0 before the first."""
    published_at: str | None
    digest: str | None
    """Names this very plan; null where the folder cannot be published."""
    changes: int
    """How many things differ."""
    lines: list[str]
    """What differs, as `relance publish` says."""
    mistakes: list[MistakeInFile]
    """Those that are not fatal only warn."""
    stranded: int
    """How many people stand on lists that would be gone."""
    approval: Literal["not-needed", "to-ask", "asked", "given"]
    """Whether somebody else approves it."""


class MistakeInFile(TypedDict):
    file: str
    """Below sequences/, or config.toml."""
    line: int
    said: str
    fatal: bool
    """Whether nothing can be published while it stands."""


class PublicationAnswer(TypedDict):
    done: bool
    """Whether this call changed anything."""
    already: NotRequired[bool]
    """True when this very call was carried out before."""
    said: str
    edition: int
    """In force now."""


class Editions(TypedDict):
    items: list[Edition]


class Edition(TypedDict):
    edition: int
    published_at: str
    rolled_back_to: int | None
    """The edition it goes back to."""
    in_force: bool


class Webhooks(TypedDict):
    items: list[Webhook]


Webhook = TypedDict(
    "Webhook",
    {
        "name": "str",
        "from": "str",
        "url": "str",
        "dialogue": "str",
    },
)


class WebhookCalls(TypedDict):
    items: list[WebhookCall]
    next: int | None
    """Of the next page; null on the last."""


class WebhookCall(TypedDict):
    id: int
    webhook: str
    at: str
    """Wall clock."""
    trust: Literal["signed", "re-read", "secret-url", "none"] | None
    """How far it is believed; null where it is not."""
    refusal: str | None
    """Why nothing was done, as a code."""
    why: str | None
    """The same for people."""
    facts: list[FactOfCall]


class FactOfCall(TypedDict):
    name: str
    outcome: str
    """What came of it, as a code."""
    said: str
    """The same for people."""
    subscriber: str | None
    """The person's random id."""


class Hooks(TypedDict):
    items: list[Hook]


class Hook(TypedDict):
    name: str
    host: str
    """Of its address, which is as good as a password."""
    events: list[str]
    standing: Literal["new", "well", "retrying", "failing", "operator", "gone", "dead"]
    said: str
    """The same for people."""
    secret_usable: bool
    position: int | None
    """Told up to here."""
    behind: int
    """Entries it was not looked through for."""
    taken: int
    """Messages it took."""
    failures: int
    failing_since: str | None
    answer: str | None
    """The last one, for people."""
    answered_at: str | None
    retries: int
    """Messages to be tried again."""
    given_up: int
    """Messages that are not."""
    first_given_up: int | None
    """The position of the first of them."""


class HookAnswer(TypedDict):
    done: bool
    """Whether this call changed anything."""
    already: NotRequired[bool]
    """True when this very call was carried out before."""
    said: str


def etag_of(answer: Mapping[str, object]) -> str | None:
    """The version of what a call answered, for `if_match` of the call that changes it."""
    return answer.etag if isinstance(answer, _Answer) else None


class _Answer(dict[str, object]):
    def __init__(self, members: Mapping[str, object], etag: str | None) -> None:
        super().__init__(members)
        self.etag = etag


class Relance:
    """One installation, as a key of `relance api-key create` may use it. It may be shared between
    threads.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30,
        retries: int = 4,
        longest_wait: float = 120,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`url` is the address of the installation's site. `timeout` (seconds) is for each answer.
        A call is sent again `retries` times at most, and never waits longer than `longest_wait`
        (seconds): beyond, its Problem says in `retry_after` when to come back. `tls` is for an
        installation whose certificate the machine does not trust of itself.
        """
        self.url, self.timeout = url.rstrip("/"), timeout
        self.retries, self.longest_wait = retries, longest_wait
        self._key = key
        self._opener = urllib.request.build_opener(
            _NoRedirect(), urllib.request.HTTPSHandler(context=tls)
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str | None] | None = None,
        body: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
    ) -> object:
        """Any call of the API, and its answer; the other methods are made of this one. What is None
        is left out. Raises Problem and NoAnswer.
        """
        given = [(name, value) for name, value in (query or {}).items() if value is not None]
        sent = {"Authorization": f"Bearer {self._key}", "Accept": "application/json, */*;q=0.5"}
        sent |= {"User-Agent": "relance-client/1 (Python)"}
        sent |= {name: value for name, value in (headers or {}).items() if value is not None}
        if idempotency_key is not None:
            sent["Idempotency-Key"] = idempotency_key
        data = None
        if body is not None:
            data = json.dumps(
                {name: value for name, value in body.items() if value is not None}
            ).encode()
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(
            self.url + path + _query(given), data=data, headers=sent, method=method
        )
        return self._answered(request, idempotency_key)

    def _answered(self, request: urllib.request.Request, key: str | None) -> object:
        repeatable = request.get_method() != "POST" or key is not None
        for attempt in range(self.retries + 1):
            try:
                status, headers, content = self._exchange(request)
            except (OSError, http.client.HTTPException) as error:
                if attempt == self.retries or not repeatable:
                    raise NoAnswer(f"{type(error).__name__}: {error}", key) from error
                time.sleep(_backoff(attempt))
                continue
            if 200 <= status < 300:
                return _read(headers, content, key)
            wait = _seconds(headers.get("Retry-After"))
            problem = _problem(status, headers, content, wait, key)
            not_begun = status in (409, 429, 503) and wait is not None
            if attempt == self.retries or not (
                not_begun or (status in (429, 502, 503, 504) and repeatable)
            ):
                raise problem
            pause = _backoff(attempt) if wait is None else wait
            if pause > self.longest_wait:
                raise problem
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _exchange(self, request: urllib.request.Request) -> tuple[int, Message, bytes]:
        try:
            with self._opener.open(request, timeout=self.timeout) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.headers, refusal.read()

    def read_lists(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
    ) -> Lists:
        """The lists that are published, with how many stand on each.

        `GET /api/v1/lists`, scope `read`.

        `limit`: How many at most in one answer.

        `after`: The `next` of the answer before: what follows it. Left out: from the
        beginning.
        """
        return cast(
            "Lists",
            self.call(
                "GET",
                "/api/v1/lists",
                query={
                    "limit": limit,
                    "after": after,
                },
            ),
        )

    def all_lists(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[List]:
        """Each of `items` of `read_lists`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_lists(
                limit=limit,
                after=cast("str | None", at),
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_list(
        self,
        *,
        list: str,
    ) -> ListWithLetters:
        """One list, with its letters in order.

        `GET /api/v1/lists/{list}`, scope `read`.

        `list`: Number or name of a list.
        """
        return cast(
            "ListWithLetters",
            self.call(
                "GET",
                f"/api/v1/lists/{_segment(list)}",
            ),
        )

    def read_list_members(
        self,
        *,
        list: str,
        include: Literal["profile"] | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> ListMembers:
        """Who stands on a list; the latest first.

        `GET /api/v1/lists/{list}/members`, scope `read`.

        `list`: Number or name of a list.

        `include`: profile: with addresses and fields, which wants the scope people too and
        is recorded as an export is.

        `limit`: How many at most in one answer.

        `after`: The `next` of the answer before: what follows it. Left out: from the
        beginning.
        """
        return cast(
            "ListMembers",
            self.call(
                "GET",
                f"/api/v1/lists/{_segment(list)}/members",
                query={
                    "include": include,
                    "limit": limit,
                    "after": after,
                },
            ),
        )

    def all_list_members(
        self,
        *,
        list: str,
        include: Literal["profile"] | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[ListMember]:
        """Each of `items` of `read_list_members`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_list_members(
                list=list,
                include=include,
                limit=limit,
                after=cast("str | None", at),
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_segments(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
    ) -> Segments:
        """The segments that are published, with how many are in each.

        `GET /api/v1/segments`, scope `read`.

        `limit`: How many at most in one answer.

        `after`: The `next` of the answer before: what follows it. Left out: from the
        beginning.
        """
        return cast(
            "Segments",
            self.call(
                "GET",
                "/api/v1/segments",
                query={
                    "limit": limit,
                    "after": after,
                },
            ),
        )

    def all_segments(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[Segment]:
        """Each of `items` of `read_segments`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_segments(
                limit=limit,
                after=cast("str | None", at),
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_segment(
        self,
        *,
        segment: str,
    ) -> SegmentWithLines:
        """One segment, with its lines as they are written.

        `GET /api/v1/segments/{segment}`, scope `read`.

        `segment`: Id of a segment.
        """
        return cast(
            "SegmentWithLines",
            self.call(
                "GET",
                f"/api/v1/segments/{_segment(segment)}",
            ),
        )

    def read_segment_members(
        self,
        *,
        segment: str,
        include: Literal["profile"] | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> SegmentMembers:
        """Who is in a segment; by id.

        `GET /api/v1/segments/{segment}/members`, scope `read`.

        `segment`: Id of a segment.

        `include`: profile: with addresses and fields, which wants the scope people too and
        is recorded as an export is.

        `limit`: How many at most in one answer.

        `after`: The `next` of the answer before: what follows it. Left out: from the
        beginning.
        """
        return cast(
            "SegmentMembers",
            self.call(
                "GET",
                f"/api/v1/segments/{_segment(segment)}/members",
                query={
                    "include": include,
                    "limit": limit,
                    "after": after,
                },
            ),
        )

    def all_segment_members(
        self,
        *,
        segment: str,
        include: Literal["profile"] | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[SegmentMember]:
        """Each of `items` of `read_segment_members`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_segment_members(
                segment=segment,
                include=include,
                limit=limit,
                after=cast("str | None", at),
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_purposes(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
    ) -> Purposes:
        """The purposes that people agree to.

        `GET /api/v1/purposes`, scope `read`.

        `limit`: How many at most in one answer.

        `after`: The `next` of the answer before: what follows it. Left out: from the
        beginning.
        """
        return cast(
            "Purposes",
            self.call(
                "GET",
                "/api/v1/purposes",
                query={
                    "limit": limit,
                    "after": after,
                },
            ),
        )

    def all_purposes(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[Purpose]:
        """Each of `items` of `read_purposes`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_purposes(
                limit=limit,
                after=cast("str | None", at),
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_fields(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
    ) -> Fields:
        """The fields that are declared, with their types.

        `GET /api/v1/fields`, scope `read`.

        `limit`: How many at most in one answer.

        `after`: The `next` of the answer before: what follows it. Left out: from the
        beginning.
        """
        return cast(
            "Fields",
            self.call(
                "GET",
                "/api/v1/fields",
                query={
                    "limit": limit,
                    "after": after,
                },
            ),
        )

    def all_fields(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[Field]:
        """Each of `items` of `read_fields`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_fields(
                limit=limit,
                after=cast("str | None", at),
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def subscribe(
        self,
        *,
        email: str,
        list: int | str,
        basis: Literal["double-opt-in", "consent", "soft-optin", "b2b", "service"],
        source: str | None = None,
        collected_at: str | None = None,
        proof: str | None = None,
        order: str | None = None,
        function: str | None = None,
        objection: str | None = None,
        fields: Mapping[str, str | float | bool | Sequence[str]] | None = None,
        timezone: str | None = None,
        language: str | None = None,
        start: Literal["welcome", "none"] | None = None,
        last_contact: str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Put a person on a list on a ground you declare, or ask them by mail whether they
        want to be there.

        `POST /api/v1/subscriptions`, scope `subscribe`.

        `email`: The address, as it was written.

        `list`: Number or name of the list to join.

        `basis`: The ground. double-opt-in asks the person by mail; the others are declared
        by you.

        `source`: How the address was collected; required for every basis but double-opt-in.

        `collected_at`: When; required for consent. ISO 8601; without a zone, local time of
        the installation.

        `proof`: What proves it: a reference, a sentence.

        `order`: Order or sale the address was given with; required for soft-optin.

        `function`: The person's profession; required for b2b, unless the address is a
        generic one (contact@).

        `objection`: How they could object when the address was collected; required for
        soft-optin and b2b.

        `fields`: Values of declared fields, by their names.

        `timezone`: A time zone, for example Europe/Paris, in any case; names of Windows are
        known too.

        `language`: The person's language: a code (fr, en-GB) or a name (Français, french).

        `start`: welcome: every letter from now. none: stand on the list, get no letter of
        it.

        `last_contact`: When the person was last in touch.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/subscriptions",
                body={
                    "email": email,
                    "list": list,
                    "basis": basis,
                    "source": source,
                    "collected_at": collected_at,
                    "proof": proof,
                    "order": order,
                    "function": function,
                    "objection": objection,
                    "fields": fields,
                    "timezone": timezone,
                    "language": language,
                    "start": start,
                    "last_contact": last_contact,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def transfer(
        self,
        *,
        email: str,
        from_: int | str,
        to: int | str,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Move a person from one list to another.

        `POST /api/v1/transfers`, scope `transfer`.

        `email`: The address, as it was written.

        `from_`: Number or name of the list to leave.

        `to`: Number or name of the list to join.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/transfers",
                body={
                    "email": email,
                    "from": from_,
                    "to": to,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def unsubscribe(
        self,
        *,
        email: str,
        purpose: str,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Withdraw a person from a purpose, or from everything.

        `POST /api/v1/unsubscriptions`, scope `unsubscribe`.

        `email`: The address, as it was written.

        `purpose`: The id of a purpose, or * for everything.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/unsubscriptions",
                body={
                    "email": email,
                    "purpose": purpose,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def look_up_person(
        self,
        *,
        email: str,
    ) -> WhereAPersonStands:
        """Where a person stands.

        `POST /api/v1/people/lookup`, scope `read`.

        `email`: The address, as it was written.
        """
        return cast(
            "WhereAPersonStands",
            self.call(
                "POST",
                "/api/v1/people/lookup",
                body={
                    "email": email,
                },
            ),
        )

    def set_preferences(
        self,
        *,
        email: str,
        themes: Sequence[str] | None = None,
        contents: Sequence[str] | None = None,
        frequency: Literal["as-it-comes", "weekly", "monthly"] | None = None,
        paused_until: str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """What somebody chooses to receive; a member left out stays as it is.

        `POST /api/v1/people/preferences`, scope `preferences`.

        `email`: The address of somebody who is known here.

        `themes`: Codes of themes; [] is all of them.

        `contents`: Codes of types of content; [] is all of them.

        `frequency`: How often at most.

        `paused_until`: Until when nothing is sent: a day or an instant, a year ahead at
        most; "" ends a pause.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/people/preferences",
                body={
                    "email": email,
                    "themes": themes,
                    "contents": contents,
                    "frequency": frequency,
                    "paused_until": paused_until,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def put_into_segment(
        self,
        *,
        email: str,
        segment: str,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Put somebody who is known into a segment without conditions.

        `POST /api/v1/segments/put`, scope `segments`.

        `email`: The address, as it was written.

        `segment`: The id of a segment without conditions.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/segments/put",
                body={
                    "email": email,
                    "segment": segment,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def take_out_of_segment(
        self,
        *,
        email: str,
        segment: str,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Take somebody out of a segment without conditions.

        `POST /api/v1/segments/take`, scope `segments`.

        `email`: The address, as it was written.

        `segment`: The id of a segment without conditions.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/segments/take",
                body={
                    "email": email,
                    "segment": segment,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def read_people(
        self,
        *,
        include: Literal["profile"] | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> People:
        """Everybody who is known; by id.

        `GET /api/v1/people`, scope `read`.

        `include`: profile: with addresses and fields, which wants the scope people too and
        is recorded as an export is.

        `limit`: How many at most in one answer.

        `after`: The `next` of the answer before: what follows it. Left out: from the
        beginning.
        """
        return cast(
            "People",
            self.call(
                "GET",
                "/api/v1/people",
                query={
                    "include": include,
                    "limit": limit,
                    "after": after,
                },
            ),
        )

    def all_people(
        self,
        *,
        include: Literal["profile"] | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[PersonOfPage]:
        """Each of `items` of `read_people`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_people(
                include=include,
                limit=limit,
                after=cast("str | None", at),
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_person(
        self,
        *,
        subscriber: str,
    ) -> Person:
        """One person. That your key reads them is recorded, once in twelve hours.

        `GET /api/v1/people/{subscriber}`, scope `people`.

        `subscriber`: The random id of a person.
        """
        return cast(
            "Person",
            self.call(
                "GET",
                f"/api/v1/people/{_segment(subscriber)}",
            ),
        )

    def set_fields(
        self,
        *,
        subscriber: str,
        fields: Mapping[str, str | float | bool | Sequence[str]],
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Set fields of a person; one that is left out stays as it is.

        `PATCH /api/v1/people/{subscriber}/fields`, scope `fields`.

        `subscriber`: The random id of a person.

        `fields`: Values of declared fields, by their names; "" takes one away.

        `if_match`: The ETag of what you read: 412 where it has changed since.
        """
        return cast(
            "Answer",
            self.call(
                "PATCH",
                f"/api/v1/people/{_segment(subscriber)}/fields",
                headers={
                    "If-Match": if_match,
                },
                body={
                    "fields": fields,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def read_memberships(
        self,
        *,
        subscriber: str,
        limit: int | None = None,
        after: str | None = None,
    ) -> Memberships:
        """The lists that a person stands on.

        `GET /api/v1/people/{subscriber}/memberships`, scope `read`.

        `subscriber`: The random id of a person.

        `limit`: How many at most in one answer.

        `after`: The `next` of the answer before: what follows it. Left out: from the
        beginning.
        """
        return cast(
            "Memberships",
            self.call(
                "GET",
                f"/api/v1/people/{_segment(subscriber)}/memberships",
                query={
                    "limit": limit,
                    "after": after,
                },
            ),
        )

    def all_memberships(
        self,
        *,
        subscriber: str,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[Membership]:
        """Each of `items` of `read_memberships`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_memberships(
                subscriber=subscriber,
                limit=limit,
                after=cast("str | None", at),
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_orders(
        self,
        *,
        subscriber: str,
        limit: int | None = None,
        after: str | None = None,
    ) -> OrdersOfPerson:
        """The latest fifty orders of a person, the oldest first.

        `GET /api/v1/people/{subscriber}/orders`, scope `read`.

        `subscriber`: The random id of a person.

        `limit`: How many at most in one answer.

        `after`: The `next` of the answer before: what follows it. Left out: from the
        beginning.
        """
        return cast(
            "OrdersOfPerson",
            self.call(
                "GET",
                f"/api/v1/people/{_segment(subscriber)}/orders",
                query={
                    "limit": limit,
                    "after": after,
                },
            ),
        )

    def all_orders(
        self,
        *,
        subscriber: str,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[OrderOfPerson]:
        """Each of `items` of `read_orders`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_orders(
                subscriber=subscriber,
                limit=limit,
                after=cast("str | None", at),
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_events(
        self,
        *,
        limit: int | None = None,
        after: int | None = None,
        order: Literal["oldest", "newest"] | None = None,
        type: Sequence[ReadEventsType] | None = None,
    ) -> Events:
        """What happened, in the order of the ledger, which names nobody.

        `GET /api/v1/events`, scope `read`.

        `limit`: How many at most in one answer.

        `after`: The position of the last event that was read: what follows it in this
        order.

        `order`: newest: backwards, the latest first.

        `type`: Only events of this type; may be given several times.
        """
        return cast(
            "Events",
            self.call(
                "GET",
                "/api/v1/events",
                query={
                    "limit": limit,
                    "after": after,
                    "order": order,
                    "type": type,
                },
            ),
        )

    def all_events(
        self,
        *,
        limit: int | None = None,
        after: int | None = None,
        order: Literal["oldest", "newest"] | None = None,
        type: Sequence[ReadEventsType] | None = None,
    ) -> Iterator[Event]:
        """Each of `items` of `read_events`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_events(
                limit=limit,
                after=cast("int | None", at),
                order=order,
                type=type,
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_event(
        self,
        *,
        position: int,
    ) -> Event:
        """One event, by its position; a hook names it so.

        `GET /api/v1/events/{position}`, scope `read`.

        `position`: Its place in the ledger.
        """
        return cast(
            "Event",
            self.call(
                "GET",
                f"/api/v1/events/{_segment(position)}",
            ),
        )

    def read_events_of_person(
        self,
        *,
        subscriber: str,
        limit: int | None = None,
        after: int | None = None,
        order: Literal["oldest", "newest"] | None = None,
        type: Sequence[ReadEventsType] | None = None,
    ) -> Events:
        """What happened to a person; also to one who was erased.

        `GET /api/v1/people/{subscriber}/events`, scope `read`.

        `subscriber`: The random id of a person.

        `limit`: How many at most in one answer.

        `after`: The position of the last event that was read: what follows it in this
        order.

        `order`: newest: backwards, the latest first.

        `type`: Only events of this type; may be given several times.
        """
        return cast(
            "Events",
            self.call(
                "GET",
                f"/api/v1/people/{_segment(subscriber)}/events",
                query={
                    "limit": limit,
                    "after": after,
                    "order": order,
                    "type": type,
                },
            ),
        )

    def all_events_of_person(
        self,
        *,
        subscriber: str,
        limit: int | None = None,
        after: int | None = None,
        order: Literal["oldest", "newest"] | None = None,
        type: Sequence[ReadEventsType] | None = None,
    ) -> Iterator[Event]:
        """Each of `items` of `read_events_of_person`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_events_of_person(
                subscriber=subscriber,
                limit=limit,
                after=cast("int | None", at),
                order=order,
                type=type,
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def record_order(
        self,
        *,
        email: str,
        order: str,
        amount: str,
        currency: str,
        products: Sequence[str] | None = None,
        ordered_at: str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Somebody who is known ordered something. An order is recorded once, whatever the
        key.

        `POST /api/v1/orders`, scope `orders`.

        `email`: The address of whoever ordered; somebody who is known here.

        `order`: The order's number, as your shop has it.

        `amount`: What was paid: a text in the currency's own unit, not in cents: "12.50".

        `currency`: Three letters (ISO 4217), such as EUR.

        `products`: The codes of what was ordered, as in [[product]].

        `ordered_at`: When; without it, now.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/orders",
                body={
                    "email": email,
                    "order": order,
                    "amount": amount,
                    "currency": currency,
                    "products": products,
                    "ordered_at": ordered_at,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def record_refund(
        self,
        *,
        order: str,
        amount: str | None = None,
        currency: str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """An order was paid back, wholly or in part. Send a part under an Idempotency-Key:
        another call without one is another refund.

        `POST /api/v1/refunds`, scope `orders`.

        `order`: The order's number, as your shop has it.

        `amount`: What was paid back: a text in the currency's own unit, not in cents:
        "12.50". Without it, all that is left.

        `currency`: The order's own; required with an amount.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/refunds",
                body={
                    "order": order,
                    "amount": amount,
                    "currency": currency,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def export_person(
        self,
        *,
        email: str,
        right: Literal["access", "portability"] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, object]:
        """Everything held about a person; answers a right of access.

        `POST /api/v1/people/export`, scope `rights`.

        `email`: The address, or one the person had before it was corrected.

        `right`: Which right is answered by it (default: access).
        """
        return cast(
            "dict[str, object]",
            self.call(
                "POST",
                "/api/v1/people/export",
                body={
                    "email": email,
                    "right": right,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def correct_person(
        self,
        *,
        email: str,
        new_email: str | None = None,
        fields: Mapping[str, str | float | bool | Sequence[str]] | None = None,
        timezone: str | None = None,
        language: str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Correct what is wrong about a person.

        `POST /api/v1/people/correct`, scope `rights`.

        `email`: The address, or one the person had before it was corrected.

        `new_email`: The address that is right.

        `fields`: Values of declared fields, by their names.

        `timezone`: A time zone, for example Europe/Paris, in any case; names of Windows are
        known too.

        `language`: The person's language: a code (fr, en-GB) or a name (Français, french).
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/people/correct",
                body={
                    "email": email,
                    "new_email": new_email,
                    "fields": fields,
                    "timezone": timezone,
                    "language": language,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def restrict_person(
        self,
        *,
        email: str,
        lift: Literal["yes", "no"] | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Freeze a person: nothing is sent or deleted until it is lifted.

        `POST /api/v1/people/restrict`, scope `rights`.

        `email`: The address, or one the person had before it was corrected.

        `lift`: yes: go on; the person must have been told before.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/people/restrict",
                body={
                    "email": email,
                    "lift": lift,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def object_to_marketing(
        self,
        *,
        email: str,
        idempotency_key: str | None = None,
    ) -> Answer:
        """A person objects to marketing: everything is withdrawn at once.

        `POST /api/v1/people/object`, scope `rights`.

        `email`: The address, or one the person had before it was corrected.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/people/object",
                body={
                    "email": email,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def erase_person(
        self,
        *,
        email: str,
        keep_proof: str | None = None,
        forget_suppression: Literal["yes", "no"] | None = None,
        idempotency_key: str | None = None,
    ) -> ErasureAnswer:
        """Forget a person; answers with a receipt of what remains and why.

        `POST /api/v1/people/erase`, scope `rights`.

        `email`: The address, or one the person had before it was corrected.

        `keep_proof`: Seal the proof to [proof] archive_recipient and keep it so long: "5
        years".

        `forget_suppression`: yes: do not keep the hash that bars this address from later
        imports.
        """
        return cast(
            "ErasureAnswer",
            self.call(
                "POST",
                "/api/v1/people/erase",
                body={
                    "email": email,
                    "keep_proof": keep_proof,
                    "forget_suppression": forget_suppression,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def record_request(
        self,
        *,
        email: str,
        right: Literal[
            "access",
            "rectification",
            "restriction",
            "objection",
            "withdrawal",
            "erasure",
            "portability",
        ],
        received_at: str | None = None,
        note: str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Record that a person asked for something that is answered later.

        `POST /api/v1/requests`, scope `rights`.

        `email`: The address, or one the person had before it was corrected.

        `right`: What the person asked for.

        `received_at`: When it came in (default: now); the month runs from there.

        `note`: How it came in, or why it was answered so; kept in the vault.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/requests",
                body={
                    "email": email,
                    "right": right,
                    "received_at": received_at,
                    "note": note,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def answer_request(
        self,
        *,
        request: str,
        how: Literal["done", "refused", "extended"],
        note: str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """A request was answered, refused, or put off.

        `POST /api/v1/requests/answer`, scope `rights`.

        `request`: The request's id.

        `how`: extended: the person was told, within the first month, that it takes up to
        two months more.

        `note`: How it came in, or why it was answered so; kept in the vault.
        """
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/requests/answer",
                body={
                    "request": request,
                    "how": how,
                    "note": note,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def read_open_requests(
        self,
    ) -> list[OpenRequest]:
        """The requests that wait for an answer, the most urgent first; they name nobody.

        `POST /api/v1/requests/open`, scope `rights`.
        """
        return cast(
            "list[OpenRequest]",
            self.call(
                "POST",
                "/api/v1/requests/open",
                body={},
            ),
        )

    def read_broadcasts(
        self,
    ) -> Broadcasts:
        """The broadcasts that are written and those in force, with what came of each.

        `GET /api/v1/broadcasts`, scope `broadcasts`.
        """
        return cast(
            "Broadcasts",
            self.call(
                "GET",
                "/api/v1/broadcasts",
            ),
        )

    def create_broadcast(
        self,
        *,
        subject: str,
        to: Sequence[str],
        words: str,
        on: str | None = None,
        every: str | None = None,
        dialogue: str | None = None,
        preheader: str | None = None,
        theme: str | None = None,
        content: str | None = None,
        reminder: str | None = None,
        idempotency_key: str | None = None,
    ) -> NewBroadcastAnswer:
        """Write a new broadcast into the folder; it leaves once it is published.

        `POST /api/v1/broadcasts`, scope `broadcasts`.

        `subject`: Its subject; its id is made from it.

        `to`: To whom: numbers or names of lists, "@group", "segment:id", or "everyone".

        `words`: What it says, in Markdown, with links as letters have them.

        `on`: When it leaves, on the clock of the installation: "2026-12-01 09:00". This or
        every.

        `every`: Or when it comes back, as a cron line: "0 9 1 * *".

        `dialogue`: The file it is written into; left out: that of its list.

        `preheader`: What mail programs show after the subject.

        `theme`: The code of a theme.

        `content`: The code of a type of content.

        `reminder`: After how long the silent are reminded, once: "5 days".
        """
        return cast(
            "NewBroadcastAnswer",
            self.call(
                "POST",
                "/api/v1/broadcasts",
                body={
                    "subject": subject,
                    "to": to,
                    "words": words,
                    "on": on,
                    "every": every,
                    "dialogue": dialogue,
                    "preheader": preheader,
                    "theme": theme,
                    "content": content,
                    "reminder": reminder,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def read_broadcast(
        self,
        *,
        broadcast: str,
    ) -> WholeBroadcast:
        """One broadcast, its words, and how many people it would go to now.

        `GET /api/v1/broadcasts/{broadcast}`, scope `broadcasts`.

        `broadcast`: The broadcast's id.
        """
        return cast(
            "WholeBroadcast",
            self.call(
                "GET",
                f"/api/v1/broadcasts/{_segment(broadcast)}",
            ),
        )

    def send_test(
        self,
        *,
        broadcast: str,
        to: str,
        reader: str | None = None,
        idempotency_key: str | None = None,
    ) -> TestAnswer:
        """Send one copy of a broadcast to an address; its links are without effect.

        `POST /api/v1/broadcasts/{broadcast}/test`, scope `broadcasts`.

        `broadcast`: The broadcast's id.

        `to`: The address that gets it.

        `reader`: The address of whom it is made for, if they are known here; left out: as
        to says. Another than to wants the scope people, and is recorded.
        """
        return cast(
            "TestAnswer",
            self.call(
                "POST",
                f"/api/v1/broadcasts/{_segment(broadcast)}/test",
                body={
                    "to": to,
                    "reader": reader,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def send_now(
        self,
        *,
        broadcast: str,
        idempotency_key: str | None = None,
    ) -> SendAnswer:
        """Send a published broadcast at once; nobody gets it twice.

        `POST /api/v1/broadcasts/{broadcast}/send`, scope `broadcasts`.

        `broadcast`: The broadcast's id.
        """
        return cast(
            "SendAnswer",
            self.call(
                "POST",
                f"/api/v1/broadcasts/{_segment(broadcast)}/send",
                body={},
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def read_results(
        self,
        *,
        by: Literal["letter", "mailing", "dialogue", "list", "group", "purpose", "week"]
        | None = None,
        letter: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Results:
        """What came of letters and broadcasts, added up as you say.

        `GET /api/v1/results/letters`, scope `results`.

        `by`: What is added up.

        `letter`: One letter (prise-en-main/welcome), broadcast, or dialogue's file.

        `since`: Of letters begun in the week of this day, or later.

        `until`: Of letters begun in the week of this day, or before.
        """
        return cast(
            "Results",
            self.call(
                "GET",
                "/api/v1/results/letters",
                query={
                    "by": by,
                    "letter": letter,
                    "since": since,
                    "until": until,
                },
            ),
        )

    def read_results_of_forms(
        self,
        *,
        since: str | None = None,
    ) -> FormResults:
        """How many each form asked to confirm, week by week, and how many of them did.

        `GET /api/v1/results/forms`, scope `results`.

        `since`: Of letters begun in the week of this day, or later.
        """
        return cast(
            "FormResults",
            self.call(
                "GET",
                "/api/v1/results/forms",
                query={
                    "since": since,
                },
            ),
        )

    def read_plan(
        self,
        *,
        backfill: Literal["yes", "no"] | None = None,
    ) -> PublicationPlan:
        """What publishing the folder would change, and whom it touches.

        `GET /api/v1/publication`, scope `publish`.

        `backfill`: yes: as if new letters also went to those for whom their moment is past.
        """
        return cast(
            "PublicationPlan",
            self.call(
                "GET",
                "/api/v1/publication",
                query={
                    "backfill": backfill,
                },
            ),
        )

    def publish(
        self,
        *,
        digest: str,
        backfill: Literal["yes", "no"] | None = None,
        stranded: Literal["yes", "no"] | None = None,
        idempotency_key: str | None = None,
    ) -> PublicationAnswer:
        """Put in force the very plan that was looked at, and no other.

        `POST /api/v1/publication`, scope `publish`.

        `digest`: The digest of the plan that was looked at.

        `backfill`: yes: new letters also go to those for whom their moment is past.

        `stranded`: yes: you know that people stand on lists that would be gone.
        """
        return cast(
            "PublicationAnswer",
            self.call(
                "POST",
                "/api/v1/publication",
                body={
                    "digest": digest,
                    "backfill": backfill,
                    "stranded": stranded,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def read_editions(
        self,
    ) -> Editions:
        """Every edition that was published, the latest first.

        `GET /api/v1/publication/editions`, scope `publish`.
        """
        return cast(
            "Editions",
            self.call(
                "GET",
                "/api/v1/publication/editions",
            ),
        )

    def read_webhooks(
        self,
    ) -> Webhooks:
        """The shops and mail services that call here, each with its address.

        `GET /api/v1/webhooks`, scope `hooks`.
        """
        return cast(
            "Webhooks",
            self.call(
                "GET",
                "/api/v1/webhooks",
            ),
        )

    def read_webhook_calls(
        self,
        *,
        limit: int | None = None,
        after: int | None = None,
        webhook: str | None = None,
    ) -> WebhookCalls:
        """What shops and mail services told, the latest first, and what came of it.

        `GET /api/v1/webhooks/calls`, scope `hooks`.

        `limit`: How many at most in one answer.

        `after`: The `next` of the page before. Left out: from the latest.

        `webhook`: Only of this one.
        """
        return cast(
            "WebhookCalls",
            self.call(
                "GET",
                "/api/v1/webhooks/calls",
                query={
                    "limit": limit,
                    "after": after,
                    "webhook": webhook,
                },
            ),
        )

    def all_webhook_calls(
        self,
        *,
        limit: int | None = None,
        after: int | None = None,
        webhook: str | None = None,
    ) -> Iterator[WebhookCall]:
        """Each of `items` of `read_webhook_calls`, page after page from `after` on."""
        at: object = after
        while True:
            page = self.read_webhook_calls(
                limit=limit,
                after=cast("int | None", at),
                webhook=webhook,
            )
            yield from page["items"]
            before, at = at, page.get("next")
            if at is None or str(at) == str(before):
                return

    def read_hooks(
        self,
    ) -> Hooks:
        """The programs that are told of facts, and how each stands.

        `GET /api/v1/hooks`, scope `hooks`.
        """
        return cast(
            "Hooks",
            self.call(
                "GET",
                "/api/v1/hooks",
            ),
        )

    def replay_hook(
        self,
        *,
        hook: str,
        after: int | None = None,
        since: str | None = None,
        idempotency_key: str | None = None,
    ) -> HookAnswer:
        """Tell a program anew of what follows a position or a moment.

        `POST /api/v1/hooks/{hook}/replay`, scope `hooks`.

        `hook`: The hook's name.

        `after`: The position after which it is told. This or since.

        `since`: Or the moment since when.
        """
        return cast(
            "HookAnswer",
            self.call(
                "POST",
                f"/api/v1/hooks/{_segment(hook)}/replay",
                body={
                    "after": after,
                    "since": since,
                },
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def enable_hook(
        self,
        *,
        hook: str,
        idempotency_key: str | None = None,
    ) -> HookAnswer:
        """Go on telling a program, from where it stood.

        `POST /api/v1/hooks/{hook}/enable`, scope `hooks`.

        `hook`: The hook's name.
        """
        return cast(
            "HookAnswer",
            self.call(
                "POST",
                f"/api/v1/hooks/{_segment(hook)}/enable",
                body={},
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )

    def disable_hook(
        self,
        *,
        hook: str,
        idempotency_key: str | None = None,
    ) -> HookAnswer:
        """Tell a program nothing until it is switched on.

        `POST /api/v1/hooks/{hook}/disable`, scope `hooks`.

        `hook`: The hook's name.
        """
        return cast(
            "HookAnswer",
            self.call(
                "POST",
                f"/api/v1/hooks/{_segment(hook)}/disable",
                body={},
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            ),
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key is for one server: where another is named, that is a Problem."""

    def redirect_request(self, *_: object) -> None:
        return None


def _segment(value: object) -> str:
    return urllib.parse.quote(str(value), safe="")


def _query(given: Sequence[tuple[str, object]]) -> str:
    pairs = [
        (name, str(one).lower() if isinstance(one, bool) else str(one))
        for name, value in given
        for one in (value if isinstance(value, list | tuple) else (value,))
    ]
    return f"?{urllib.parse.urlencode(pairs)}" if pairs else ""


def _backoff(attempt: int) -> float:
    return random.uniform(0.5, 1) * min(2.0**attempt, 30)


def _seconds(retry_after: str | None) -> float | None:
    """A number of seconds, or a date (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _read(headers: Message, content: bytes, key: str | None) -> object:
    kind = headers.get_content_type()
    if not content:
        return None
    if kind != "application/json":
        return content.decode("utf-8", "replace") if kind.startswith("text/") else content
    try:
        answer: object = json.loads(content)
    except ValueError as error:
        raise NoAnswer(f"an answer that is no JSON: {error}", key) from error
    return _Answer(answer, headers.get("ETag")) if isinstance(answer, dict) else answer


def _problem(
    status: int, headers: Message, content: bytes, wait: float | None, key: str | None
) -> Problem:
    read: object = None
    if headers.get_content_subtype() in ("json", "problem+json"):
        try:
            read = json.loads(content)
        except ValueError:
            read = None
    said = read if isinstance(read, dict) else {}
    mistakes = said.get("mistakes")
    return Problem(
        status,
        str(said.get("title") or http.client.responses.get(status, "refused")),
        str(said.get("detail") or ""),
        mistakes=[str(mistake) for mistake in mistakes] if isinstance(mistakes, list) else (),
        retry_after=wait,
        idempotency_key=key,
    )
