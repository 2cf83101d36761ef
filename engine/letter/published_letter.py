"""The published letter that a claim names, with the engine's own words where the author has written
none. Pure.
"""

from __future__ import annotations

from dataclasses import fields, replace

from engine.frozen import dataclass
from engine.letter.french_spacing import spaced
from engine.sequence.model import Letter, Plan
from engine.sequence.parse import CONFIRMATION_BODY
from engine.subscriber.agenda_key import broadcast_at
from engine.subscriber.events import LetterBegun
from engine.subscriber.person import ASK_FIRST
from engine.subscriber.terms import mail_kind
from engine.words import Language


@dataclass(frozen=True, slots=True)
class Texts:
    unsubscribe: str
    everything: str
    why_consent: str
    why_other: str
    why_asked: str
    source: str
    not_me: str
    confirm_subject: str
    confirm_again_subject: str
    confirm_body: str
    first_subject: str
    first_body: str
    why_first: str
    still_subject: str
    still_body: str
    why_still: str
    my_data: str
    preferences: str


TEXTS: dict[Language, Texts] = {
    "fr": Texts(
        "Ne plus recevoir « {purpose} »",
        "Ne plus rien recevoir de nous",
        "Vous recevez cette lettre parce que vous avez accepté de recevoir « {purpose} ».",
        "Vous recevez cette lettre au titre de « {purpose} ».",
        "Vous recevez ce message parce que cette adresse a été saisie sur notre formulaire.",
        "Nous tenons votre adresse de : {source}.",
        "Ce n’est pas moi : ne plus m’écrire à ce sujet",
        "Confirmez votre inscription",
        "Votre inscription attend encore votre confirmation",
        "Bonjour,\n\nQuelqu’un, sans doute vous, a demandé à recevoir « {purpose} » à cette"
        " adresse. Il reste un geste à faire :\n\n[Je confirme mon"
        " inscription](===confirm===)\n\nSi ce n’est pas vous, ne faites rien : nous n’écrirons"
        " pas.\n",
        "Souhaitez-vous recevoir nos lettres ?",
        "Bonjour,\n\nNous tenons votre adresse d’une liste où il est dit que vous acceptez de"
        " recevoir « {purpose} ». Avant de vous écrire, nous vous le demandons :\n\n[Oui, je"
        " souhaite les recevoir](===confirm===)\n\nSans réponse de votre part, nous n’écrirons"
        " pas.\n",
        "Vous recevez ce message, le seul de ce genre, parce qu’on nous a dit que vous acceptez de"
        " recevoir nos lettres.",
        "Souhaitez-vous encore recevoir nos lettres ?",
        "Bonjour,\n\nIl y a longtemps que nous n’avons plus eu de vos nouvelles. Souhaitez-vous"
        " encore recevoir nos lettres ?\n\n[Oui, je continue](===confirm===)\n\nSans réponse de"
        " votre part, nous n’écrirons plus et nous effacerons ce que nous savons de vous.\n",
        "Vous recevez ce message, le seul de ce genre, parce que vous êtes inscrit à nos lettres et"
        " que nous ne gardons pas vos données sans fin.",
        "Mes données",
        "Choisir ce que je reçois",
    ),
    "en": Texts(
        "Stop receiving “{purpose}”",
        "Stop receiving anything from us",
        "You receive this letter because you agreed to receive “{purpose}”.",
        "You receive this letter under “{purpose}”.",
        "You receive this message because this address was entered in our form.",
        "We have your address from: {source}.",
        "This was not me: do not write to me about it again",
        "Please confirm your subscription",
        "Your subscription is still waiting for your confirmation",
        "Hello,\n\nSomeone, probably you, asked to receive “{purpose}” at this address. One step is"
        " left:\n\n[Yes, subscribe me](===confirm===)\n\nIf it was not you, do nothing: we will not"
        " write.\n",
        "Would you like to receive our letters?",
        "Hello,\n\nYour address came to us on a list which says that you agree to receive"
        " “{purpose}”. Before we write to you, we ask:\n\n[Yes, I would like to receive"
        " them](===confirm===)\n\nIf you do not answer, we will not write.\n",
        "You receive this message, the only one of its kind, because we were told that you agree to"
        " receive our letters.",
        "Would you still like to receive our letters?",
        "Hello,\n\nIt is a long time since we last heard from you. Would you still like to receive"
        " our letters?\n\n[Yes, go on](===confirm===)\n\nIf you do not answer, we will write no"
        " more, and erase what we know about you.\n",
        "You receive this message, the only one of its kind, because you are subscribed to our"
        " letters and we do not keep your data for ever.",
        "My data",
        "Choose what I receive",
    ),
}
# Not those of headers, where one blank that is not ASCII makes an encoded word of the whole.
_SHOWN = [field.name for field in fields(Texts) if not field.name.endswith("_subject")]
TEXTS["fr"] = replace(TEXTS["fr"], **{name: spaced(getattr(TEXTS["fr"], name)) for name in _SHOWN})


LAYOUT = "layout.html"
ASK_FIRST_BODY = "(built in: asked first)"
OWN_BODIES = (CONFIRMATION_BODY, ASK_FIRST_BODY)
"""Bodies in the engine's own words, which name the purpose."""


def letter_of(plan: Plan, claim: LetterBegun) -> Letter | None:
    """The published letter that a claim names, in the words of its version; None when that edition
    has no such letter.
    """
    match mail_kind(claim.kind):
        case "confirmation" if claim.letter == ASK_FIRST:
            return Letter(ASK_FIRST, TEXTS[plan.language].first_subject, ASK_FIRST_BODY)
        case "confirmation":
            words, texts = plan.confirmation, TEXTS[plan.language]
            first = words.subject or texts.confirm_subject
            again = words.remind_subject or texts.confirm_again_subject
            subject = again if claim.letter == "ask-again" else first
            return Letter(claim.letter, subject, words.body, words.preheader)
        case "permission":
            texts = TEXTS[plan.language]
            return Letter(claim.letter, texts.still_subject, CONFIRMATION_BODY)
        case "broadcast":
            broadcast = broadcast_at(plan, claim.key)
            if broadcast is None:
                return None
            if claim.letter != broadcast.letter.id:
                return broadcast.reminder
            return broadcast.letter.in_version(claim.version)
        case "letter":
            listed = plan.lists.get(claim.list)
            letter = listed.letter(claim.letter) if listed else None
            return letter.in_version(claim.version) if letter else None
