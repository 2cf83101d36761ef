"""The door to webauthn: what a browser is asked for, and whether what it signed is right (WebAuthn
level 3). A passkey is a resident key, and its owner is verified by their device each time.

The challenge is a token of the desk, so that each is used once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from engine.desk.clock import wall_now
from engine.desk.console import ConsoleDesk
from engine.vault.accounts import Accounts, Passkey, StoredAccount

CHALLENGE_SECONDS = 5 * 60
MAX_CREDENTIAL_CHARACTERS = 20_000


class PasskeyRefused(Exception):
    """What a browser sent is not what it was asked for. Why is nobody's business."""


class Passkeys:
    def __init__(self, accounts: Accounts, desk: ConsoleDesk, origin: str, name: str) -> None:
        """`origin` is the console's, its host the relying party; `name` as browsers show it."""
        self.accounts, self.desk, self.origin, self.name = accounts, desk, origin, name
        self.party = urlsplit(origin).hostname or ""

    def asks_for_new(self, account: StoredAccount) -> str:
        """What a browser is to make a new passkey by, as JSON."""
        challenge = self.desk.keep("register", CHALLENGE_SECONDS, account.id)
        options = webauthn.generate_registration_options(
            rp_id=self.party,
            rp_name=self.name,
            user_id=bytes.fromhex(account.id),
            user_name=account.name,
            user_display_name=account.name,
            challenge=challenge.encode(),
            timeout=CHALLENGE_SECONDS * 1000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=passkey.credential)
                for passkey in self.accounts.passkeys(account.id)
            ],
        )
        return webauthn.options_to_json(options)

    def add(self, account: StoredAccount, response: str, name: str) -> Passkey:
        """The passkey that a browser made for this account. Raises PasskeyRefused."""
        challenge = _challenge_of(response)
        kept = self.desk.use("register", challenge)
        if kept is None or kept.account != account.id:
            raise PasskeyRefused
        try:
            made = webauthn.verify_registration_response(
                credential=response,
                expected_challenge=challenge.encode(),
                expected_rp_id=self.party,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError) as error:
            raise PasskeyRefused from error
        passkey = Passkey(
            credential=made.credential_id,
            account=account.id,
            name=name,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            created_at=wall_now(),
        )
        if not self.accounts.add_passkey(passkey):
            raise PasskeyRefused
        return passkey

    def asks_who(self) -> str:
        """What a browser is to sign, whoever uses it, as JSON."""
        challenge = self.desk.keep("authenticate", CHALLENGE_SECONDS)
        options = webauthn.generate_authentication_options(
            rp_id=self.party,
            challenge=challenge.encode(),
            timeout=CHALLENGE_SECONDS * 1000,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options)

    def who(self, response: str) -> StoredAccount:
        """Whose passkey signed. Raises PasskeyRefused."""
        challenge = _challenge_of(response)
        passkey = self.accounts.passkey(_credential_of(response))
        if self.desk.use("authenticate", challenge) is None or passkey is None:
            raise PasskeyRefused
        try:
            signed = webauthn.verify_authentication_response(
                credential=response,
                expected_challenge=challenge.encode(),
                expected_rp_id=self.party,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError) as error:
            raise PasskeyRefused from error
        account = self.accounts.account(passkey.account)
        counted = self.accounts.used_passkey(passkey.credential, signed.new_sign_count, wall_now())
        if account is None or not counted:
            raise PasskeyRefused
        return account


def credential_text(credential: bytes) -> str:
    """As a page names it."""
    return bytes_to_base64url(credential)


def credential_octets(text: str) -> bytes:
    """b"" for what is none."""
    try:
        return base64url_to_bytes(text)
    except ValueError:
        return b""


def _challenge_of(response: str) -> str:
    """The token that the browser says it signed; whether it did is still to be seen."""
    data = _member(_read(response), ("response", "clientDataJSON"))
    try:
        client = json.loads(base64url_to_bytes(data))
        return base64url_to_bytes(str(client["challenge"])).decode("ascii")
    except (ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error


def _credential_of(response: str) -> bytes:
    return credential_octets(_member(_read(response), ("rawId",)))


def _read(response: str) -> object:
    if len(response) > MAX_CREDENTIAL_CHARACTERS:
        raise PasskeyRefused
    try:
        read: object = json.loads(response)
    except (ValueError, RecursionError) as error:
        raise PasskeyRefused from error
    return read


def _member(read: object, names: Sequence[str]) -> str:
    for name in names:
        read = read.get(name) if isinstance(read, dict) else None
    if not isinstance(read, str):
        raise PasskeyRefused
    return read
