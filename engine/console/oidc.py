"""The door to authlib: signing in with an OpenID provider, by authorization code with PKCE, state
and nonce. A provider says who somebody is. Whether they may come in at all, and what they may, is
said here: by an account that was bound to the provider's subject when its owner was invited.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import httpx
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from engine.console.settings import Oidc
from engine.desk.console import ConsoleDesk
from engine.vault.accounts import Accounts, StoredAccount

FLOW_SECONDS, ANSWER_SECONDS = 10 * 60, 10.0
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
BACK = "/sign-in/oidc/back"


class ProviderRefused(Exception):
    """Nobody is let in: the provider did not answer, or its answer does not fit."""


class _Session:
    """What authlib's client speaks by; its own door to httpx warns of a package to come."""

    def post(
        self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: ClientAuth
    ) -> httpx.Response:
        url, prepared, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return httpx.post(url, content=body, headers=prepared, timeout=ANSWER_SECONDS)


class Provider:
    """`origin` is the console's; the client's secret is read in `folder`, the installation's."""

    def __init__(
        self, settings: Oidc, accounts: Accounts, desk: ConsoleDesk, origin: str, folder: Path
    ) -> None:
        self.settings, self.accounts, self.desk = settings, accounts, desk
        self.back = f"{origin}{BACK}"
        self.folder = folder

    def begin(self, on: str, invitation: str = "") -> tuple[str, str]:
        """The provider's address to go to, and the token by which the browser that went is known
        when it comes back; `invitation` is the token of a link. Raises ProviderRefused.
        """
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
        content = {"verifier": verifier, "nonce": nonce, "on": on, "invitation": invitation}
        state = self.desk.keep("oidc", FLOW_SECONDS, value=json.dumps(content))
        url, _ = self._client().create_authorization_url(
            self._metadata("authorization_endpoint"),
            state=state,
            nonce=nonce,
            code_verifier=verifier,
        )
        return str(url), state

    def finish(self, query: Mapping[str, str], under_way: str) -> tuple[StoredAccount, str]:
        """Who has come back, and the page they wanted. Raises ProviderRefused."""
        state = query.get("state", "")
        kept = self.desk.use("oidc", state) if state and state == under_way else None
        if kept is None or "code" not in query:
            raise ProviderRefused
        flow = json.loads(kept.value)
        claims = self._claims(query["code"], flow["verifier"], flow["nonce"])
        account = self._account(str(claims["sub"]), flow["invitation"])
        if not self._has_role(claims, account.role):
            raise ProviderRefused
        return account, str(flow["on"])

    def _claims(self, code: str, verifier: str, nonce: str) -> Mapping[str, object]:
        issuer, client_id = self.settings.issuer, self.settings.client_id
        try:
            token = self._client().fetch_token(
                self._metadata("token_endpoint"), code=code, code_verifier=verifier
            )
            held = self._fetched(self._metadata("jwks_uri"))
            keys = KeySet.import_key_set(cast(KeySetSerialization, held))
            decoded = jwt.decode(str(token["id_token"]), keys, algorithms=ALGORITHMS)
            jwt.JWTClaimsRegistry(
                leeway=60,
                iss={"essential": True, "value": issuer},
                aud={"essential": True, "value": client_id},
                sub={"essential": True},
                exp={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(decoded.claims)
        except (OAuth2Error, JoseError, httpx.HTTPError, ValueError, KeyError) as error:
            raise ProviderRefused from error
        claims: Mapping[str, object] = decoded.claims
        if claims.get("azp", client_id) != client_id:
            raise ProviderRefused
        return claims

    def _account(self, subject: str, invitation: str) -> StoredAccount:
        issuer = self.settings.issuer
        known = self.accounts.of_subject(issuer, subject)
        if known is not None:
            return known
        used = self.desk.use("invitation", invitation) if invitation else None
        account = self.accounts.account(used.account) if used is not None else None
        if account is None or not self.accounts.bind_subject(account.id, issuer, subject):
            raise ProviderRefused
        return account

    def _has_role(self, claims: Mapping[str, object], role: str) -> bool:
        if not self.settings.role_claim:
            return True
        named = claims.get(self.settings.role_claim)
        return named == role or (isinstance(named, list) and role in named)

    def _client(self) -> OAuth2Client:
        file = self.settings.secret_file
        try:
            secret = (self.folder / file).read_text(encoding="utf-8").strip() if file else None
        except OSError as error:
            raise ProviderRefused from error
        return OAuth2Client(
            _Session(),
            self.settings.client_id,
            secret,
            scope="openid",
            redirect_uri=self.back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
        )

    def _metadata(self, name: str) -> str:
        found = self._fetched(f"{self.settings.issuer}/.well-known/openid-configuration")
        if found.get("issuer") != self.settings.issuer or not isinstance(found.get(name), str):
            raise ProviderRefused
        return str(found[name])

    def _fetched(self, url: str) -> dict[str, object]:
        try:
            answer = httpx.get(url, timeout=ANSWER_SECONDS).raise_for_status()
            read: object = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderRefused from error
        if not isinstance(read, dict):
            raise ProviderRefused
        return read
