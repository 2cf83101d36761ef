"""What happened to the installation, in plain words. Apart from what happens to people, of which no
fact is one of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from engine.i18n.dates import Moment
from engine.i18n.language import N_, Say, grouped
from engine.i18n.phrases import quoted, titled_list
from engine.i18n.stored_words import stored_in_words
from engine.installation import events as i
from engine.sequence.model import Plan

ROLES: Mapping[str, str] = {
    "author": N_("author"),
    "operator": N_("operator"),
    "rights": N_("data protection"),
    "auditor": N_("auditor"),
}
STEPS: Mapping[str, str] = {
    "detected": N_("detected"),
    "assessed": N_("something was learnt or done"),
    "authority-told": N_("the authority was told"),
    "people-told": N_("those affected were told"),
    "closed": N_("closed"),
}


def installation_sentence(event: i.InstallationEvent, plan: Plan, moment: Moment, _: Say) -> str:
    """`plan` is the one in force by then, which names lists."""
    match event:
        case i.WordsPublished(digest=digest):
            return _("Words published ({digest}…)").format(digest=digest[:16])
        case i.SequencePublished(rolled_back_to=0):
            words = _("Edition {n} was put in force").format(n=event.edition)
            return words + (_(", also for who is past what changed") if event.backfill else "")
        case i.SequencePublished():
            return _("Edition {n} was put in force: edition {former} taken up again").format(
                n=event.edition, former=event.rolled_back_to
            )
        case i.ConfigurationPublished():
            return _("Configuration of edition {n}, by Relance {program}").format(
                n=event.edition, program=event.program
            )
        case i.VersionsPublished(letter=letter, arms=arms):
            if not arms:
                return _("The trial of versions of {letter} is over").format(letter=letter)
            shares = ", ".join(f"{name} {share} %" for name, share in arms)
            return _("{letter} is tried in versions: {shares}").format(letter=letter, shares=shares)
        case i.NoticePublished(form=form):
            return _("Words shown by the form {form} published").format(form=quoted(form, _))
        case i.FormPublished(form=form):
            return _("Form {form} published").format(form=quoted(form, _))
        case i.BroadcastFellDue():
            return _("The broadcast {broadcast} fell due ({occurrence})").format(
                broadcast=event.broadcast, occurrence=event.occurrence
            )
        case i.SendingPaused(why=why):
            return _("Sending was held: {what} ({why})").format(
                what=_place(event.list, plan, _), why=stored_in_words(why, _)
            )
        case i.SendingResumed():
            return _("Sending was let go on: {what}").format(what=_place(event.list, plan, _))
        case i.LedgerRestored(position=position):
            return _("The ledger was put back from a copy that ended at position {n}").format(
                n=position
            )
        case i.RetentionApplied(mode=mode):
            done = sum(count for _rule, _due, count, _oldest in event.rules)
            sentence = (
                _("Retention of the night of {night}: {n} erased or purged")
                if mode == "enforce"
                else _("Retention of the night of {night}: looked at, nothing done")
            )
            return sentence.format(night=event.night, n=grouped(done, _))
        case i.BreachRecorded():
            return _("Breach {breach}: {step}").format(
                breach=event.breach, step=_(STEPS.get(event.step, event.step))
            )
        case i.PeopleExported():
            return _("A list of {n} people was exported").format(n=grouped(event.people, _))
        case i.PublicationProposed():
            return _("The plan {digest}… was proposed").format(digest=event.digest[:16])
        case i.PublicationApproved():
            return _("The plan {digest}… was approved").format(digest=event.digest[:16])
        case i.RoleGiven(account=account, role=role, reads=reads):
            named = _(ROLES.get(role, role))
            words = _("The account {account}… was given the role “{role}”").format(
                account=account[:8], role=named
            )
            return words + (_(", and may read people") if reads else "")
        case i.AccountRemoved(account=account):
            return _("The account {account}… was removed").format(account=account[:8])
        case i.DoctorRan(failing=()):
            return _("The doctor found nothing that does not hold")
        case i.DoctorRan(failing=failing):
            return _("The doctor found what does not hold: {codes}").format(
                codes=", ".join(failing)
            )
        case i.SuppressionLifted(reason=reason):
            return _(
                "An address of nobody known was taken off the suppression list ({why})"
            ).format(why=stored_in_words(reason, _))
        case i.FormTried(form=form, failed=""):
            return _("The form {form} was tried by the robot, and works").format(
                form=quoted(form, _)
            )
        case i.FormTried(form=form, failed=failed):
            return _("The form {form} was tried by the robot, and failed: {step}").format(
                form=quoted(form, _), step=failed
            )
        case i.OriginBegun():
            return _("Checkpoints are signed in the name {origin} from here on").format(
                origin=event.origin
            )
        case i.SigningKeyChanged():
            return _("Another key signs checkpoints from here on")
        case i.ClockChanged():
            return _clock(event, moment, _)
        case unreachable:
            assert_never(unreachable)


def _place(number: int, plan: Plan, _: Say) -> str:
    return titled_list(plan, number) if number else _("everything")


def _clock(event: i.ClockChanged, moment: Moment, _: Say) -> str:
    then = event.at + event.jumped * event.rate
    at, after = moment(event.at), moment(then)
    if event.jumped:
        return _("The machine’s clock was found to have jumped from {at} to {after}").format(
            at=at, after=after
        )
    if event.behind:
        last = moment(event.at + event.behind)
        return _("The clock was found to stand at {at}, before the last fact ({last})").format(
            at=at, last=last
        )
    wall = moment(event.at - event.ahead)
    if event.rate != 1:
        words = _("The clock was made to run {n} times faster than real time (it was {wall})")
    elif event.trial:
        words = _("A trial was begun (it was {wall} in real time)")
    else:
        words = _("The clock was made to run in real time (it was {wall})")
    return words.format(n=event.rate, wall=wall)
