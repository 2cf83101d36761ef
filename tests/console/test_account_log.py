"""Who was given which role by whom is a fact that names nobody; who came in, or tried to, is kept
for a year.
"""

from __future__ import annotations

import re
from html import unescape

import pytest

from engine.audit.installation_story import installation_facts, installation_report
from engine.audit.report import as_text
from engine.console.access import Role
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.installation.events import STREAM, AccountRemoved, RoleGiven
from engine.sequence.delay import DAY
from engine.vault.accounts import MOST_REFUSED, SIGN_INS_KEPT, SignIn
from tests.console.serving import Browser, Served
from tests.console.test_accounts import invite


def events(context: AppContext) -> list[object]:
    return [
        entry.event
        for entry in context.ledger.stream(STREAM)
        if isinstance(entry.event, RoleGiven | AccountRemoved)
    ]


def words(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_an_invitation_a_role_and_a_removal_are_facts_without_a_name(
    console: Served, operator: Browser
) -> None:
    context = console.context
    before = len(events(context))
    invite(operator, "Zoé", "author", reads="yes")
    account = context.accounts.named("Zoé")
    assert account is not None
    operator.submit(f"/accounts/{account.id}/role", {"role": "auditor"})
    operator.submit(f"/accounts/{account.id}/role", {"role": "auditor"})
    operator.submit(f"/accounts/{account.id}/remove")
    given, changed, removed = events(context)[before:]
    assert isinstance(given, RoleGiven) and (given.role, given.reads) == ("author", True)
    assert isinstance(changed, RoleGiven) and (changed.role, changed.reads) == ("auditor", False)
    assert isinstance(removed, AccountRemoved)
    assert {given.account, changed.account, removed.account} == {account.id}
    octets = b"".join(state for _entry, state in context.ledger.stored(STREAM).values())
    assert "Zoé".encode() not in octets and b"operator False" not in octets
    page = words(operator.read("/accounts/log"))
    assert "Zoé may from here on what this role may: author, and may read people" in page
    assert "Zoé removed" in page and "by operator False" in page


def test_the_auditor_s_story_names_who_was_given_a_role_and_by_whom(
    console: Served, operator: Browser
) -> None:
    invite(operator, "Yann", "auditor")
    entries, facts = installation_facts(console.context, "en")
    lines = list(as_text(installation_report(entries, facts, console.context.clock.now())))
    at = max(n for n, line in enumerate(lines) if "was given the role “auditor”" in line)
    evidence = next(line for line in lines[at:] if "evidence:" in line)
    assert "Yann" in evidence and "operator False" in evidence


def test_a_name_that_is_taken_and_the_last_operator_leave_no_fact(
    console: Served, operator: Browser
) -> None:
    operator.submit("/accounts", {"name": "Xavier", "role": "author"})
    before = len(events(console.context))
    answer = operator.submit("/accounts", {"name": "xavier", "role": "author"})
    assert answer.status_code == 422
    own = console.account(Role.OPERATOR)
    others = [one for one in console.context.accounts.all() if one.role == Role.OPERATOR]
    assert [one.id for one in others] == [own.id]
    assert operator.submit(f"/accounts/{own.id}/remove").status_code == 409
    assert operator.submit(f"/accounts/{own.id}/role", {"role": "author"}).status_code == 409
    assert len(events(console.context)) == before
    assert console.context.accounts.account(own.id) == own or own.role == Role.OPERATOR


def test_who_comes_in_and_who_is_refused_stands_in_the_log(
    console: Served, operator: Browser
) -> None:
    link = invite(operator, "Anne", "author")
    with console.stranger() as browser:
        browser.get(link)
        assert browser.submit(link).status_code == 303
    with console.stranger() as browser:
        guess = {"name": "Anne", "code": "AAAA-BBBB-CCCC-DDDD"}
        assert browser.submit("/sign-in/recovery", guess).status_code == 422
        assert browser.submit("/sign-in/passkey", {"credential": "{}"}).status_code == 422
    latest = console.context.accounts.sign_ins(1 << 62, 3)
    assert [(one.what, one.way, one.name) for one in latest] == [
        ("refused", "passkey", ""),
        ("refused", "recovery", "Anne"),
        ("in", "link", "Anne"),
    ]
    assert {one.network for one in latest} == {"127.0.0.0/24"}
    page = words(operator.read("/accounts/log"))
    assert "nobody known by a passkey refused" in page
    assert "Anne by a link came in" in page


def test_sign_ins_are_shown_page_by_page(console: Served, operator: Browser) -> None:
    for _ in range(60):
        console.context.accounts.note_sign_in(attempt(wall_now(), "in"))
    page = operator.read("/accounts/log")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert operator.read(unescape(older)).count("<tr>") > 1
    assert operator.get("/accounts/log?before=" + "9" * 40).status_code == 200


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.RIGHTS, Role.AUDITOR])
def test_nobody_else_reads_the_log(console: Served, role: Role) -> None:
    with console.as_role(role) as browser:
        assert browser.get("/accounts/log").status_code == 403


def attempt(at: int, what: str) -> SignIn:
    return SignIn(account="", at=at, what=what, way="link", network="")  # type: ignore[arg-type]


def test_after_a_year_it_is_forgotten_and_a_flood_fills_no_table(console: Served) -> None:
    accounts, now = console.context.accounts, wall_now()
    accounts.note_sign_in(attempt(now - SIGN_INS_KEPT - DAY, "in"))
    accounts.forget_sign_ins(now)
    assert all(one.at > now - SIGN_INS_KEPT for one in accounts.sign_ins(1 << 62, 10_000))
    for _ in range(MOST_REFUSED + 20):
        accounts.note_sign_in(attempt(now, "refused"))
    kept = [one for one in accounts.sign_ins(1 << 62, 10_000) if one.what == "refused"]
    assert len(kept) == MOST_REFUSED
    accounts.note_sign_in(attempt(now, "in"))
    assert accounts.sign_ins(1 << 62, 1)[0].what == "in"
