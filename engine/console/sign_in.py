"""Signing in: by a link that is used once, by a passkey, by a recovery code, by a provider. Opening
a link changes nothing; its page has the button that does.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import Protocol

from fastapi.responses import Response

from engine.config import Config
from engine.console.access import Right, Role
from engine.console.account_changes import ChangingStores, make_account
from engine.console.caller import (
    Caller,
    GoOn,
    OpenRoute,
    SignedIn,
    SignedOut,
    ToProvider,
    local_path,
)
from engine.console.guard import GuardStores
from engine.console.oidc import BACK, Provider, ProviderRefused
from engine.console.passkeys import PasskeyRefused, Passkeys
from engine.console.recovery import RecoveryCodes, TooManyAttempts
from engine.console.visit import Mistake, Route, Visit
from engine.desk.clock import wall_now
from engine.desk.console import ConsoleDesk, Way
from engine.i18n.language import N_, translator
from engine.i18n.phrases import command
from engine.vault.accounts import Accounts, StoredAccount
from engine.vault.accounts import SignIn as Attempt
from engine.web.limits import Pace
from engine.web.request import neighbourhood

LINK_SECONDS, INVITATION_SECONDS = 15 * 60, 24 * 3600
MAX_OPTIONS_A_MINUTE = 30
MAX_NAME_CHARACTERS = 80


class SignInStores(GuardStores, ChangingStores, Protocol):
    """What signing in works with."""


def first_link(config: Config, accounts: Accounts, desk: ConsoleDesk, origin: str) -> str:
    """A new link for whoever started the program, which makes the first operator's account or signs
    it in; "" where a passkey exists or is needed. Those given before lead nowhere.
    """
    desk.drop("first")
    if config.console.needs_passkey or accounts.any_passkey():
        return ""
    return f"{origin}/link/{desk.keep('first', LINK_SECONDS)}"


def invitation(desk: ConsoleDesk, account: StoredAccount, origin: str) -> str:
    """A new link with which this account signs in once."""
    return f"{origin}/link/{desk.keep('invitation', INVITATION_SECONDS, account.id)}"


def _login() -> str:
    try:
        return getpass.getuser()[:MAX_NAME_CHARACTERS]
    except (KeyError, OSError):
        return ""


def is_name(text: str) -> bool:
    return bool(text) and len(text) <= MAX_NAME_CHARACTERS and text.isprintable()


class SignIn:
    def __init__(
        self,
        stores: SignInStores,
        passkeys: Passkeys,
        codes: RecoveryCodes,
        provider: Provider | None = None,
    ) -> None:
        self.stores, self.passkeys, self.codes = stores, passkeys, codes
        self.provider = provider
        self.pace = Pace(MAX_OPTIONS_A_MINUTE)

    def open_routes(self) -> Sequence[OpenRoute]:
        return (
            OpenRoute("GET", "/sign-in", self.ask),
            OpenRoute("POST", "/sign-in/options", self.options),
            OpenRoute("POST", "/sign-in/passkey", self.by_passkey),
            OpenRoute("POST", "/sign-in/recovery", self.by_code),
            OpenRoute("GET", "/sign-in/oidc", self.to_provider),
            OpenRoute("GET", BACK, self.from_provider),
            OpenRoute("POST", "/sign-in/on", self.go_on),
            OpenRoute("GET", "/link/{token}", self.look_at_link),
            OpenRoute("POST", "/link/{token}", self.use_link),
        )

    def routes(self) -> Sequence[Route]:
        return (Route("POST", "/sign-out", Right.SEE, self.sign_out),)

    def page(
        self,
        caller: Caller,
        url: str,
        carried: str = "",
        status: int = 200,
        mistakes: Sequence[Mistake] = (),
    ) -> Response:
        """The page for signing in, which leads on to `url`; `carried` is posted with it."""
        return caller.page(
            "sign_in.html",
            status=status,
            mistakes=mistakes,
            name=caller.inputs.get("name", "") if mistakes else "",
            on=url,
            carried=carried,
            invite=self._invite(translator(caller.language)(N_("NAME"))),
            by_provider=self.provider is not None,
            by_passkey=self.stores.accounts.any_passkey(),
        )

    def _invite(self, name: str) -> str:
        """As it can be typed anywhere; where others may read this, without the folder."""
        config = self.stores.config
        if config.console.needs_passkey:
            return f"relance console invite {name}"
        return command(config.folder.resolve(), "console", "invite", name)

    def ask(self, caller: Caller) -> Response:
        return self.page(caller, local_path(caller.query.get("on", "/")))

    def options(self, caller: Caller) -> Response:
        if not self.pace.allows(neighbourhood(caller.network)):
            return Response(status_code=429, headers={"Retry-After": "60"})
        return Response(self.passkeys.asks_who(), media_type="application/json")

    def by_passkey(self, caller: Caller) -> Response:
        try:
            account = self.passkeys.who(caller.inputs.get("credential", ""))
        except PasskeyRefused:
            self._refused(caller, "passkey")
            sentence = N_("This passkey opens nothing here. Try another, or a recovery code.")
            return self._once_more(caller, "", sentence)
        return SignedIn(
            account.id,
            "passkey",
            local_path(caller.inputs.get("on", "/")),
            carried=caller.inputs.get("carried", ""),
        )

    def by_code(self, caller: Caller) -> Response:
        """Answered alike whether or not anybody has the name."""
        name, code = caller.inputs.get("name", ""), caller.inputs.get("code", "")
        try:
            account = self.codes.redeem(name.strip()[:200], code[:200], caller.network)
        except TooManyAttempts:
            self._refused(caller, "recovery", name)
            sentence = N_("Too many attempts. Try again in a quarter of an hour.")
            return self._once_more(caller, "code", sentence, 429)
        if account is None:
            self._refused(caller, "recovery", name)
            sentence = N_("This name and this code do not go together, or the code was used.")
            return self._once_more(caller, "code", sentence)
        return SignedIn(
            account.id,
            "recovery",
            "/account",
            enrols=self.stores.config.console.needs_passkey,
            carried=caller.inputs.get("carried", ""),
        )

    def _refused(self, caller: Caller, way: Way, name: str = "") -> None:
        known = self.stores.accounts.named(name.strip()[:200]) if name.strip() else None
        self.stores.accounts.note_sign_in(
            Attempt(
                account=known.id if known is not None else "",
                at=wall_now(),
                what="refused",
                way=way,
                network=neighbourhood(caller.network),
            )
        )

    def _once_more(
        self, caller: Caller, control: str, sentence: str, status: int = 422
    ) -> Response:
        mistake = Mistake(control, translator(caller.language)(sentence))
        on, carried = caller.inputs.get("on", "/"), caller.inputs.get("carried", "")
        return self.page(caller, local_path(on), carried, status, (mistake,))

    def to_provider(self, caller: Caller) -> Response:
        try:
            if self.provider is None:
                raise ProviderRefused
            on, invited = caller.query.get("on", "/"), caller.query.get("invitation", "")
            return ToProvider(*self.provider.begin(local_path(on), invited))
        except ProviderRefused:
            return self._not_by_provider(caller)

    def from_provider(self, caller: Caller) -> Response:
        try:
            if self.provider is None:
                raise ProviderRefused
            account, on = self.provider.finish(caller.query, caller.under_way)
        except ProviderRefused:
            self._refused(caller, "oidc")
            return self._not_by_provider(caller)
        return SignedIn(account.id, "oidc", local_path(on))

    def _not_by_provider(self, caller: Caller) -> Response:
        """Whatever it was: whoever tries learns nothing by it."""
        _ = translator(caller.language)
        return caller.page(
            "outside.html",
            status=403,
            heading=_("You were not signed in"),
            sentence=_(
                "The provider did not answer as it should, or you have not been invited to this"
                " console by a link first. An operator can send you one."
            ),
            link="/sign-in",
        )

    def go_on(self, caller: Caller) -> Response:
        return GoOn("/", caller.inputs.get("carried", ""))

    def sign_out(self, visit: Visit) -> Response:
        return SignedOut("/sign-in")

    # Links.

    def look_at_link(self, caller: Caller) -> Response:
        token, desk = caller.path["token"], self.stores.console_desk
        if desk.look("first", token):
            return self._first_page(caller)
        kept = desk.look("invitation", token)
        account = self.stores.accounts.account(kept.account) if kept is not None else None
        if account is None:
            return self._no_link(caller)
        return caller.page(
            "link.html",
            name=account.name,
            asks_name=False,
            suggested="",
            invitation=token if self.provider is not None and not account.subject else "",
        )

    def _first_page(self, caller: Caller, mistakes: Sequence[Mistake] = ()) -> Response:
        operator = self._first_operator()
        return caller.page(
            "link.html",
            status=422 if mistakes else 200,
            name=operator.name if operator is not None else "",
            asks_name=operator is None,
            invitation="",
            suggested=caller.inputs.get("name", _login()),
            mistakes=mistakes,
        )

    def use_link(self, caller: Caller) -> Response:
        token, desk = caller.path["token"], self.stores.console_desk
        if desk.look("first", token):
            return self._use_first(caller, token)
        used = desk.use("invitation", token)
        account = self.stores.accounts.account(used.account) if used is not None else None
        if account is None:
            return self._no_link(caller)
        return self.signed_in_by_link(account)

    def signed_in_by_link(self, account: StoredAccount) -> Response:
        enrols = self.stores.config.console.needs_passkey
        return SignedIn(account.id, "link", "/account" if enrols else "/", enrols=enrols)

    def _use_first(self, caller: Caller, token: str) -> Response:
        account = self._first_operator()
        if account is None:
            name = caller.inputs.get("name", "").strip()
            sentence = N_("Your name, in one line of at most 80 characters.")
            mistake = Mistake("name", translator(caller.language)(sentence))
            if not is_name(name):
                return self._first_page(caller, (mistake,))
            if self.stores.console_desk.use("first", token) is None:
                return self._no_link(caller)
            account = make_account(self.stores, name, Role.OPERATOR, False, None)
        elif self.stores.console_desk.use("first", token) is None:
            return self._no_link(caller)
        return self.signed_in_by_link(account) if account is not None else self._no_link(caller)

    def _first_operator(self) -> StoredAccount | None:
        operators = [a for a in self.stores.accounts.all() if a.role == Role.OPERATOR]
        return min(operators, key=lambda account: account.created_at, default=None)

    def _no_link(self, caller: Caller) -> Response:
        _ = translator(caller.language)
        return caller.page(
            "outside.html",
            status=410,
            heading=_("This link leads nowhere any more"),
            sentence=_(
                "It was used, or is over. An operator gets another"
                " by `relance console invite NAME`."
            ),
            link="/sign-in",
        )
