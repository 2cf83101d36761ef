-- name: keep
-- A search of an account, found again by its token.
INSERT INTO vault.console_search (token, account, lines, name, address, until)
VALUES (%(token)s, %(account)s, %(lines)s, %(name)s, %(address)s, %(until)s)

-- name: kept
-- Nobody finds another's search.
SELECT lines, name, address FROM vault.console_search WHERE token = %(token)s AND account = %(account)s AND until > %(now)s

-- name: forget
-- Whatever is over goes with the next that is kept.
DELETE FROM vault.console_search WHERE until <= %(now)s
