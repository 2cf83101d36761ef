-- name: open_session
-- Only the hash of the token is kept: whoever reads this table opens nothing with it.
INSERT INTO desk.console_session (token, id, account, enrols, way, browser)
VALUES (%(token)s, %(id)s, %(account)s, %(enrols)s, %(way)s, %(browser)s)

-- name: session
-- At each request. One that is over is found, so that what was posted in it can wait for its account.
SELECT id, account, enrols, way, browser, notice, since, seen,
    seen < clock_timestamp() - %(idle)s * interval '1 second' OR since < clock_timestamp() - %(longest)s * interval '1 second',
    seen < clock_timestamp() - interval '1 minute'
FROM desk.console_session WHERE token = %(token)s

-- name: set_notice
-- What the next page of this session says once; nobody is named in it.
UPDATE desk.console_session SET notice = %(notice)s WHERE id = %(id)s

-- name: see_session
-- Once a minute is enough to know who is there.
UPDATE desk.console_session SET seen = clock_timestamp() WHERE token = %(token)s

-- name: enrolled
-- Whoever was let in to add a passkey has added one.
UPDATE desk.console_session SET enrols = false WHERE token = %(token)s

-- name: sessions
-- Of one account, or of all where it is '', newest first.
SELECT id, account, enrols, way, browser, notice, since, seen, false, false FROM desk.console_session
WHERE %(account)s IN ('', account) AND seen >= clock_timestamp() - %(idle)s * interval '1 second'
    AND since >= clock_timestamp() - %(longest)s * interval '1 second'
ORDER BY seen DESC, id

-- name: end_session
-- By its public id; of one account, or of any where that is ''.
DELETE FROM desk.console_session WHERE id = %(id)s AND %(account)s IN ('', account)

-- name: end_sessions
-- Of an account, but for the one that asks.
DELETE FROM desk.console_session WHERE account = %(account)s AND id <> %(but)s

-- name: forget_sessions
-- A day longer than the longest: until then a page left open overnight can still be sent.
DELETE FROM desk.console_session WHERE since < clock_timestamp() - interval '36 hours'

-- name: keep_token
-- A link, a challenge, a sign-in under way: opaque, and for minutes.
INSERT INTO desk.console_token (token, kind, account, value, until)
VALUES (%(token)s, %(kind)s, %(account)s, %(value)s, clock_timestamp() + %(seconds)s * interval '1 second')

-- name: look_token
-- Opening a link uses nothing up.
SELECT account, value FROM desk.console_token WHERE token = %(token)s AND kind = %(kind)s AND until > clock_timestamp()

-- name: use_token
-- Once: of two at the same moment one finds nothing.
DELETE FROM desk.console_token WHERE token = %(token)s AND kind = %(kind)s AND until > clock_timestamp() RETURNING account, value

-- name: note_once
-- True for the first who notes it.
INSERT INTO desk.console_token (token, kind, account, value, until)
VALUES (%(token)s, %(kind)s, '', '', clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (token) DO UPDATE SET until = excluded.until WHERE console_token.until <= clock_timestamp()

-- name: drop_tokens
-- Of an account that is removed, and of a kind that is given anew.
DELETE FROM desk.console_token WHERE account = %(account)s AND kind = %(kind)s

-- name: forget_tokens
-- What is over opens nothing.
DELETE FROM desk.console_token WHERE until < clock_timestamp()
