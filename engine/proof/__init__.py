"""Proof: the ledger is a Merkle tree whose signed heads others hold, so that neither a change nor a removal goes unseen (F01-F13).

    tree.py         leaves, nodes, roots, proofs made and verified: RFC 6962, RFC 9162 (pure)
    tiles.py        where a hash of the tree is kept, by C2SP's coordinates (pure)
    note.py         signed notes (pure)      checkpoint.py   signed tree heads (pure)
    tlog_proof.py   one entry's proof (pure) policy.py       whose signatures are asked for (pure)
    signing.py      the one door to Ed25519

"""
