"""`relance console`: the console alone, and who may use it: invite, accounts, end, remove."""

from __future__ import annotations

import argparse

from engine.cli import run as running
from engine.commands.operators import at_the_command_line
from engine.console.access import ROLE_WORDS, Role
from engine.console.account_changes import make_account
from engine.console.account_changes import remove as remove_account
from engine.console.sign_in import invitation, is_name
from engine.context import AppContext
from engine.i18n.language import N_, Say, translator
from engine.i18n.user_error import UserError
from engine.vault.accounts import StoredAccount


def console(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    match args.part:
        case None:
            return running.console(context, args)
        case "invite":
            invite(context, args, _)
        case "accounts":
            accounts(context, _)
        case "end":
            end(context, args.who, _)
        case "remove":
            remove(context, args.name, _)
    return 0


def invite(context: AppContext, args: argparse.Namespace, _: Say) -> None:
    name = args.name.strip()
    known = context.accounts.named(name)
    if known is None:
        if not is_name(name):
            raise UserError(N_("a name is one line of at most 80 characters"), 2)
        if args.role is None:
            raise UserError(
                N_("nobody is called {name} yet: say what they may do, by --role"), 2, name=name
            )
        known = make_account(context, name, Role(args.role), args.read, at_the_command_line())
    elif args.role is not None or args.read:
        raise UserError(
            N_("{name} has an account: its role is changed in the console, under Accounts"),
            name=name,
        )
    if known is None:
        raise UserError(N_("{name} was given an account at this moment; try again"), name=name)
    settings = context.config.console
    print(invitation(context.console_desk, known, settings.address()))
    print(
        _("It signs in {name} ({role}) once, within a day.").format(
            name=known.name, role=_(ROLE_WORDS[Role(known.role)])
        )
    )


def accounts(context: AppContext, _: Say) -> None:
    stored = context.accounts.all()
    if not stored:
        print(_("nobody yet; `relance run` prints a link, and so does `relance console invite`"))
    for account in stored:
        role = _(ROLE_WORDS[Role(account.role)])
        reads = _(", reads people") if account.reads else ""
        keys = len(context.accounts.passkeys(account.id))
        print(
            _("{name}  {role}{reads}  passkeys: {n}").format(
                name=account.name, role=role, reads=reads, n=keys
            )
        )
        for session in context.console_desk.sessions(account.id):
            print(
                _("  session {id}  since {since}  seen {seen}").format(
                    id=session.id,
                    since=f"{session.since:%Y-%m-%d %H:%M}",
                    seen=f"{session.seen:%Y-%m-%d %H:%M}",
                )
            )


def end(context: AppContext, who: str, _: Say) -> None:
    account = context.accounts.named(who)
    if account is not None:
        print(_("sessions ended: {n}").format(n=context.console_desk.end_sessions(account.id)))
    elif context.console_desk.end_session(who):
        print(_("the session is ended"))
    else:
        raise UserError(N_("no session and no account is called {name}"), name=who)


def remove(context: AppContext, name: str, _: Say) -> None:
    account = _named(context, name)
    if not remove_account(context, account, at_the_command_line()):
        raise UserError(
            N_("{name} is the last operator: make another one first"), name=account.name
        )
    context.console_desk.forget_account(account.id)
    print(_("{name} is removed, and signed out everywhere").format(name=account.name))


def _named(context: AppContext, name: str) -> StoredAccount:
    account = context.accounts.named(name.strip())
    if account is None:
        raise UserError(N_("nobody is called {name}"), name=name)
    return account
