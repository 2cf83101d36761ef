"""The way in, in a real browser: the first link, a passkey of a device, and once more with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from engine.console.sign_in import first_link
from tests.conftest import MakeContext
from tests.console import sample
from tests.console.serving import console_of
from tests.web.browsing import browsing

pytestmark = pytest.mark.browser
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_device(page: Page) -> None:
    chrome = page.context.new_cdp_session(page)
    chrome.send("WebAuthn.enable")
    chrome.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


def test_from_the_first_link_to_a_passkey_and_in_again(make_context: MakeContext) -> None:
    context = make_context(sample.FILES, config=sample.CONFIG)
    with console_of(context) as console, browsing() as page:
        with_device(page)
        page.set_extra_http_headers({"Accept-Language": "en"})
        page.goto(first_link(context.config, context.accounts, context.console_desk, console.url))
        page.get_by_label("Your name").fill("Léa")
        page.get_by_role("button", name="Begin").click()
        expect(page).to_have_url(f"{console.url}/")
        page.goto(f"{console.url}/account")
        page.get_by_label("Name of the new passkey").fill("ordinateur")
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        page.get_by_role("link", name="I have kept them").click()
        expect(page.get_by_text("ordinateur")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(f"{console.url}/sign-in")
        page.goto(f"{console.url}/account")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page).to_have_url(f"{console.url}/account")
        expect(page.get_by_text("last used")).to_be_visible()
        page.go_back()
        expect(page).to_have_url(f"{console.url}/sign-in?on=%2Faccount")
