"""Accounts of others: invited, given another role, removed; the last operator stays."""

from __future__ import annotations

import re
from html import unescape

from engine.commands.operators import Operator
from engine.console.access import Role
from engine.console.account_changes import remove
from engine.desk.clock import wall_now
from tests.console.serving import Browser, Served


def invite(browser: Browser, name: str, role: str, **more: str) -> str:
    """The link that the page shows."""
    answer = browser.submit("/accounts", {"name": name, "role": role, **more})
    page = browser.read(answer.headers["location"])
    found = re.search(r'<pre id="link"[^>]*>([^<]+)</pre>', page)
    assert found
    return unescape(found[1])


def test_somebody_is_invited_signs_in_and_may_what_their_role_may(
    console: Served, operator: Browser
) -> None:
    link = invite(operator, "Zoé <i>", "author", reads="yes")
    assert "Zoé &lt;i&gt;" in operator.read("/accounts")
    with console.stranger() as browser:
        assert "Zoé &lt;i&gt;" in browser.read(link)
        assert browser.submit(link).status_code == 303
        assert browser.get("/accounts").status_code == 403
        account = console.context.accounts.named("zoé <i>")
        assert account is not None and account.reads
        operator.submit(f"/accounts/{account.id}/role", {"role": "operator"})
        assert browser.get("/accounts").status_code == 200
        operator.submit(f"/accounts/{account.id}/role", {"role": "auditor"})
        assert browser.get("/accounts").status_code == 403
        assert "Remove Zoé" in operator.read(f"/accounts/{account.id}/remove")
        operator.submit(f"/accounts/{account.id}/remove")
        assert browser.get("/account").headers["location"].startswith("/sign-in")
        assert console.context.console_desk.sessions(account.id) == []
        assert operator.get(f"/accounts/{account.id}/remove").status_code == 404


def test_an_invitation_says_what_is_missing_and_keeps_what_was_typed(operator: Browser) -> None:
    for inputs, words in (
        ({"name": "", "role": "author"}, "A name, in one line"),
        ({"name": "Yann", "role": "king"}, "Choose a role"),
        ({"name": "operator False", "role": "author"}, "Somebody has this name"),
    ):
        answer = operator.submit("/accounts", {**inputs, "reads": "yes"})
        assert answer.status_code == 422 and words in answer.text
        assert f'value="{inputs["name"]}"' in answer.text
        assert answer.text.count("checked") == 1


def test_another_link_is_given_and_sessions_are_ended(console: Served, operator: Browser) -> None:
    account = console.account(Role.RIGHTS)
    answer = operator.submit(f"/accounts/{account.id}/invite")
    assert "/link/" in operator.read(answer.headers["location"])
    with console.as_account(account.id) as browser:
        operator.submit(f"/accounts/{account.id}/end")
        assert browser.get("/").status_code == 303


def test_the_last_operator_is_neither_removed_nor_given_another_role(
    console: Served, operator: Browser
) -> None:
    accounts = console.context.accounts
    own = console.account(Role.OPERATOR)
    for other in accounts.all():
        if other.role == Role.OPERATOR and other.id != own.id:
            assert remove(console.context, other, Operator("tests"))
    assert operator.submit(f"/accounts/{own.id}/remove").status_code == 409
    assert operator.submit(f"/accounts/{own.id}/role", {"role": "author"}).status_code == 409
    assert operator.get("/accounts").status_code == 200
    second = accounts.add("Second", Role.OPERATOR, False, wall_now())
    assert second is not None
    assert operator.submit(f"/accounts/{second.id}/remove").status_code == 303
