"""Proof: the ledger is a Merkle tree whose signed heads others hold, so that neither a change nor a
removal goes unseen (F01-F13).

tree.py         leaves, nodes, roots, proofs made and verified: RFC 6962, RFC 9162 (pure) tiles.py
where a hash of the tree is kept, by C2SP's coordinates (pure) note.py         signed notes (pure)
checkpoint.py   signed tree heads (pure) tlog_proof.py   one entry's proof (pure) policy.py
whose signatures are asked for (pure) carried.py      a checkpoint in a mail's header, written and
read back (pure) stamping.py     RFC 3161: what is asked, and what is taken (fetching.py: the
question itself) stamps.py       what others have stamped, in the schema `proof` newest.py       the
newest one, for who asks often whole.py        the right edge of the tree, which grows (pure)
signing.py      the one door to Ed25519 store.py        tiles and checkpoints in the database's
schema `proof` growing.py      the tree follows the ledger signer.py       a checkpoint is signed,
and never one that contradicts an earlier one (last_checkpoint.py: the file outside the database)
replaying.py    the auditor's replay, from the ledger's bytes alone ledger_tree.py  all of it, as
the rest of the program asks for it bundle.py       one person's proof as files and as a zip (pure);
holding.py gathers it, reference.py and evidence.py say what belongs to it handover.py     the whole
ledger, as an auditor gets it verify.py       what the auditor holds in hand: stands alone, knows
nothing of the rest, and is handed over with VERIFIER.md
"""
