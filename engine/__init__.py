"""What happens: the loop, room by room.

    a fact arrives ──► a command ──► decided ──► events ──► ledger ──► views
          ▲                                                                │
          └── outcome ◄── delivered ◄── composed ◄── claimed ◄── due ◄─────┘

1  a fact arrives      intake        outside data becomes a command or a refusal (pure)
                       imports       files of people: read, tried out, brought in, reported
                       web           pages for the reader, forms, the built-in mailbox
                       api           calls of programs
                       webhooks      calls of shops and mail services: verified, read, followed
2  it is decided       subscriber    commands, events, the person they fold into, rules (pure)
                       sequence      the plan as values: model, reading, timing, checking (pure)
                       installation  what is published, paused, fallen due; its own stream
                       commands      load, decide, append, try again; in groups
3  it is written       ledger        names, exact bytes, the append-only store
                       vault         who stands behind an id, what proves a ground, suppression
                       proof         the ledger as a Merkle tree, its signed checkpoints
4  it is seen          ../projections   one view per file: derived, dropped, replayed at will
5  a letter falls due  sending       take, claim, compose, deliver, record: a fact again
                       letter        from an author's source to HTML and text
                       mime          from those to octets on the wire
                       shaping       how much each mailbox provider is sent (pure)
6  others are told     hooks         programs of one's own, each on its own place in the ledger
7  it comes back       inbound       mails that answer ours: read (pure), taken in, made facts

Around it: audience (dates of people's own, the year's programme), audit (stories, contested
letters, days long past), privacy (rights, retention, papers), backup (copies taken and put back),
joining (a further host is given what it needs), delivery (what arrives, by provider), doctor (how
it looks from outside), status (how it stands), authoring (the author's folder, drawn and
published), simulation (a dialogue rehearsed by the same rules), console (all of it as
pages for who works here).
Beneath it: store (the one database), desk (what is being worked on: clock, leases, nonces, limits),
dns (what the domain name system says).
On top: runtime (processes: start, listeners, follower, scheduler, end), cli (the verbs), i18n
(languages, dates, refusals in words).

app.py is the wiring and alone knows all others; context.py is what it hands out; config.py reads
config.toml, environment.py what a container says instead, secret_files.py the keys; views.py says
what may be asked of the views, words.py what pure rooms mark for the reader, keyed_hash.py how
tokens are signed, frozen.py how facts are made fast. docs/design.md says why it is so.
"""

__version__ = "0.2.0"
