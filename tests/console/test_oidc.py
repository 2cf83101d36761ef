"""Signing in with an OpenID provider: it says who somebody is, and opens nothing by itself."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from engine.console.access import Role
from engine.console.settings import Oidc
from engine.console.sign_in import invitation
from engine.context import AppContext
from tests.console.serving import Browser, Served, console_of

CLIENT = "Basic " + base64.b64encode(b"relance:geheim").decode()


class OpenIdProvider(ThreadingHTTPServer):
    """One that says of everybody that they are `subject`; `claims` replace those of its tokens."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.subject = "s-1"
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, dict[str, str]] = {}

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        asked = self.asked.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge:
            return None
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.url, "aud": asked["client_id"], "sub": self.subject}
        claims |= {"nonce": asked["nonce"], "iat": now, "exp": now + 60, **self.claims}
        signed = jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "id_token": signed}


class _Answers(BaseHTTPRequestHandler):
    server: OpenIdProvider

    def do_GET(self) -> None:
        here = self.server.url
        if self.path.startswith("/.well-known"):
            ends = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            self._answer({"issuer": here, **{n: f"{here}/{end}" for n, end in ends.items()}})
        else:
            self._answer({"keys": [self.server.key.as_dict(private=False)]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        assert self.headers["Authorization"] == CLIENT
        token = self.server.token({name: values[0] for name, values in parse_qs(body).items()})
        self._answer(token or {"error": "invalid_grant"}, 200 if token else 400)

    def _answer(self, content: dict[str, Any], status: int = 200) -> None:
        octets = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    server = OpenIdProvider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(scope="module")
def console(context: AppContext, provider: OpenIdProvider) -> Iterator[Served]:
    (context.config.secrets / "oidc").write_text("geheim\n", encoding="utf-8")
    oidc = Oidc(provider.url, "relance", "data/secrets/oidc", "relance_role")
    with console_of(context, oidc=oidc, host="0.0.0.0") as served:
        yield served


@contextmanager
def saying(provider: OpenIdProvider, subject: str, **claims: object) -> Iterator[None]:
    provider.subject, provider.claims = subject, claims
    yield
    provider.subject, provider.claims = "s-1", {}


def go(browser: Browser, provider: OpenIdProvider, path: str) -> httpx.Response:
    """To the provider, which lets everybody pass, and back."""
    url = browser.get(path).headers["location"]
    assert url.startswith(f"{provider.url}/auth?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    provider.asked["code-1"] = asked
    back = urlsplit(asked["redirect_uri"]).path
    return browser.get(back, params={"code": "code-1", "state": asked["state"]})


def test_whoever_was_invited_is_known_by_the_provider_s_subject_from_then_on(
    console: Served, provider: OpenIdProvider
) -> None:
    account = console.account(Role.AUDITOR)
    link = invitation(console.context.console_desk, account, "")
    token = link.rpartition("/")[2]
    with saying(provider, "s-1", relance_role="auditor"):
        with console.stranger() as browser:
            assert go(browser, provider, "/sign-in/oidc").status_code == 403
            assert f"/sign-in/oidc?invitation={token}" in browser.read(link)
            answer = go(browser, provider, f"/sign-in/oidc?invitation={token}&on=/account")
            assert answer.status_code == 200 and answer.headers["refresh"] == "0; url=/account"
            assert account.name in browser.read("/account")
            assert browser.get(link).status_code == 410
        with console.stranger() as browser:
            assert go(browser, provider, "/sign-in/oidc").status_code == 200
            assert browser.get("/").status_code == 200
    with saying(provider, "s-1", relance_role=["author"]), console.stranger() as browser:
        assert go(browser, provider, "/sign-in/oidc").status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"azp": "another"},
    ],
)
def test_a_token_that_was_made_for_something_else_opens_nothing(
    console: Served, provider: OpenIdProvider, claims: dict[str, object]
) -> None:
    account = console.account(Role.RIGHTS)
    token = invitation(console.context.console_desk, account, "").rpartition("/")[2]
    with saying(provider, "s-2", relance_role="rights", **claims), console.stranger() as browser:
        answer = go(browser, provider, f"/sign-in/oidc?invitation={token}")
        assert answer.status_code == 403 and browser.token == ""


def test_only_the_browser_that_went_comes_back(console: Served, provider: OpenIdProvider) -> None:
    account = console.account(Role.OPERATOR)
    assert console.context.accounts.bind_subject(account.id, provider.url, "s-3")
    with (
        saying(provider, "s-3", relance_role="operator"),
        console.stranger() as browser,
        console.stranger() as another,
    ):
        url = browser.get("/sign-in/oidc").headers["location"]
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        provider.asked["code-3"] = asked
        back = {"code": "code-3", "state": asked["state"]}
        assert another.get("/sign-in/oidc/back", params=back).status_code == 403
        assert browser.get("/sign-in/oidc/back", params=back).status_code == 200
