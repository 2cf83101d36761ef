"""The sentences of rights, erasures and the stop journal: see `refused`."""

from __future__ import annotations

from engine.language import N_

PLAIN = frozenset(
    {
        N_("this person has asked for this already, and it is still to be answered"),
        N_("there is no such request to be answered"),
        N_("the month in which the person had to be told is over"),
        N_("this request has been extended already"),
        N_("the processing of this person is not restricted"),
        N_("the processing of this person is restricted already"),
        N_("the processing of this person is restricted: nothing is deleted but at their own wish"),
        N_("this person has not been erased: `relance show` tells their story"),
        N_("somebody else is known under that address"),
        N_("proof is sealed to an auditor's key, and none is set: [proof] archive_recipient in config.toml"),
        N_('it is not a private key of age: it begins with "AGE-SECRET-KEY-1"'),
        N_("this key does not open it: it was sealed to another"),
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
WITH_VALUES = (N_("the stop journal cannot be written ({why}): mend that, and erase again"),)
