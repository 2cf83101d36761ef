-- What somebody looked for in the console: it may hold a name or an address, so it stands here for half a day and never in an address of a page.
CREATE TABLE vault.console_search (
    token text PRIMARY KEY,
    account text NOT NULL,
    lines text[] NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    until bigint NOT NULL
);
CREATE INDEX console_search_until ON vault.console_search (until);
