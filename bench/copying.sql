-- name: drop
-- Each measure begins with an empty twin.
DROP TABLE IF EXISTS {}

-- name: twin
-- The same columns, constraints and indexes; triggers are not copied, and the ledger's fire on other statements anyway.
CREATE TABLE {} (LIKE {} INCLUDING ALL)

-- name: rows
-- What the program has written about the people of one round.
SELECT * FROM {} WHERE {} = ANY(%(values)s::uuid[])

-- name: copy
-- What PostgreSQL takes fastest.
COPY {} FROM STDIN (FORMAT BINARY)
