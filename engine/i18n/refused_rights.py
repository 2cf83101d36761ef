"""The sentences of rights, erasures, the stop journal and copies: see `refused`."""

from __future__ import annotations

from engine.i18n.language import N_

PLAIN = frozenset(
    {
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
