-- name: lock_accounts
-- Two who remove an operator at once must not both find another one left.
SELECT pg_advisory_xact_lock(hashtextextended('relance console accounts', 7))

-- name: add_account
-- A name is one account's, however it is capitalised.
INSERT INTO vault.console_account (account, name, role, reads, created_at)
VALUES (%(account)s, %(name)s, %(role)s, %(reads)s, %(at)s) ON CONFLICT DO NOTHING

-- name: account
-- At each request of somebody signed in.
SELECT account, name, role, reads, language, created_at, issuer, subject FROM vault.console_account WHERE account = %(account)s

-- name: named
-- By what they call themselves.
SELECT account, name, role, reads, language, created_at, issuer, subject FROM vault.console_account WHERE lower(name) = lower(%(name)s)

-- name: of_subject
-- By what a provider calls them.
SELECT account, name, role, reads, language, created_at, issuer, subject FROM vault.console_account
WHERE issuer = %(issuer)s AND subject = %(subject)s AND subject <> ''

-- name: accounts
-- A few, by name.
SELECT account, name, role, reads, language, created_at, issuer, subject FROM vault.console_account ORDER BY lower(name)

-- name: operators
-- Whether there is any.
SELECT account FROM vault.console_account WHERE role = 'operator' LIMIT 1

-- name: last_operator
-- A row where the account is an operator's, and there is no other.
SELECT account FROM vault.console_account a WHERE account = %(account)s AND role = 'operator'
    AND NOT EXISTS (SELECT FROM vault.console_account o WHERE o.role = 'operator' AND o.account <> a.account)

-- name: note_sign_in
-- Refusals beyond so many an hour are not kept: a flood fills no table, and is seen all the same.
INSERT INTO vault.console_sign_in (account, at, what, way, network) SELECT %(account)s, %(at)s::bigint, %(what)s, %(way)s, %(network)s
WHERE %(what)s = 'in' OR (SELECT count(*) FROM vault.console_sign_in WHERE at > %(at)s::bigint - 3600000 AND what = 'refused') < %(most)s

-- name: sign_ins
-- A page of them, the latest first, with the name their account has now.
SELECT s.id, s.account, coalesce(a.name, ''), s.at, s.what, s.way, s.network FROM vault.console_sign_in s
LEFT JOIN vault.console_account a ON a.account = s.account
WHERE s.id < %(before)s ORDER BY s.id DESC LIMIT %(limit)s

-- name: forget_sign_ins
-- A year, as CNIL has it for logs of access.
DELETE FROM vault.console_sign_in WHERE at < %(before)s

-- name: set_role
-- What an account may do from its next request on.
UPDATE vault.console_account SET role = %(role)s, reads = %(reads)s WHERE account = %(account)s

-- name: set_language
-- The language of the pages for one account, '' for that of the browser.
UPDATE vault.console_account SET language = %(language)s WHERE account = %(account)s

-- name: first_steps_away
-- Asked when somebody opens Today, while there are few people.
SELECT first_steps_away FROM vault.console_account WHERE account = %(account)s

-- name: put_first_steps_away
-- For good: they are led through them once. The page itself stays.
UPDATE vault.console_account SET first_steps_away = true WHERE account = %(account)s

-- name: bind_subject
-- Once: a provider's account is bound to one of ours.
UPDATE vault.console_account SET issuer = %(issuer)s, subject = %(subject)s WHERE account = %(account)s AND subject = ''

-- name: remove_passkeys
-- With the account.
DELETE FROM vault.console_passkey WHERE account = %(account)s

-- name: remove_codes
-- With the account, and before new ones are given.
DELETE FROM vault.console_recovery_code WHERE account = %(account)s

-- name: remove_account
-- What it did stays in the ledger under its random id.
DELETE FROM vault.console_account WHERE account = %(account)s

-- name: add_passkey
-- A credential is one account's.
INSERT INTO vault.console_passkey (credential, account, name, public_key, sign_count, created_at)
VALUES (%(credential)s, %(account)s, %(name)s, %(public_key)s, %(sign_count)s, %(at)s) ON CONFLICT DO NOTHING

-- name: passkey
-- Whose a credential is.
SELECT credential, account, name, public_key, sign_count, created_at, used_at FROM vault.console_passkey WHERE credential = %(credential)s

-- name: passkeys
-- Those of one account, oldest first.
SELECT credential, account, name, public_key, sign_count, created_at, used_at FROM vault.console_passkey
WHERE account = %(account)s ORDER BY created_at, credential

-- name: any_passkey
-- While there is none, the start prints a link.
SELECT EXISTS (SELECT FROM vault.console_passkey)

-- name: used_passkey
-- A counter that goes back is that of a copy: who is second finds nothing to update.
UPDATE vault.console_passkey SET sign_count = %(sign_count)s, used_at = %(at)s
WHERE credential = %(credential)s AND (sign_count < %(sign_count)s OR (sign_count = 0 AND %(sign_count)s = 0))

-- name: name_passkey
-- By what its owner knows it.
UPDATE vault.console_passkey SET name = %(name)s WHERE account = %(account)s AND credential = %(credential)s

-- name: remove_passkey
-- It opens nothing from now on.
DELETE FROM vault.console_passkey WHERE account = %(account)s AND credential = %(credential)s

-- name: add_code
-- The code itself is shown once and kept nowhere.
INSERT INTO vault.console_recovery_code (account, mark, hash) VALUES (%(account)s, %(mark)s, %(hash)s)

-- name: code
-- By its first half.
SELECT hash FROM vault.console_recovery_code WHERE account = %(account)s AND mark = %(mark)s

-- name: use_code
-- Once: of two at the same moment one finds nothing to delete.
DELETE FROM vault.console_recovery_code WHERE account = %(account)s AND mark = %(mark)s

-- name: codes_left
-- So that nobody is without one unawares.
SELECT count(*) FROM vault.console_recovery_code WHERE account = %(account)s
