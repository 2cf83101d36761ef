-- name: schema
-- The ledger stands apart from vault, desk and views: each is granted and saved on its own.
CREATE SCHEMA IF NOT EXISTS ledger

-- name: dense
-- Positions are max + 1 under the table's lock: a sequence would leave gaps at each rollback, and leaf indexes may have none.
ALTER TABLE ledger.events ALTER COLUMN notification_id DROP DEFAULT, ALTER COLUMN notification_id SET NOT NULL

-- name: forbid
-- The second wall behind the missing privilege (G22): the owner cannot change an event by mistake either.
CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'an event is never changed or removed'; END $$

-- name: guard
-- Fires for every role, the owner included, until the trigger itself is dropped.
CREATE OR REPLACE TRIGGER events_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.events
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()

-- name: assets
-- Pictures and downloads as they were published, by the SHA-256 of their octets: which name had which is a text of the edition, in the ledger.
CREATE TABLE IF NOT EXISTS ledger.asset (digest bytea PRIMARY KEY, octets bytea NOT NULL CHECK (sha256(octets) = digest));
ALTER TABLE ledger.asset ALTER COLUMN octets SET STORAGE EXTERNAL

-- name: head
-- The last position written.
SELECT coalesce(max(notification_id), 0) FROM ledger.events

-- name: head_and_bytes_at
-- The last position written, and an entry as it is stored, for who asks both every few seconds.
SELECT coalesce(max(notification_id), 0) AS head, (SELECT state FROM ledger.events WHERE notification_id = %(position)s) AS state FROM ledger.events

-- name: last
-- Under the lock: the entry that the next one follows, and when it was recorded. That is read from the end of its canonical bytes (RFC 8785), where no text
-- of its own can stand: a quotation mark within a text has a backslash before it. A regular expression takes twenty times as long. An empty ledger has no row.
SELECT position, CASE WHEN written <> '' AND length(written) < 18 AND translate(written, '0123456789', '') = '' THEN written::bigint ELSE 0 END AS recorded_at
FROM (
    SELECT notification_id AS position,
        split_part(split_part(encode(substring(state FROM octet_length(state) - 159), 'escape'), '"recorded_at":', 2), ',', 1) AS written
    FROM ledger.events ORDER BY notification_id DESC LIMIT 1) AS e

-- name: copy
-- Binary COPY is what PostgreSQL takes fastest; the columns are copies of what `state` says.
COPY ledger.events (originator_id, originator_version, topic, state, notification_id) FROM STDIN (FORMAT BINARY)

-- name: few
-- A few entries in one journey with the lock and the end of the transaction: COPY takes three of its own. Positions as under the lock. Where the last entry
-- was recorded later than these, or stands before what this process has written, they get no position, which the column refuses: the append is then tried
-- again, and dated later or given up.
INSERT INTO ledger.events (originator_id, originator_version, topic, state, notification_id)
SELECT e.id, e.version, e.topic, e.state, e.n + CASE WHEN coalesce(l.recorded_at, 0) <= {recorded_at} AND coalesce(l.position, 0) >= {written} THEN coalesce(l.position, 0) END
FROM (VALUES {rows}) AS e (id, version, topic, state, n) LEFT JOIN ({last}) AS l ON true RETURNING notification_id

-- name: descents
-- Where an entry was recorded before the one it follows: there is none in a ledger that only the engine wrote. Asked by hand: it reads all, each date once.
-- What cannot be read has no date: of the first looked at, the one it follows may stand some places before.
SELECT position, recorded_at, before FROM (
    SELECT position, recorded_at, lag(recorded_at) OVER (ORDER BY position) AS before FROM (
        SELECT position, CASE WHEN written <> '' AND length(written) < 18 AND translate(written, '0123456789', '') = '' THEN written::bigint END AS recorded_at
        FROM (
            SELECT notification_id AS position,
                split_part(split_part(encode(substring(state FROM octet_length(state) - 159), 'escape'), '"recorded_at":', 2), ',', 1) AS written
            FROM ledger.events WHERE notification_id BETWEEN %(after)s - 1000 AND %(upto)s OFFSET 0) AS e
        OFFSET 0) AS d
    WHERE recorded_at IS NOT NULL) AS d
WHERE recorded_at < before AND position > %(after)s ORDER BY position

-- name: recorded
-- When these were recorded, each read as in `last`.
SELECT position, CASE WHEN written <> '' AND length(written) < 18 AND translate(written, '0123456789', '') = '' THEN written::bigint ELSE 0 END AS recorded_at
FROM (
    SELECT notification_id AS position,
        split_part(split_part(encode(substring(state FROM octet_length(state) - 159), 'escape'), '"recorded_at":', 2), ',', 1) AS written
    FROM ledger.events WHERE notification_id = ANY(%(positions)s::bigint[])) AS e

-- name: any_registered
-- Whether anybody was ever registered here: found with the first of them, or read to the end of a ledger that is short.
SELECT EXISTS (SELECT FROM ledger.events WHERE topic = 'subscriber-registered') AS found

-- name: heads
-- Which version each of these streams has reached: asked only after a conflict, or for outcomes that go wherever the head is.
SELECT s.id, coalesce((SELECT max(e.originator_version) FROM ledger.events e WHERE e.originator_id = s.id), 0)
FROM unnest(%(streams)s::uuid[]) AS s (id)

-- name: lock
-- One append after the other, to the end of the transaction; readers, VACUUM and ANALYZE go on beside it (the library's table lock waits for every
-- VACUUM, and cancels PostgreSQL's own).
SELECT pg_advisory_xact_lock(hashtextextended('ledger.events', 0))

-- name: notify
-- Heard by whoever follows once the append is committed, and not before.
NOTIFY ledger_events

-- name: notify_installation
-- Publications, pauses, and changes of the clock are few: who rests until something is due hears of them in every process.
NOTIFY installation_events

-- name: after
-- The later events of many people in one query: what their folds do not hold yet. LATERAL with its own order is looked up per stream; a plain join
-- walks the whole ledger while its statistics are old, as after an import.
SELECT e.notification_id, e.originator_id, e.originator_version, e.topic, e.state FROM unnest(%(streams)s::uuid[], %(versions)s::bigint[]) AS s (id, version)
CROSS JOIN LATERAL (
    SELECT * FROM ledger.events WHERE originator_id = s.id AND originator_version > s.version ORDER BY originator_version
) AS e
ORDER BY e.originator_id, e.originator_version

-- name: window
-- Some versions of one stream, but for entries of some names: a page of somebody to whom much has happened.
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger.events
WHERE originator_id = %(stream)s AND originator_version > %(after)s AND originator_version <= %(upto)s AND topic <> ALL(%(but)s::text[])
ORDER BY originator_version

-- name: between
-- The ledger in order, for followers and the auditor.
SELECT notification_id, originator_id::text, originator_version, topic, state FROM ledger.events
WHERE notification_id > %(after)s AND notification_id <= %(upto)s ORDER BY notification_id LIMIT %(limit)s

-- name: later
-- A page of the ledger in order, of some names or ({} in `names`) of all. What is read for it is bounded by its positions, since names have no index.
SELECT notification_id, originator_id::text, originator_version, topic, state FROM ledger.events
WHERE notification_id > %(after)s AND notification_id < %(before)s AND (%(names)s::text[] = '{}' OR topic = ANY(%(names)s::text[]))
ORDER BY notification_id LIMIT %(limit)s

-- name: earlier
-- The same backwards, the newest first.
SELECT notification_id, originator_id::text, originator_version, topic, state FROM ledger.events
WHERE notification_id > %(after)s AND notification_id < %(before)s AND (%(names)s::text[] = '{}' OR topic = ANY(%(names)s::text[]))
ORDER BY notification_id DESC LIMIT %(limit)s

-- name: later_of
-- The same of one stream: what is read for it is bounded by what happened to one person.
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger.events
WHERE originator_id = %(stream)s AND notification_id > %(after)s AND notification_id < %(before)s
    AND (%(names)s::text[] = '{}' OR topic = ANY(%(names)s::text[]))
ORDER BY originator_version LIMIT %(limit)s

-- name: earlier_of
-- The same backwards.
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger.events
WHERE originator_id = %(stream)s AND notification_id > %(after)s AND notification_id < %(before)s
    AND (%(names)s::text[] = '{}' OR topic = ANY(%(names)s::text[]))
ORDER BY originator_version DESC LIMIT %(limit)s

-- name: latest
-- The last entries of these names among the last `within`, the newest first: bounded whatever the ledger holds, without an index of names.
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger.events
WHERE notification_id > (SELECT max(notification_id) FROM ledger.events) - %(within)s::bigint AND topic = ANY(%(names)s::text[])
ORDER BY notification_id DESC LIMIT %(limit)s

-- name: at
-- One entry by its position.
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger.events WHERE notification_id = %(position)s

-- name: at_all
-- Entries by their positions: the look-up behind every link.
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger.events WHERE notification_id = ANY(%(positions)s::bigint[])

-- name: bytes
-- One entry exactly as it was written, to be held against a digest.
SELECT state FROM ledger.events WHERE notification_id = %(position)s

-- name: bytes_at_all
-- Many of them, for the proof about one person.
SELECT notification_id, state FROM ledger.events WHERE notification_id = ANY(%(positions)s::bigint[])

-- name: span
-- The ledger person by person, for what is folded from its beginning; a span of streams at a time, up to one position for all.
SELECT notification_id, originator_id::text, originator_version, topic, state FROM ledger.events
WHERE originator_id BETWEEN %(first)s::uuid AND %(last)s::uuid AND notification_id <= %(upto)s ORDER BY ledger.events.originator_id, originator_version
