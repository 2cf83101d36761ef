"""Accounts of others: invited, given another role, removed; the last operator stays."""

from __future__ import annotations

import re
from html import unescape

import pytest

from engine.authoring.drafts import Draft
from engine.commands.operators import Operator
from engine.console.access import Role
from engine.console.account_changes import give_role, remove
from engine.desk.clock import wall_now
from engine.vault.accounts import NoSuchAccount
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


def test_what_a_removed_account_had_drafted_is_shown_and_taken_over_or_removed(
    console: Served, operator: Browser
) -> None:
    context, file = console.context, "onboarding.toml"
    data, sequences = context.config.data, context.config.sequences
    mine = Draft(data, sequences, console.account(Role.OPERATOR).id)
    folder = mine.in_folder(file)
    assert folder is not None
    for name, takes in (("Abel", True), ("Cléo", False)):
        account = context.accounts.add(name, Role.AUTHOR, False, wall_now())
        assert account is not None
        draft = Draft(data, sequences, account.id)
        draft.write(file, f"# {name}\n{folder.decode()}")
        assert "Drafts of accounts" not in operator.read("/accounts")
        operator.submit(f"/accounts/drafts/{account.id}/take-over")
        assert mine.get(file) is None, "it is still somebody's"
        assert remove(context, account, Operator("tests"))
        page = operator.read("/accounts")
        assert "Drafts of accounts" in page and name in page and file in page
        with console.as_role(Role.AUTHOR) as author:
            assert author.submit(f"/accounts/drafts/{account.id}/take-over").status_code == 403
        act = "take-over" if takes else "remove"
        operator.submit(f"/accounts/drafts/{account.id}/{act}")
        assert not draft.folder.exists()
        assert (mine.text(file) or "").startswith("# Abel") == takes
        mine.discard(file)


def test_what_was_drafted_by_both_is_not_written_over(console: Served, operator: Browser) -> None:
    context, file = console.context, "onboarding.toml"
    data, sequences = context.config.data, context.config.sequences
    mine = Draft(data, sequences, console.account(Role.OPERATOR).id)
    gone = Draft(data, sequences, "nobody")
    for draft in (mine, gone):
        draft.write(file, f"# {draft.account}\n")
    gone.write("onboarding/neuf.md", "Neuf\n")
    operator.submit("/accounts/drafts/nobody/take-over")
    assert mine.text(file) == f"# {mine.account}\n" and gone.paths() == (file,)
    assert mine.text("onboarding/neuf.md") == "Neuf\n"
    assert "so they stay here: onboarding.toml" in operator.read("/accounts")
    for path in mine.paths():
        mine.discard(path)
    gone.remove()


def test_what_somebody_removed_a_moment_ago_is_neither_given_a_role_nor_removed(
    console: Served,
) -> None:
    context, by = console.context, Operator("tests")
    account = context.accounts.add("Gone", Role.AUTHOR, False, wall_now())
    assert account is not None and remove(context, account, by)
    head = context.ledger.head()
    with pytest.raises(NoSuchAccount):
        give_role(context, account, Role.OPERATOR, False, by)
    with pytest.raises(NoSuchAccount):
        remove(context, account, by)
    assert context.ledger.head() == head
