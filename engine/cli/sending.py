"""`pause` and `resume`: nothing leaves by surprise, and before anything leaves it is said how much.
`in-doubt` and `retry-withheld`: letters of which nobody knows whether they were taken, and letters
that were withheld until something is mended, are settled by the operator.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence

from engine.cli.operator_acts import operator_cause, report
from engine.cli.progress import catch_up
from engine.cli.terminal import agreed
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.phrases import say_letter, say_list, say_place
from engine.i18n.stored_words import stored_in_words, what_is_wanting
from engine.i18n.user_error import UserError, list_of
from engine.sending import holding
from engine.sending.holding import Letter, Obstacle
from engine.sequence.model import Plan
from engine.subscriber.terms import LetterVerdict

SINK = N_("(For trials, a relay that hands letters to nobody: [smtp] sink = true)")


def pause(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    installation = context.installation_stream.current()
    plan = installation.plan()
    number = _number(plan, args.list)
    if number in installation.paused:
        print(
            _("paused already ({why})").format(why=stored_in_words(installation.paused[number], _))
        )
        return 0
    holding.pause(context, number, operator_cause({}))
    if number:
        print(_("sending for list {list} is paused").format(list=say_list(plan, number)))
    else:
        print(_("sending is paused; `relance resume` lets it go on"))
    return 0


def resume(context: AppContext, args: argparse.Namespace) -> int:
    """Without a list, everything goes on, lists that were paused one by one too. A list alone stays
    held while sending as a whole is.
    """
    _ = translator(context.config.site.language)
    installation = context.installation_stream.current()
    plan, paused = installation.plan(), installation.paused
    number = _number(plan, args.list)
    if obstacles := holding.in_the_way(context, anyway=args.anyway):
        raise UserError(
            N_("nobody is written to before this is set right:{hindrances}\n{sink}"),
            hindrances=_lines(obstacles, _),
            sink=_(SINK),
        )
    passed = holding.in_the_way(context)
    if passed:
        warning = _("this is not set right, and readers get letters all the same:{hindrances}")
        print(warning.format(hindrances=_lines(passed, _)), file=sys.stderr)
    catch_up(context)
    if installation.ailments:
        codes = ", ".join(installation.ailments)
        print(_("The doctor found what does not hold: {codes}").format(codes=codes))
        print("    " + _("`relance doctor` says what each is, and what mends it"))
    for line in _leaving(context, plan, number):
        print(line)
    held = holding.is_held(installation, number)
    if not held:
        print(_("sending is not paused"))
    elif not args.yes and not _agreed(_):
        raise UserError(N_("nothing was changed"))
    refusing = () if number else _refusing(context)
    if held or not number:
        against = ", ".join(obstacle.key for obstacle in passed)
        holding.resume(context, number, operator_cause({"against": against} if against else {}))
    if refusing:
        print(_("{providers}: written to again").format(providers=", ".join(refusing)))
    if held:
        print(
            _("sending for list {list} goes on").format(list=say_list(plan, number))
            if number
            else _("sending goes on")
        )
    if number and 0 in paused:
        print(
            _("sending as a whole is paused ({why}); `relance resume` lets it go on").format(
                why=stored_in_words(paused[0], _)
            )
        )
    return 0


def _lines(obstacles: Sequence[Obstacle], _: Say) -> str:
    return "".join(
        f"\n  {obstacle.file}: {obstacle.words.said(_)}"
        if obstacle.file
        else f"\n  {obstacle.words.said(_)}"
        for obstacle in obstacles
    )


def _refusing(context: AppContext) -> tuple[str, ...]:
    """Providers that get no letters for now."""
    known = context.config.providers.by_name
    return tuple(
        known[state.provider].title
        for state in context.shaping.states()
        if state.held and state.provider in known
    )


def _number(plan: Plan, text: str) -> int:
    """The list's number; 0, which is everything, where none is said."""
    return list_of(plan, text).id if text else 0


def _leaving(context: AppContext, plan: Plan, number: int) -> Iterator[str]:
    """What is due within the hour, of one list or of all."""
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    due = holding.leaving_within_the_hour(context, number)
    total = sum(due.values())
    yield ngettext(
        "In the next hour {n} letter will leave.", "In the next hour {n} letters will leave.", total
    ).format(n=total)
    for of_list, count in sorted(due.items()):
        yield f"{grouped(count, _):>9}  {say_place(plan, of_list, _)}"


def _agreed(_: Say) -> bool:
    if not sys.stdin.isatty():
        raise UserError(N_("say --yes to let them leave"))
    return agreed(_("Let them leave? [y/N] "))


def retry_withheld(context: AppContext, args: argparse.Namespace) -> int:
    language = context.config.site.language
    _ = translator(language)
    catch_up(context)
    letters = sorted({letter for _key, _list, letter, _what, _people in context.views.withheld()})
    if args.letter and args.letter not in letters:
        known = ", ".join(letters) or "-"
        raise UserError(
            N_("no letter {letter} is withheld for what can be mended; there are: {letters}"),
            letter=args.letter,
            letters=known,
        )
    if not letters:
        print(_("No letter is withheld for what can be mended."))
        return 0
    retried = holding.retry(context, args.letter, operator_cause, late=args.late)
    counts = retried.counts
    context.views.catch_up()
    plan = context.installation_stream.current().plan()
    for letter in dict.fromkeys(letter for letter, _how in counts):
        for line in _told(letter, counts, plan, _):
            print(line)
    if any(how == "again" for _letter, how in counts):
        print(
            _(
                "They leave while `relance run` runs; who still lacks what was wanting is withheld"
                " again, and `relance status` says so."
            )
        )
    return 1 if retried.busy else 0


def _told(
    letter: Letter, counts: Mapping[tuple[Letter, str], int], plan: Plan, _: Say
) -> Iterator[str]:
    sentences = {
        "again": _("{letter}: tried again for {n}"),
        "late": _("{letter}: past its max_lateness for {n}; with `--late` it is sent all the same"),
        "gone": _("{letter}: may no longer be sent to {n}"),
        "busy": _("{letter}: too much is changing for {n}; try again"),
    }
    for how, sentence in sentences.items():
        if count := counts.get((letter, how), 0):
            yield sentence.format(letter=say_letter(plan, *letter, _), n=count)


def withheld_lines(
    context: AppContext, plan: Plan, keys: Collection[str] | None = None
) -> Iterator[str]:
    """What waits to be mended, a line for each letter and cause, and how it is sent afterwards; of
    these matters only, where they are given.
    """
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    for key, _list, letter, what, people in context.views.withheld():
        if keys is None or key in keys:
            whom = ngettext("{n} person", "{n} people", people).format(n=people)
            wanting = what_is_wanting(what, _)
            yield _("{letter} is withheld from {people}: {wanting}").format(
                letter=say_letter(plan, key, letter, _), people=whom, wanting=wanting
            )
            yield "    " + _("mended, `relance retry-withheld {id}` sends it").format(id=letter)


def in_doubt(context: AppContext, args: argparse.Namespace) -> int:
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    catch_up(context)
    doubtful = context.views.in_doubt()
    chosen = args.resend or args.taken_as_sent
    if args.resend_all or args.taken_all:
        return _settle_all(context, args, [message for message, *_rest in doubtful])
    if not chosen:
        people = context.vault.people(
            {subscriber for _message, subscriber, _letter, _at in doubtful}
        )
        for message, subscriber, letter, at in doubtful:
            address = people[subscriber].address if subscriber in people else _("(erased)")
            print(f"{message}  {shown(at, context.config.site.timezone)}  {letter}  {address}")
        print(
            ngettext("{n} letter in doubt", "{n} letters in doubt", len(doubtful)).format(
                n=len(doubtful)
            )
        )
        return 0
    verdict: LetterVerdict = "resend" if args.resend else "taken-as-sent"
    result = holding.settle_doubt(context, chosen, verdict, operator_cause({}))
    if result is None:
        raise UserError(N_("no letter {message} is in doubt"), message=chosen)
    return report(
        result, _("it will be sent again") if args.resend else _("it is taken as sent"), _
    )


def _settle_all(context: AppContext, args: argparse.Namespace, messages: Sequence[str]) -> int:
    """What comes to be in doubt while the question is asked is not meant."""
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    count = len(messages)
    print(ngettext("{n} letter in doubt", "{n} letters in doubt", count).format(n=count))
    if messages and not args.yes:
        if not sys.stdin.isatty():
            raise UserError(N_("say --yes to settle all of them"))
        question = (
            _("Send them again? [y/N] ") if args.resend_all else _("Take them as sent? [y/N] ")
        )
        if not agreed(question):
            raise UserError(N_("nothing was changed"))
    verdict: LetterVerdict = "resend" if args.resend_all else "taken-as-sent"
    settled = holding.settle_all_doubt(context, messages, verdict, operator_cause)
    print(ngettext("{n} letter settled", "{n} letters settled", settled).format(n=settled))
    return 0
