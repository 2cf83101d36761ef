"""The pages for whoever is not signed in, in a real browser: each state of signing in, of links, of
recovery and of a provider, in the light and in the dark and on a phone: axe-core finds no fault.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from engine.console.access import Role
from engine.console.recovery import RecoveryCodes
from engine.console.settings import Oidc
from engine.console.sign_in import first_link, invitation
from engine.context import AppContext
from engine.vault.accounts import Passkey
from tests.console.serving import Served, console_of
from tests.console.test_browser_pages import faults, faults_here
from tests.web.browsing import browsing

pytestmark = pytest.mark.browser
NOBODY = "http://127.0.0.1:9"
"""A provider that does not answer."""


@pytest.fixture(scope="module")
def console(context: AppContext) -> Iterator[Served]:
    with console_of(context, oidc=Oidc(NOBODY, "relance", "", "")) as served:
        yield served


@pytest.fixture(scope="module", params=["fr", "en"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    with browsing() as opened:
        opened.set_extra_http_headers({"Accept-Language": request.param})
        yield opened


@pytest.fixture
def passkey(console: Served) -> Iterator[None]:
    """With one, the page for signing in asks for it."""
    accounts, owner = console.context.accounts, console.account(Role.OPERATOR)
    key = Passkey(credential=b"k", account=owner.id, name="k", public_key=b"p", sign_count=0)
    assert accounts.add_passkey(key)
    yield
    accounts.remove_passkey(owner.id, b"k")


def test_signing_in_before_there_is_a_passkey(console: Served, page: Page) -> None:
    assert faults(page, f"{console.url}/sign-in") == []
    expect(page.locator("pre")).to_contain_text("console invite")


def test_signing_in_with_a_passkey_and_a_code_that_is_wrong(
    console: Served, page: Page, passkey: None
) -> None:
    assert faults(page, f"{console.url}/sign-in?on=%2Fpeople") == []
    page.locator("summary").click()
    page.locator("#name").fill("Léa")
    page.locator("#code").fill("AAAA-BBBB-CCCC-DDDD")
    page.locator("form[action='/sign-in/recovery'] button").click()
    expect(page.locator("#problems")).to_be_visible()
    assert page.title().startswith(("Erreur", "Error"))
    assert page.evaluate("document.activeElement.className") == "problem"
    assert faults_here(page) == []


def test_links_first_invited_used_and_unknown(console: Served, page: Page) -> None:
    context = console.context
    first = first_link(context.config, context.accounts, context.console_desk, console.url)
    assert faults(page, first) == []
    invited = invitation(context.console_desk, console.account(Role.AUTHOR), console.url)
    assert faults(page, invited) == []
    expect(page.locator("a[href^='/sign-in/oidc']")).to_be_visible()
    assert faults(page, f"{console.url}/link/unknown") == []


def test_a_first_link_whose_name_is_none(
    console: Served, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = console.context
    monkeypatch.setattr("engine.console.sign_in.SignIn._first_operator", lambda self: None)
    first = first_link(context.config, context.accounts, context.console_desk, console.url)
    assert faults(page, first) == []
    page.locator("#name").fill("x" * 90)
    page.locator("main form button").click()
    expect(page.locator("#problems")).to_be_visible()
    assert faults_here(page) == []


def test_a_provider_that_does_not_answer(console: Served, page: Page) -> None:
    assert faults(page, f"{console.url}/sign-in/oidc") == []
    assert faults(page, f"{console.url}/sign-in/oidc/back?code=x&state=y") == []


def test_another_address_of_the_same_console(console: Served, page: Page) -> None:
    assert faults(page, console.url.replace("localhost", "127.0.0.1")) == []


def test_a_session_that_has_ended_and_new_codes(console: Served, page: Page) -> None:
    context, account = console.context, console.account(Role.RIGHTS)
    codes = RecoveryCodes(
        context.accounts, context.console_desk, context.desk, context.secrets.nonce_key
    )
    with console.as_account(account.id) as session:
        cookie = {"name": session.cookie, "value": session.token, "url": console.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        assert faults(page, f"{console.url}/account/codes/{codes.renew(account.id)}") == []
        page.goto(f"{console.url}/account")
        with context.database.connection() as connection:
            connection.execute("UPDATE desk.console_session SET seen = seen - interval '1 hour'")
        page.locator("form[action='/account/language'] button").first.click()
        expect(page.locator("[role=status]")).to_be_visible()
        assert faults_here(page) == []
    page.context.clear_cookies()
