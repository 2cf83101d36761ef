"""Proof: the ledger is a Merkle tree whose signed heads others hold, so that neither a change nor a
removal goes unseen (F01-F13).

Pure, and of nothing but this room:
    tree.py               leaves, nodes, roots, proofs made and verified (RFC 6962, RFC 9162)
    tiles.py              where a hash of the tree is kept, by C2SP's coordinates
    note.py, signing.py   signed notes, Base64 read strictly; the one door to Ed25519
    checkpoint.py         signed tree heads, also in a mail's header
    tlog_proof.py         one entry's proof
    tlog_witness.py       what a witness is asked over HTTP, and what it answers
    trust_policy.py       whose signatures are asked for
    errors.py             what the readers here raise
From the database, and into it:
    store.py              tiles, checkpoints, cosignatures and stamps, in the schema `proof`
    signer.py             a checkpoint is signed, never one that contradicts an earlier one
    cached_checkpoint.py  the newest checkpoint, for who asks often; signed anew where it is behind
    posting.py            HTTP to time-stamping servers and witnesses
    stamping.py           RFC 3161: what is asked of an authority, and what is taken
    held_reading.py       what is read, held against the tree before it is told or signed
    tree_replay.py        the auditor's replay, from the ledger's bytes alone
    ledger_tree.py        the tree follows the ledger, and is asked for by the rest of the program
    settings.py           [proof] of config.toml
Handed over:
    bundle_sources.py     what belongs to one person's proof, gathered
    bundle.py             that proof as files and as a zip (pure)
    handover.py           the whole ledger, as an auditor gets it
    verify.py             what the auditor holds: stands alone, knows nothing of the rest, and is
                          handed over with VERIFIER.md
"""
