"""The sentences of rights, erasures, the stop journal and copies: see `refused`."""

from __future__ import annotations

from engine.i18n.language import N_

PLAIN = frozenset(
    {
        N_("this person has asked for this already, and it is still to be answered"),
        N_("there is no such request to be answered"),
        N_("the month in which the person had to be told is over"),
        N_("this request has been extended already"),
        N_("this request has been answered already"),
        N_("the processing of this person is not restricted"),
        N_("the processing of this person is restricted already"),
        N_("the processing of this person is restricted: nothing is deleted but at their own wish"),
        N_("this person has not been erased: `relance show` tells their story"),
        N_("more has happened to this person since the proof was sealed: erase again"),
        N_("somebody else is known under that address"),
        N_(
            "proof is sealed to an auditor's key, and none is set: [proof] archive_recipient in"
            " config.toml"
        ),
        N_('it is not a private key of age: it begins with "AGE-SECRET-KEY-1"'),
        N_("this key does not open it: it was sealed to another, or is damaged"),
        N_(
            "there is no manifest.json in it: it is no copy made by `relance backup`, or an"
            " unfinished one"
        ),
        N_("manifest.json cannot be read: the copy is damaged, use another"),
        N_("manifest.json names other parts than this program knows: use the Relance that made it"),
        N_(
            "the secrets in data/secrets are not those of this copy: put those back first, or"
            " nobody in it is found by their address"
        ),
        N_("manifest.json was changed since the copy was made, or is damaged: use another copy"),
        N_(
            "the copy is from before copies were sealed, so nobody can tell whether it was"
            " changed: if it was kept where nobody else writes, say --unsealed"
        ),
        N_("the ledger in the copy does not end where its manifest says: use another copy"),
        N_("Relance runs on this database, here or on another machine: stop it first"),
        N_("access"),
        N_("rectification"),
        N_("restriction"),
        N_("objection"),
        N_("withdrawal"),
        N_("erasure"),
        N_("portability"),
        N_("done"),
        N_("unconfirmed"),
        N_("retention"),
    }
)
WITH_VALUES = (
    N_("the stop journal cannot be written ({why}): mend that, and erase again"),
    N_("the copy has format {number}, and this program knows up to {known}: use a newer Relance"),
    N_("{name} is missing from the copy; where it is kept apart, say where: --vault FILE"),
    N_("{name} is damaged: it is not what was written; use another copy"),
    N_("{name} ends in the middle: use another copy"),
    N_("{name} is no part of a copy: use another copy"),
    N_("{name} is damaged ({what}): use another copy"),
    N_("{name} holds {table}, which has no place there: use another copy"),
    N_("the copy was made by Relance {program}, and this is {own}: use a newer Relance"),
    N_(
        "the vault in the copy has had {names}, which this program does not know: use a newer"
        " Relance"
    ),
    N_("{source} is no copy made by `relance backup`, or a damaged one"),
)
