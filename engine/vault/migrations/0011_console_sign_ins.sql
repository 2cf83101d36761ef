-- Who came in to the console, and who tried to: for a year, so that a break-in is found. The network is that of the address asked from, cut to a neighbourhood.
CREATE TABLE vault.console_sign_in (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL,
    at bigint NOT NULL,
    what text NOT NULL CHECK (what IN ('in', 'refused')),
    way text NOT NULL,
    network text NOT NULL
);
CREATE INDEX console_sign_in_at ON vault.console_sign_in (at);
