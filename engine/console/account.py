"""Everybody's own account: language, passkeys, recovery codes, sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fastapi.responses import Response

from engine.config import Config
from engine.console.access import Right
from engine.console.account_changes import ChangingStores
from engine.console.caller import SignedIn
from engine.console.passkeys import (
    PasskeyRefused,
    Passkeys,
    credential_octets,
    credential_text,
)
from engine.console.recovery import RecoveryCodes
from engine.console.visit import Mistake, Route, Visit
from engine.desk.console import ConsoleDesk
from engine.i18n.language import N_
from engine.ledger.store import Ledger
from engine.vault.accounts import StoredAccount
from engine.words import LANGUAGES

MAX_NAME_CHARACTERS = 60
MAX_PASSKEYS = 20


class AccountStores(ChangingStores, Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def console_desk(self) -> ConsoleDesk: ...


class AccountPages:
    def __init__(self, stores: AccountStores, passkeys: Passkeys, codes: RecoveryCodes) -> None:
        self.stores, self.passkeys, self.codes = stores, passkeys, codes
        self.accounts, self.desk = stores.accounts, stores.console_desk

    def routes(self) -> Sequence[Route]:
        """Whoever may see anything has an account, and this page."""
        return (
            Route("GET", "/account", Right.SEE, self.show),
            Route("POST", "/account/language", Right.SEE, self.set_language),
            Route("POST", "/account/passkeys/options", Right.SEE, self.options),
            Route("POST", "/account/passkeys", Right.SEE, self.add_passkey),
            Route("POST", "/account/passkeys/name", Right.SEE, self.name_passkey),
            Route("POST", "/account/passkeys/remove", Right.SEE, self.remove_passkey),
            Route("POST", "/account/codes", Right.SEE, self.renew_codes),
            Route("GET", "/account/codes/{token}", Right.SEE, self.show_codes),
            Route("POST", "/account/sessions/end", Right.SEE, self.end_session),
            Route("POST", "/account/sessions/end-others", Right.SEE, self.end_others),
        )

    def show(self, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
        account = self._stored(visit)
        return visit.page(
            "account.html",
            mistakes=mistakes,
            stored=account,
            languages=LANGUAGES,
            passkeys=[
                (credential_text(passkey.credential), passkey)
                for passkey in self.accounts.passkeys(account.id)
            ],
            codes_left=self.accounts.codes_left(account.id),
            sessions=self.desk.sessions(account.id),
            this=visit.session,
            must_add=self.stores.config.console.needs_passkey
            and not self.accounts.passkeys(account.id),
        )

    def _stored(self, visit: Visit) -> StoredAccount:
        account = self.accounts.account(visit.account.id)
        assert account is not None, "the guard has just seen it"
        return account

    def set_language(self, visit: Visit) -> Response:
        language = visit.inputs.get("language", "")
        if language in ("", *LANGUAGES):
            self.accounts.set_language(visit.account.id, language)
        return visit.goes_to("/account")

    # Passkeys.

    def options(self, visit: Visit) -> Response:
        asked = self.passkeys.asks_for_new(self._stored(visit))
        return Response(asked, media_type="application/json")

    def add_passkey(self, visit: Visit) -> Response:
        account = self._stored(visit)
        known = self.accounts.passkeys(account.id)
        _ = visit.say
        if len(known) >= MAX_PASSKEYS:
            sentence = _("An account has at most 20 passkeys: remove one first.")
            return self.show(visit, (Mistake("passkey-name", sentence),))
        name = _passkey_name(visit) or _("Passkey {n}").format(n=len(known) + 1)
        try:
            self.passkeys.add(account, visit.inputs.get("credential", ""), name)
        except PasskeyRefused:
            sentence = _(
                "The passkey was not added: the browser gave no answer that fits. Try again."
            )
            return self.show(visit, (Mistake("passkey-name", sentence),))
        self.desk.drop("first")
        if self.accounts.codes_left(account.id):
            return SignedIn(account.id, "passkey", "/account")
        return SignedIn(account.id, "passkey", f"/account/codes/{self.codes.renew(account.id)}")

    def name_passkey(self, visit: Visit) -> Response:
        credential, name = _credential(visit), _passkey_name(visit)
        if not name:
            return self.show(visit, (Mistake("", visit.say(N_("A passkey has a name."))),))
        self.accounts.name_passkey(visit.account.id, credential, name)
        return visit.goes_to("/account", visit.say(N_("The passkey has another name.")))

    def remove_passkey(self, visit: Visit) -> Response:
        _, known = visit.say, self.accounts.passkeys(visit.account.id)
        if self.stores.config.console.needs_passkey and len(known) == 1:
            sentence = _("This is your only passkey, and nobody gets in without one: add another.")
            return self.show(visit, (Mistake("", sentence),))
        self.accounts.remove_passkey(visit.account.id, _credential(visit))
        return visit.goes_to("/account", _("The passkey is removed, and opens nothing any more."))

    # Recovery codes.

    def renew_codes(self, visit: Visit) -> Response:
        return visit.goes_to(f"/account/codes/{self.codes.renew(visit.account.id)}")

    def show_codes(self, visit: Visit) -> Response:
        codes = self.codes.show(visit.path["token"], visit.account.id)
        if not codes:
            return visit.refused(
                visit.say(
                    N_("Recovery codes are shown once. If you have not kept them, make new ones.")
                ),
                410,
            )
        return visit.page("recovery_codes.html", codes=codes)

    # Sessions.

    def end_session(self, visit: Visit) -> Response:
        self.desk.end_session(visit.inputs.get("session", ""), visit.account.id)
        return visit.goes_to("/account", visit.say(N_("The session is ended.")))

    def end_others(self, visit: Visit) -> Response:
        self.desk.end_sessions(visit.account.id, visit.session)
        return visit.goes_to("/account", visit.say(N_("All other sessions are ended.")))


def _credential(visit: Visit) -> bytes:
    return credential_octets(visit.inputs.get("passkey", ""))


def _passkey_name(visit: Visit) -> str:
    name = " ".join(visit.inputs.get("name", "").split())[:MAX_NAME_CHARACTERS]
    return name if name.isprintable() else ""
