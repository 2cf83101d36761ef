"""What happens: the loop, room by room.

a fact arrives ──► a command ──► decided ──► events ──► ledger ──► views ──► the agenda ──► claimed
──► composed ──► delivered ──► a fact again

intake/        1  a fact arrives          outside data becomes a command or a refusal (readers are
pure) subscriber/    2  it is decided           commands, events, the person they fold into, every
rule (pure) sequence/         the plan as values      model, reading, timing, checking (pure;
standard library only) installation/     what is published, paused, fallen due (pure) ledger/
3  it is written           names, exact bytes, the append-only store vault/            what is
personal        who stands behind an id, evidence, suppression proof/            the ledger as a
Merkle tree, its signed checkpoints, and proofs that need nobody's word evidence/         what
proves a ground    what is said at each door, what must be there, what is missing projections/   4
it is seen              one view per file, outside this package: derived, dropped and replayed at
will sending/       5  a letter falls due      take, claim, compose, deliver, record: a fact again
letter/           from an author's source to what one person receives rights/           what a
person may ask: everything said, corrected, frozen, forgotten retention/        how long what is
kept, applied every night papers/           register, annexes of processors, log of breaches audit/
what an auditor asks: stories, contested letters, days long past copies/           the database
copied and put back; who has left since stays gone desk/             what is being worked on: clock,
leases, nonces, limits store/            the one database, embedded or elsewhere web/
pages for the reader, forms, the API, the built-in mailbox status/           how it stands: facts,
and what they mean verbs/            the command line, one file per thing a person does simulation/
a dialogue lived through before it runs, by the same rules

deciding.py       load, decide, append, try again: the one way in for every fact about a person;
stopping.py: what the stop journal is told app.py            the wiring, the only file that knows
all others;  context.py: what a room is handed;  cli.py: the verbs
"""

__version__ = "0.1.0"
