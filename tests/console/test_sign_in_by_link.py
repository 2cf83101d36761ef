"""The first visit: a link that the program prints makes the first operator, is used once, and is
given only where nobody else can reach the console.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from engine.console.access import Right, Role
from engine.console.sign_in import first_link, invitation
from engine.console.visit import Route
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.vault.accounts import Passkey
from tests.conftest import MakeContext
from tests.console.serving import Browser, Served, console_of
from tests.web.correspondence import FILES


def first(console: Served) -> str:
    context = console.context
    link = first_link(context.config, context.accounts, context.console_desk, console.url)
    return link.removeprefix(console.url)


def open_link(browser: Browser, path: str, **inputs: str) -> int:
    headers = {"Origin": browser.console.url}
    return browser.post(path, data=inputs, headers=headers).status_code


def test_the_first_link_makes_the_operator_and_the_next_signs_in_the_same(
    make_context: MakeContext,
) -> None:
    with console_of(make_context(FILES)) as console, console.stranger() as browser:
        link = first(console)
        assert "Your name" in browser.read(link) and "Your name" in browser.read(link)
        assert open_link(browser, link, name=" ") == 422
        assert open_link(browser, link, name="Léa Martin") == 303
        assert browser.get("/nowhere").status_code == 404
        assert 'href="/account"' in browser.get("/nowhere").text
        (account,) = console.context.accounts.all()
        assert (account.name, account.role) == ("Léa Martin", Role.OPERATOR)
        assert browser.get(link).status_code == 410 and open_link(browser, link) == 410
        with console.stranger() as again:
            page = again.read(first(console))
            assert "Your name" not in page and "Léa Martin" in page


def test_a_newer_first_link_ends_the_one_before(console: Served) -> None:
    with console.stranger() as browser:
        older, newer = first(console), first(console)
        assert (browser.get(older).status_code, browser.get(newer).status_code) == (410, 200)


def test_no_first_link_is_given_once_there_is_a_passkey_or_where_others_listen(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    desk, accounts = context.console_desk, context.accounts
    for elsewhere in (
        replace(context.config.console, host="0.0.0.0"),
        replace(context.config.console, url="https://console.example.org"),
    ):
        config = replace(context.config, console=elsewhere)
        assert first_link(config, accounts, desk, "https://console.example.org") == ""
    assert first_link(context.config, accounts, desk, "http://localhost") != ""
    account = accounts.add("Léa", Role.OPERATOR, False, wall_now())
    assert account is not None
    passkey = Passkey(credential=b"c", account=account.id, name="", public_key=b"k", sign_count=0)
    assert accounts.add_passkey(passkey)
    assert first_link(context.config, accounts, desk, "http://localhost") == ""


def test_an_invitation_signs_in_its_account_once(console: Served) -> None:
    account = console.account(Role.RIGHTS)
    path = invitation(console.context.console_desk, account, "")
    with console.stranger() as browser:
        assert account.name in browser.read(path)
        assert (open_link(browser, path), open_link(browser, path)) == (303, 410)
        (session,) = console.context.console_desk.sessions(account.id)
        assert (session.way, session.enrols) == ("link", False)


def test_where_others_listen_a_link_is_good_for_adding_a_passkey_alone(
    context: AppContext,
) -> None:
    with console_of(context, host="0.0.0.0") as console, console.stranger() as browser:
        account = console.account(Role.OPERATOR)
        path = invitation(context.console_desk, account, "")
        answer = browser.post(path, headers={"Origin": console.url})
        assert answer.headers["location"] == "/account"
        away = browser.submit("/sign-out")
        assert away.headers["location"] == "/sign-in"


def test_the_cookie_is_for_this_site_and_no_script(console: Served, context: AppContext) -> None:
    path = invitation(context.console_desk, console.account(Role.AUDITOR), "")
    with console.stranger() as browser:
        answer = browser.post(path, headers={"Origin": console.url})
        name, _, rest = answer.headers["set-cookie"].partition("=")
        assert name == f"relance-console-{console.url.rpartition(':')[2]}"
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(rest.split("; "))
        assert "Secure" not in rest and "Domain" not in rest


def test_by_https_the_cookie_is_locked_to_the_host(context: AppContext) -> None:
    origin = "https://console.example.org"
    with console_of(context, url=origin) as console, console.stranger() as browser:
        path = invitation(context.console_desk, console.account(Role.AUDITOR), "")
        headers = {"Origin": origin, "Host": "console.example.org"}
        answer = browser.post(path, headers=headers)
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        name, _, rest = answer.headers["set-cookie"].partition("=")
        assert name == "__Host-relance"
        assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(rest.split("; "))
        assert "Domain" not in rest


def test_signing_in_again_ends_the_session_before(console: Served, context: AppContext) -> None:
    account = console.account(Role.AUTHOR)
    with console.as_account(account.id) as browser:
        before = browser.token
        open_link(browser, invitation(context.console_desk, account, ""))
        assert browser.token != before
        assert context.console_desk.session(before) is None
        assert browser.submit("/sign-out").status_code == 303
        assert context.console_desk.sessions(account.id) == []


def test_what_was_posted_in_a_session_that_had_ended_waits_for_its_account(
    console: Served, context: AppContext
) -> None:
    """Nothing typed is lost, and nobody else sends it."""
    account, other = console.account(Role.OPERATOR), console.account(Role.AUTHOR, reads=True)
    with console.as_account(account.id) as browser:
        make_old(context, browser)
        words = 'Ça va ?\r\n</textarea>"é'
        page = browser.submit("/sign-out", {"words": words, "more": ["1", "2"]})
        assert page.status_code == 401 and "what you had typed is kept" in page.text
        carried = textarea(page.text, "carried")
        still = browser.post(
            "/sign-in/on", data={"carried": carried}, headers={"Origin": console.url}
        )
        assert "what you had typed is kept" in still.text
        with console.as_account(other.id) as somebody_else:
            answer = somebody_else.submit("/sign-in/on", {"carried": carried})
            assert answer.status_code == 303
        with console.as_account(account.id) as again:
            page = again.submit("/sign-in/on", {"carried": carried})
            assert page.status_code == 200 and 'action="/sign-out"' in page.text
            assert textarea(page.text, "words") == words
            assert again.csrf in page.text
            tampered = carried.replace("/sign-out", "/elsewhere")
            assert again.submit("/sign-in/on", {"carried": tampered}).status_code == 303


def make_old(context: AppContext, browser: Browser) -> None:
    with context.database.connection() as connection:
        connection.execute(
            b"UPDATE desk.console_session SET since = since - interval '13 hours'"
            b" WHERE token = sha256(%(token)s::bytea)",
            {"token": browser.token.encode()},
        )


def textarea(page: str, name: str) -> str:
    """What a browser would post of it: the first line break after the tag is not a part of it, and
    all others are CRLF.
    """
    found = re.search(rf'<textarea name="{name}"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return re.sub(r"\r?\n", "\r\n", unescape(found[1]))


def test_a_link_in_a_mail_reaches_its_page_once_the_cookie_comes(context: AppContext) -> None:
    """A cookie that is sent to this site alone is not sent when another site leads here."""
    routes = [Route("GET", "/there", Right.SEE, lambda visit: visit.refused("Here.", 200))]
    with console_of(context, routes) as console, console.stranger() as browser:
        answer = browser.get("/there?x=1", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 200 and answer.headers["refresh"] == "0; url=/there?x=1"
        assert browser.get("/there?x=1").headers["location"] == "/sign-in?on=%2Fthere%3Fx%3D1"
