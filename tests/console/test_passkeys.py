"""Passkeys and recovery codes: what opens a console that others can reach, and what does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import httpx
import pytest

from engine.console.access import Role
from engine.console.sign_in import invitation
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.vault.accounts import StoredAccount
from tests.console.authenticator import PRESENT, Authenticator
from tests.console.serving import Browser, Served, console_of

CODE = re.compile(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}")


@pytest.fixture(scope="module")
def console(context: AppContext) -> Iterator[Served]:
    """Where others listen too: a link is not enough there."""
    with console_of(context, host="0.0.0.0") as served:
        yield served


def somebody(console: Served, name: str, role: Role = Role.AUTHOR) -> StoredAccount:
    account = console.context.accounts.add(name, role, False, wall_now())
    assert account is not None
    return account


@contextmanager
def invited(console: Served, account: StoredAccount) -> Iterator[Browser]:
    """The browser of somebody who has opened a link."""
    path = invitation(console.context.console_desk, account, "")
    with console.stranger() as browser:
        assert browser.submit(path).headers["location"] == "/account"
        yield browser


def enrolled(console: Served, account: StoredAccount) -> tuple[Authenticator, list[str]]:
    """A passkey and the recovery codes that come with the first."""
    device = Authenticator(console.url)
    with invited(console, account) as browser:
        answer = added(browser, device)
        page = browser.read(answer.headers["location"])
        return device, CODE.findall(unescape(page))


def added(browser: Browser, device: Authenticator) -> httpx.Response:
    options = browser.submit("/account/passkeys/options").json()
    inputs = {"credential": device.create(options), "name": "telephone"}
    return browser.submit("/account/passkeys", inputs)


def signed_in(browser: Browser, device: Authenticator, on: str = "/") -> httpx.Response:
    options = browser.submit("/sign-in/options").json()
    return browser.submit("/sign-in/passkey", {"credential": device.get(options), "on": on})


def test_a_passkey_is_added_first_and_opens_everything_afterwards(console: Served) -> None:
    device = Authenticator(console.url)
    with invited(console, somebody(console, "Ana")) as browser:
        assert browser.get("/").headers["location"] == "/account"
        assert "Add a passkey first" in browser.read("/account")
        before = browser.token
        answer = added(browser, device)
        assert answer.status_code == 303 and browser.token != before
        assert browser.get("/").status_code == 200
        codes = CODE.findall(browser.read(answer.headers["location"]))
        assert len(set(codes)) == 10
        assert browser.get(answer.headers["location"]).status_code == 410
    with console.stranger() as browser:
        answer = signed_in(browser, device, "/account")
        assert answer.headers["location"] == "/account"
        assert "telephone" in browser.read("/account")


def test_what_is_signed_elsewhere_without_its_owner_or_twice_opens_nothing(
    console: Served,
) -> None:
    device, _ = enrolled(console, somebody(console, "Bob"))
    with console.stranger() as browser:
        for wrong in ({"origin": "http://localhost:1"}, {"party": "evil"}, {"flags": PRESENT}):
            right = {name: getattr(device, name) for name in wrong}
            vars(device).update(wrong)
            assert signed_in(browser, device).status_code == 422
            vars(device).update(right)
        options = browser.submit("/sign-in/options").json()
        answer = device.get(options)
        assert browser.submit("/sign-in/passkey", {"credential": answer}).status_code == 303
        assert browser.submit("/sign-in/passkey", {"credential": answer}).status_code == 422
        copy = Authenticator(device.origin, count=0, credential=device.credential, key=device.key)
        assert signed_in(browser, copy).status_code == 422


def test_an_unknown_passkey_is_answered_like_a_wrong_one(console: Served) -> None:
    device, _ = enrolled(console, somebody(console, "Cleo"))
    wrong = Authenticator(console.url, credential=device.credential)
    with console.stranger() as browser:
        known, unknown = signed_in(browser, wrong), signed_in(browser, Authenticator(console.url))
        assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


@pytest.mark.parametrize("credential", ["", "x", "[]", "{}", '{"response": {}}', "[" * 9_000])
def test_what_is_no_answer_of_a_browser_is_refused(console: Served, credential: str) -> None:
    with console.stranger() as browser:
        answer = browser.submit("/sign-in/passkey", {"credential": credential})
        assert answer.status_code == 422
    with invited(console, somebody(console, f"N {credential[:40]}")) as browser:
        assert browser.submit("/account/passkeys", {"credential": credential}).status_code == 422


def test_a_challenge_is_for_the_account_that_asked(console: Served) -> None:
    with (
        invited(console, somebody(console, "Dan")) as dan,
        invited(console, somebody(console, "Eve")) as eve,
    ):
        options = dan.submit("/account/passkeys/options").json()
        credential = Authenticator(console.url).create(options)
        assert eve.submit("/account/passkeys", {"credential": credential}).status_code == 422


def test_the_last_passkey_stays_and_others_are_named_and_removed(console: Served) -> None:
    with invited(console, somebody(console, "Fay")) as browser:
        added(browser, Authenticator(console.url))
        (first,) = passkeys(browser)
        assert browser.submit("/account/passkeys/remove", {"passkey": first}).status_code == 422
        assert added(browser, Authenticator(console.url)).headers["location"] == "/account"
        browser.submit("/account/passkeys/name", {"passkey": first, "name": "<b>blue key"})
        assert "&lt;b&gt;blue key" in browser.read("/account")
        browser.submit("/account/passkeys/remove", {"passkey": first})
        assert first not in passkeys(browser)


def passkeys(browser: Browser) -> list[str]:
    found = re.findall(r'name="passkey" value="([^"]+)"', browser.read("/account"))
    return list(dict.fromkeys(found))


def test_a_recovery_code_is_good_once_and_leads_to_a_new_passkey(console: Served) -> None:
    _, codes = enrolled(console, somebody(console, "Gil"))
    with console.stranger() as browser:
        inputs = {"name": "gil", "code": f" {codes[3].lower()} "}
        assert browser.submit("/sign-in/recovery", inputs).headers["location"] == "/account"
        assert browser.get("/").headers["location"] == "/account"
        assert "9 codes are left" in browser.read("/account")
    with console.stranger() as browser:
        assert browser.submit("/sign-in/recovery", inputs).status_code == 422


def test_wrong_codes_are_answered_alike_for_names_there_are_and_are_not(console: Served) -> None:
    account = somebody(console, "Hal")
    _, codes = enrolled(console, account)
    with console.stranger() as browser:
        pages = [
            browser.submit("/sign-in/recovery", {"name": name, "code": code})
            for name, code in (
                ("Hal", "ABCD-EFGH-JKLM-NPQR"),
                ("Hal", codes[0][:-1] + "?"),
                ("No1", "ABCD-EFGH-JKLM-NPQR"),
            )
        ]
        texts = {page.text.replace("No1", "Hal") for page in pages}
        assert len(texts) == 1 and {page.status_code for page in pages} == {422}
        for _ in range(4):
            last = browser.submit("/sign-in/recovery", {"name": "Hal", "code": "x"})
        assert last.status_code == 429
        right = browser.submit("/sign-in/recovery", {"name": "Hal", "code": codes[1]})
        assert right.status_code == 429
        assert console.context.accounts.codes_left(account.id) == 10


def test_codes_are_kept_as_argon2id_and_new_ones_replace_the_old(console: Served) -> None:
    account = somebody(console, "Ida")
    _, codes = enrolled(console, account)
    hashed = console.context.accounts.code(account.id, codes[0][:4])
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    with console.as_account(account.id) as browser:
        location = browser.submit("/account/codes").headers["location"]
        new = CODE.findall(browser.read(location))
        assert len(new) == 10 and not set(new) & set(codes)
        assert console.context.accounts.code(account.id, codes[0][:4]) == ""
    with console.as_role(Role.RIGHTS) as other:
        assert other.get(location).status_code == 410


def test_nothing_that_is_kept_opens_anything(console: Served, context: AppContext) -> None:
    """A dump of desk and vault holds no token, no challenge and no code."""
    account = somebody(console, "Jo")
    path = invitation(context.console_desk, account, "")
    _, codes = enrolled(console, account)
    with console.as_account(account.id) as browser:
        options = browser.submit("/account/passkeys/options").json()
        with context.database.connection() as connection:
            dump = "".join(
                str(connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall())
                for table in (
                    "desk.console_session",
                    "desk.console_token",
                    "vault.console_account",
                    "vault.console_passkey",
                    "vault.console_recovery_code",
                )
            )
        secret = [browser.token, path.rpartition("/")[2], options["challenge"], codes[0][5:]]
        assert account.id in dump and not any(words in dump for words in secret)


def test_sessions_are_listed_and_ended(console: Served) -> None:
    account = console.account(Role.AUDITOR)
    with console.as_account(account.id) as one, console.as_account(account.id) as two:
        page = one.read("/account")
        (session,) = re.findall(r'name="session" value="([^"]+)"', page)
        with console.as_role(Role.OPERATOR) as other:
            other.submit("/account/sessions/end", {"session": session})
        assert two.get("/account").status_code == 200
        one.submit("/account/sessions/end", {"session": session})
        assert two.get("/account").status_code == 303
        assert one.get("/account").status_code == 200
