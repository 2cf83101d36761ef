-- What a piece of evidence is about, since each kind has a life of its own: "act" (what was done), "visitor" (IP address and browser beside an act),
-- "mail" (the bytes of a letter that asked for consent), "relay" (what a mail server said of any other letter).
ALTER TABLE vault.evidence ADD COLUMN kind text NOT NULL DEFAULT 'act' CHECK (kind IN ('act', 'visitor', 'mail', 'relay'));
CREATE INDEX evidence_of_short_life ON vault.evidence (kind, at) WHERE kind IN ('visitor', 'relay');
-- Where the address of someone came from who did not give it here themselves: their letters say so (GDPR 14(2)(f), 14(3)(b)).
ALTER TABLE vault.person ADD COLUMN source text NOT NULL DEFAULT '';
