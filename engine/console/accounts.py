"""Who may use the console: accounts of everybody, for operators alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fastapi.responses import Response

from engine.authoring.drafts import Draft, left_behind, take_over
from engine.console.access import ROLE_WORDS, Right, Role
from engine.console.account import AccountStores
from engine.console.account_changes import give_role, make_account, remove
from engine.console.sign_in import invitation, is_name
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_
from engine.installation.events import STREAM, AccountRemoved, RoleGiven
from engine.vault.accounts import NoSuchAccount, StoredAccount

LAST = N_("This is the last operator: make another one first.")
ROWS, CHANGES_SHOWN = 50, 50
CHANGES = ("role-given", "account-removed")
LATEST = 1 << 62
WAY_WORDS: Mapping[str, str] = {
    "passkey": N_("by a passkey"),
    "link": N_("by a link"),
    "recovery": N_("by a recovery code"),
    "oidc": N_("by the provider"),
}


class Change(NamedTuple):
    """`name` and `by` are "" where nothing tells any more. `at`: engine time (ms)."""

    at: int
    name: str
    words: str
    by: str


class LeftDraft(NamedTuple):
    """Of an account that was removed, whose `name` is "" where nothing tells it any more."""

    account: str
    name: str
    paths: tuple[str, ...]


UNKNOWN = N_("There is no such account any more.")


class AccountsPages:
    def __init__(self, stores: AccountStores, origin: str) -> None:
        self.stores, self.origin = stores, origin
        self.accounts, self.desk = stores.accounts, stores.console_desk

    def routes(self) -> Sequence[Route]:
        return (
            Route("GET", "/accounts", Right.ADMINISTER, self.show),
            Route("POST", "/accounts", Right.ADMINISTER, self.invite),
            Route("GET", "/accounts/log", Right.ADMINISTER, self.log),
            Route("GET", "/accounts/invited/{token}", Right.ADMINISTER, self.show_link),
            Route("POST", "/accounts/drafts/{account}/take-over", Right.ADMINISTER, self.take_over),
            Route("POST", "/accounts/drafts/{account}/remove", Right.ADMINISTER, self.remove_draft),
            Route("POST", "/accounts/{account}/invite", Right.ADMINISTER, self.invite_again),
            Route("POST", "/accounts/{account}/role", Right.ADMINISTER, self.set_role),
            Route("POST", "/accounts/{account}/end", Right.ADMINISTER, self.end_sessions),
            Route("GET", "/accounts/{account}/remove", Right.ADMINISTER, self.ask_to_remove),
            Route("POST", "/accounts/{account}/remove", Right.ADMINISTER, self.remove),
        )

    def show(self, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
        sessions = self.desk.sessions()
        return visit.page(
            "accounts.html",
            mistakes=mistakes,
            accounts=[
                (
                    account,
                    Role(account.role),
                    len(self.accounts.passkeys(account.id)),
                    sum(session.account == account.id for session in sessions),
                )
                for account in self.accounts.all()
            ],
            drafts=self._left_behind(),
            roles=[(role.value, visit.say(ROLE_WORDS[role])) for role in Role],
            inputs=visit.inputs if mistakes else {},
        )

    # What removed accounts had drafted.

    def _drafts(self) -> list[Draft]:
        config, known = self.stores.config, {account.id for account in self.accounts.all()}
        return left_behind(config.data, config.sequences, known)

    def _left_behind(self) -> list[LeftDraft]:
        drafts = self._drafts()
        removed = self.stores.ledger.latest(["account-removed"], CHANGES_SHOWN) if drafts else []
        evidence = self.stores.vault.evidence_of(STREAM) if drafts else {}
        names = {
            entry.event.account: str(evidence.get(entry.cause.evidence, {}).get("name", ""))
            for entry in removed
            if isinstance(entry.event, AccountRemoved)
        }
        return [
            LeftDraft(draft.account, names.get(draft.account, ""), draft.paths())
            for draft in drafts
        ]

    def _left(self, visit: Visit) -> Draft | None:
        wanted = visit.path["account"]
        return next((draft for draft in self._drafts() if draft.account == wanted), None)

    def take_over(self, visit: Visit) -> Response:
        """Into the draft of whoever takes it."""
        draft, config = self._left(visit), self.stores.config
        if draft is None:
            return self._unknown(visit)
        stay = take_over(draft, Draft(config.data, config.sequences, visit.account.id))
        if stay:
            kept = visit.say(N_("You have drafted these yourself, so they stay here: {files}."))
            return visit.goes_to("/accounts#drafts", kept.format(files=", ".join(stay)))
        return visit.goes_to("/draft", visit.say(N_("It is in your draft.")))

    def remove_draft(self, visit: Visit) -> Response:
        draft = self._left(visit)
        if draft is None:
            return self._unknown(visit)
        draft.remove()
        return visit.goes_to("/accounts", visit.say(N_("The draft is removed.")))

    def log(self, visit: Visit) -> Response:
        """Who was given what by whom, and who came in, a page after the other."""
        before = visit.number("before") or LATEST
        sign_ins = self.accounts.sign_ins(before, ROWS + 1)
        return visit.page(
            "accounts_log.html",
            changes=list(self._changes(visit)) if before == LATEST else [],
            sign_ins=[(one, visit.say(WAY_WORDS[one.way])) for one in sign_ins[:ROWS]],
            first=before == LATEST,
            older=f"/accounts/log?before={sign_ins[ROWS - 1].id}" if len(sign_ins) > ROWS else "",
        )

    def _changes(self, visit: Visit) -> Iterator[Change]:
        """The latest first."""
        evidence = self.stores.vault.evidence_of(STREAM)
        for entry in self.stores.ledger.latest(CHANGES, CHANGES_SHOWN):
            kept, event, _ = evidence.get(entry.cause.evidence, {}), entry.event, visit.say
            words = _("removed")
            if isinstance(event, RoleGiven):
                words = _("may from here on what this role may: {role}").format(
                    role=_(ROLE_WORDS[Role(event.role)])
                )
                words += _(", and may read people") if event.reads else ""
            yield Change(event.at, str(kept.get("name", "")), words, str(kept.get("operator", "")))

    def invite(self, visit: Visit) -> Response:
        name, role = visit.inputs.get("name", "").strip(), visit.inputs.get("role", "")
        if not is_name(name):
            sentence = visit.say(N_("A name, in one line of at most 80 characters."))
            return self.show(visit, (Mistake("name", sentence),))
        if role not in tuple(Role):
            return self.show(visit, (Mistake("role", visit.say(N_("Choose a role."))),))
        by = visit.account.operator
        account = make_account(self.stores, name, Role(role), _reads(visit), by)
        if account is None:
            sentence = visit.say(N_("Somebody has this name already."))
            return self.show(visit, (Mistake("name", sentence),))
        return self._invited(visit, account)

    def invite_again(self, visit: Visit) -> Response:
        account = self._account(visit)
        return self._invited(visit, account) if account is not None else self._unknown(visit)

    def _invited(self, visit: Visit, account: StoredAccount) -> Response:
        link = invitation(self.desk, account, self.origin)
        return visit.goes_to(f"/accounts/invited/{link.rpartition('/')[2]}")

    def show_link(self, visit: Visit) -> Response:
        token = visit.path["token"]
        kept = self.desk.look("invitation", token)
        account = self.accounts.account(kept.account) if kept is not None else None
        if account is None:
            return visit.refused(visit.say(N_("This link was used, or is over.")), 410)
        link = f"{self.origin}/link/{token}"
        return visit.page("invited.html", link=link, name=account.name)

    def set_role(self, visit: Visit) -> Response:
        account, role = self._account(visit), visit.inputs.get("role", "")
        if account is None or role not in tuple(Role):
            return self._unknown(visit)
        by = visit.account.operator
        try:
            if not give_role(self.stores, account, Role(role), _reads(visit), by):
                return visit.refused(visit.say(LAST))
        except NoSuchAccount:
            return self._unknown(visit)
        return visit.goes_to("/accounts", visit.say(N_("The role is changed.")))

    def end_sessions(self, visit: Visit) -> Response:
        account = self._account(visit)
        if account is None:
            return self._unknown(visit)
        self.desk.end_sessions(account.id, visit.session)
        return visit.goes_to("/accounts", visit.say(N_("The sessions are ended.")))

    def ask_to_remove(self, visit: Visit) -> Response:
        account = self._account(visit)
        if account is None:
            return self._unknown(visit)
        return visit.page("account_remove.html", stored=account)

    def remove(self, visit: Visit) -> Response:
        account = self._account(visit)
        if account is None:
            return self._unknown(visit)
        try:
            if not remove(self.stores, account, visit.account.operator):
                return visit.refused(visit.say(LAST))
        except NoSuchAccount:
            return self._unknown(visit)
        self.desk.forget_account(account.id)
        return visit.goes_to("/accounts", visit.say(N_("The account is removed.")))

    def _account(self, visit: Visit) -> StoredAccount | None:
        return self.accounts.account(visit.path["account"])

    def _unknown(self, visit: Visit) -> Response:
        return visit.not_found(visit.say(UNKNOWN))


def _reads(visit: Visit) -> bool:
    return visit.inputs.get("reads") == "yes"
