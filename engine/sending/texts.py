"""The engine's own words in letters: the foot, and the confirmation mail of an installation that has not written its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    unsubscribe: str
    everything: str
    why_consent: str
    why_other: str
    why_asked: str
    not_me: str
    confirm_subject: str
    confirm_again_subject: str
    confirm_body: str


TEXTS = {
    "fr": Texts(
        "Ne plus recevoir « {purpose} »",
        "Ne plus rien recevoir de nous",
        "Vous recevez cette lettre parce que vous avez accepté de recevoir « {purpose} ».",
        "Vous recevez cette lettre au titre de « {purpose} ».",
        "Vous recevez ce message parce que cette adresse a été saisie sur notre formulaire.",
        "Ce n’est pas moi : ne plus m’écrire à ce sujet",
        "Confirmez votre inscription",
        "Votre inscription attend encore votre confirmation",
        "Bonjour,\n\nQuelqu’un, sans doute vous, a demandé à recevoir « {purpose} » à cette adresse. Il reste un geste à faire :\n\n"
        "[Je confirme mon inscription](===confirm===)\n\nSi ce n’est pas vous, ne faites rien : nous n’écrirons pas.\n",
    ),
    "en": Texts(
        "Stop receiving “{purpose}”",
        "Stop receiving anything from us",
        "You receive this letter because you agreed to receive “{purpose}”.",
        "You receive this letter under “{purpose}”.",
        "You receive this message because this address was entered in our form.",
        "This was not me: do not write to me about it again",
        "Please confirm your subscription",
        "Your subscription is still waiting for your confirmation",
        "Hello,\n\nSomeone, probably you, asked to receive “{purpose}” at this address. One step is left:\n\n"
        "[Yes, subscribe me](===confirm===)\n\nIf it was not you, do nothing: we will not write.\n",
    ),
}
