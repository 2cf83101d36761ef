-- name: create
-- Everything here may be lost without losing a fact. Times are wall clock (docs/design.md, Two clocks) unless a column says engine. What is compared with
-- a column of an index is `statement_timestamp()`: `clock_timestamp()` may be another at each row, so no index is asked with it.
CREATE TABLE IF NOT EXISTS desk.clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch_wall bigint NOT NULL, epoch_engine bigint NOT NULL, rate integer NOT NULL);
ALTER TABLE desk.clock ADD COLUMN IF NOT EXISTS trial_since bigint, ADD COLUMN IF NOT EXISTS trial_over_people boolean;
-- What senders lease. `desk.taken`, which had a row for each letter, stands for senders of 0.1.0 until none is heard of: engine/store/migrate.sql.
CREATE TABLE IF NOT EXISTS desk.bucket (bucket smallint PRIMARY KEY, sender text NOT NULL DEFAULT '', until timestamptz NOT NULL DEFAULT 'epoch');
CREATE TABLE IF NOT EXISTS desk.taking (sender text PRIMARY KEY, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS desk.nonce (nonce text PRIMARY KEY, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS desk.attempt (key text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS attempt_key ON desk.attempt (key, at);
CREATE INDEX IF NOT EXISTS attempt_at ON desk.attempt (at);
CREATE TABLE IF NOT EXISTS desk.api_key (
    id text PRIMARY KEY, hash bytea NOT NULL UNIQUE, name text NOT NULL, scopes text NOT NULL, created timestamptz NOT NULL DEFAULT now(),
    last_used timestamptz, revoked timestamptz);
ALTER TABLE desk.api_key ADD COLUMN IF NOT EXISTS expires timestamptz;
CREATE TABLE IF NOT EXISTS desk.idempotency (
    name text PRIMARY KEY, call text NOT NULL, done boolean NOT NULL DEFAULT false, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX IF NOT EXISTS idempotency_at ON desk.idempotency (at);
CREATE TABLE IF NOT EXISTS desk.stuck (
    subscriber uuid NOT NULL, key text NOT NULL, why text NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (subscriber, key));
ALTER TABLE desk.stuck ALTER COLUMN why SET STATISTICS 0;
ALTER TABLE desk.stuck ADD COLUMN IF NOT EXISTS until timestamptz NOT NULL DEFAULT 'epoch';
CREATE TABLE IF NOT EXISTS desk.shown (
    message text NOT NULL, link smallint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(), asked boolean NOT NULL,
    pressed boolean NOT NULL DEFAULT false, PRIMARY KEY (message, link));
CREATE INDEX IF NOT EXISTS shown_at ON desk.shown (at);
ALTER TABLE desk.shown ADD COLUMN IF NOT EXISTS robot boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS networks text[] NOT NULL DEFAULT '{}', ADD COLUMN IF NOT EXISTS since timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX IF NOT EXISTS shown_networks ON desk.shown (since) WHERE networks <> '{}';
CREATE TABLE IF NOT EXISTS desk.visitor (
    visitor text PRIMARY KEY, message text NOT NULL, link smallint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(), hurried timestamptz);
CREATE TABLE IF NOT EXISTS desk.mark (name text PRIMARY KEY, engine_at bigint NOT NULL, position bigint NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS desk.process (
    id text PRIMARY KEY, host text NOT NULL, pid integer NOT NULL, parts text[] NOT NULL, since timestamptz NOT NULL, seen timestamptz NOT NULL);
ALTER TABLE desk.process ADD COLUMN IF NOT EXISTS clock bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS heard_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN IF NOT EXISTS version text NOT NULL DEFAULT '0.1.0';
CREATE TABLE IF NOT EXISTS desk.release (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), version text NOT NULL, fingerprint text NOT NULL, minimum text NOT NULL);
CREATE TABLE IF NOT EXISTS desk.approved (
    sender text NOT NULL, slot integer NOT NULL, term bigint NOT NULL, messages uuid[] NOT NULL, at timestamptz NOT NULL,
    PRIMARY KEY (sender, slot)) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS desk.secret (name text PRIMARY KEY, fingerprint text NOT NULL);
CREATE TABLE IF NOT EXISTS desk.trouble (
    process text NOT NULL, what text NOT NULL, why text NOT NULL, since timestamptz NOT NULL, PRIMARY KEY (process, what));
CREATE TABLE IF NOT EXISTS desk.segment_edge (
    subscriber uuid NOT NULL, segment text NOT NULL, entered boolean NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (subscriber, segment));
CREATE INDEX IF NOT EXISTS segment_edge_at ON desk.segment_edge (at);
CREATE TABLE IF NOT EXISTS desk.visited (
    letter text NOT NULL, kind text NOT NULL, link text NOT NULL, week integer NOT NULL, visits bigint NOT NULL, people bigint NOT NULL,
    PRIMARY KEY (letter, kind, link, week));
CREATE INDEX IF NOT EXISTS visited_week ON desk.visited (week);
CREATE TABLE IF NOT EXISTS desk.console_session (
    token bytea PRIMARY KEY, id text NOT NULL UNIQUE, account text NOT NULL, enrols boolean NOT NULL, way text NOT NULL, browser text NOT NULL,
    notice text NOT NULL DEFAULT '',    since timestamptz NOT NULL DEFAULT clock_timestamp(), seen timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX IF NOT EXISTS console_session_account ON desk.console_session (account);
CREATE TABLE IF NOT EXISTS desk.console_token (
    token bytea PRIMARY KEY, kind text NOT NULL, account text NOT NULL, value text NOT NULL, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS desk.operation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(), well boolean NOT NULL,
    position bigint NOT NULL, octets bigint NOT NULL, place text NOT NULL, copy text NOT NULL, faults bigint NOT NULL, why text NOT NULL);
CREATE TABLE IF NOT EXISTS desk.dmarc (
    organisation text NOT NULL, report text NOT NULL, domain text NOT NULL, begins bigint NOT NULL, source text NOT NULL, aligned boolean NOT NULL,
    disposition text NOT NULL, letters bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (organisation, report, source, aligned, disposition));
CREATE TABLE IF NOT EXISTS desk.provider (
    provider text PRIMARY KEY, tokens double precision NOT NULL DEFAULT 0, filled timestamptz NOT NULL DEFAULT clock_timestamp(),
    let_through bigint NOT NULL DEFAULT 0, leases jsonb NOT NULL DEFAULT '{}', held_until timestamptz NOT NULL DEFAULT '-infinity',
    slow_until timestamptz NOT NULL DEFAULT '-infinity', rule text NOT NULL DEFAULT '', ruled timestamptz, to_mend boolean NOT NULL DEFAULT false);
CREATE TABLE IF NOT EXISTS desk.warm_up (
    identity text NOT NULL, provider text NOT NULL, day integer NOT NULL DEFAULT 0, days integer NOT NULL DEFAULT 0, sent bigint NOT NULL DEFAULT 0,
    stepped boolean NOT NULL DEFAULT false, PRIMARY KEY (identity, provider));
CREATE TABLE IF NOT EXISTS desk.provider_reply (provider text NOT NULL, rule text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX IF NOT EXISTS provider_reply_seen ON desk.provider_reply (provider, rule, at);
CREATE INDEX IF NOT EXISTS provider_reply_at ON desk.provider_reply (at);
CREATE TABLE IF NOT EXISTS desk.waiting (
    subscriber uuid NOT NULL, key text NOT NULL, provider text NOT NULL, urgent boolean NOT NULL, due bigint NOT NULL, list integer NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (subscriber, key));
CREATE INDEX IF NOT EXISTS waiting_since ON desk.waiting (since);
CREATE INDEX IF NOT EXISTS waiting_by_provider ON desk.waiting (provider, urgent DESC, due, subscriber);
CREATE TABLE IF NOT EXISTS desk.count (name text NOT NULL, day date NOT NULL, n bigint NOT NULL, PRIMARY KEY (name, day));
CREATE TABLE IF NOT EXISTS desk.total (name text NOT NULL, label text NOT NULL, n bigint NOT NULL, PRIMARY KEY (name, label)) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS desk.inbox (
    mailbox text PRIMARY KEY, holder text NOT NULL, until timestamptz NOT NULL, uid_validity bigint NOT NULL DEFAULT 0, uid bigint NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS desk.webhook_call (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, webhook text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(), trust text NOT NULL,
    refusal text NOT NULL, facts text[] NOT NULL, outcomes text[] NOT NULL, subscribers text[] NOT NULL);
CREATE INDEX IF NOT EXISTS webhook_call_at ON desk.webhook_call (at);
CREATE INDEX IF NOT EXISTS webhook_call_within ON desk.webhook_call (webhook, (refusal <> '' OR trust = 'none'), id);
CREATE TABLE IF NOT EXISTS desk.awaited_order (
    number bytea NOT NULL, identity text NOT NULL, kind text NOT NULL, trust text NOT NULL, amount bigint NOT NULL, currency text NOT NULL,
    products text[] NOT NULL, occurred_at bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (number, identity));
CREATE INDEX IF NOT EXISTS awaited_order_identity ON desk.awaited_order (identity);
CREATE INDEX IF NOT EXISTS awaited_order_at ON desk.awaited_order (at);
CREATE TABLE IF NOT EXISTS desk.robot (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), form text NOT NULL, way text NOT NULL, address text NOT NULL, step text NOT NULL, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS desk.robot_mail (digest bytea PRIMARY KEY, octets bytea NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE IF NOT EXISTS desk.hook (
    name text PRIMARY KEY, position bigint NOT NULL, turn bigint NOT NULL DEFAULT 0, failing bigint[] NOT NULL DEFAULT '{}',
    failing_since bigint NOT NULL DEFAULT 0, probes integer NOT NULL DEFAULT 0, next_try bigint NOT NULL DEFAULT 0, off text NOT NULL DEFAULT '',
    off_at bigint NOT NULL DEFAULT 0, delivered bigint NOT NULL DEFAULT 0, failures bigint NOT NULL DEFAULT 0, given_up bigint NOT NULL DEFAULT 0,
    answered_at bigint NOT NULL DEFAULT 0, answer text NOT NULL DEFAULT '', seen bigint NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS desk.hook_retry (
    hook text NOT NULL, position bigint NOT NULL, tries integer NOT NULL, next_try bigint, tried_at bigint NOT NULL, answer text NOT NULL,
    PRIMARY KEY (hook, position));
CREATE TABLE IF NOT EXISTS desk.segment_count (segment text NOT NULL, engine_day date NOT NULL, n bigint NOT NULL, PRIMARY KEY (segment, engine_day))

-- name: clock
-- All processes agree on the engine's time because they all compute it from this one row.
SELECT epoch_wall, epoch_engine, rate, trial_since, coalesce(trial_over_people, false) FROM desk.clock

-- name: set_clock
-- A change of speed begins a new epoch where the old one stands, so engine time never jumps and never goes back.
INSERT INTO desk.clock (epoch_wall, epoch_engine, rate) VALUES (%(wall)s, %(engine)s, %(rate)s)
ON CONFLICT (one) DO UPDATE SET epoch_wall = excluded.epoch_wall, epoch_engine = excluded.epoch_engine, rate = excluded.rate

-- name: begin_trial
-- Once, and by whoever is first: what came before it stays known as what it was.
UPDATE desk.clock SET trial_since = %(since)s, trial_over_people = %(over_people)s WHERE trial_since IS NULL

-- name: release_waiting
-- Where nothing is shaped any more, or a ledger was put back, what waited for a provider is due like everything else.
DELETE FROM desk.waiting

-- name: forget_approved
-- As long as the journals of senders that ended are kept: whatever they left begun was met long before.
DELETE FROM desk.approved a WHERE at < statement_timestamp() - interval '7 days' AND NOT EXISTS (SELECT FROM desk.process p WHERE p.id = a.sender)

-- name: forget_waiting
-- What has waited for six hours is taken anew, where it is still to leave: its provider may be one no more.
DELETE FROM desk.waiting WHERE since < statement_timestamp() - interval '6 hours'

-- name: forget_replies
-- No rule looks further back than a day.
DELETE FROM desk.provider_reply WHERE at < statement_timestamp() - interval '1 day'

-- name: spend_nonces
-- A page's nonce is spent once; a second time means the same form was sent twice, which is harmless but not a new act. This waits for no disk: the log
-- is written in order, so once the act is safe, its nonce is.
INSERT INTO desk.nonce (nonce, until) SELECT nonce, clock_timestamp() + interval '1 hour' FROM unnest(%(nonces)s::text[]) AS n (nonce)
WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
ON CONFLICT DO NOTHING RETURNING nonce

-- name: forget_nonces
-- Nonces live an hour.
DELETE FROM desk.nonce WHERE until < clock_timestamp()

-- name: hold_attempts
-- Two attempts under one key, on whichever hosts, count one after the other: otherwise ten at once would all see room for one.
SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, 7))

-- name: attempts
-- How often something was tried lately, for limits.
SELECT count(*) FROM desk.attempt WHERE key = %(key)s AND at > statement_timestamp() - %(seconds)s * interval '1 second'

-- name: note_attempt
-- Keys are keyed hashes: neither address nor IP stands here in clear.
INSERT INTO desk.attempt (key, at) VALUES (%(key)s, clock_timestamp())

-- name: held
-- What waits for its turn is noted at the time of its turn; the last one says until when.
SELECT count(*), coalesce(extract(epoch FROM max(at) - clock_timestamp()), 0) FROM desk.attempt WHERE key = %(key)s AND at > statement_timestamp()

-- name: note_held
-- See held.
INSERT INTO desk.attempt (key, at) VALUES (%(key)s, clock_timestamp() + %(seconds)s * interval '1 second')

-- name: count
-- A number a day, whatever comes: robots fill no table.
INSERT INTO desk.count (name, day, n) VALUES (%(name)s, current_date, %(n)s) ON CONFLICT (name, day) DO UPDATE SET n = count.n + excluded.n

-- name: add_totals
-- Numbers that only grow, for a monitor. They wait for no disk: no fact is among them. `names` come sorted, so that no two senders wait for each other.
INSERT INTO desk.total AS known (name, label, n) SELECT * FROM unnest(%(names)s::text[], %(labels)s::text[], %(n)s::bigint[])
WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
ON CONFLICT (name, label) DO UPDATE SET n = known.n + excluded.n

-- name: totals
-- A few dozen rows, however long anything has run.
SELECT name, label, n FROM desk.total

-- name: counted
-- See count.
SELECT coalesce(sum(n), 0) FROM desk.count WHERE name = %(name)s AND day > current_date - %(days)s::integer

-- name: counted_by_week
-- See count.
SELECT name, date_trunc('week', day)::date, sum(n)::bigint FROM desk.count WHERE name = ANY(%(names)s::text[]) GROUP BY 1, 2

-- name: forget_counts
-- Long enough to compare two months.
DELETE FROM desk.count WHERE day < current_date - 62

-- name: forget_attempts
-- The longest window is thirty days.
DELETE FROM desk.attempt WHERE at < statement_timestamp() - interval '31 days'

-- name: add_key
-- Only the hash of a key is kept; the key is shown once (G17).
INSERT INTO desk.api_key (id, hash, name, scopes, expires) VALUES (%(id)s, %(hash)s, %(name)s, %(scopes)s, %(expires)s)

-- name: find_key
-- Looked up by hash, so comparing is not our business. One that has expired is found, to be told so, and not used.
UPDATE desk.api_key SET last_used = CASE WHEN expires <= clock_timestamp() THEN last_used ELSE clock_timestamp() END
WHERE hash = %(hash)s AND revoked IS NULL RETURNING id, name, scopes, CASE WHEN expires <= clock_timestamp() THEN expires END

-- name: list_keys
-- What keys there are, never the keys.
SELECT id, name, scopes, created, last_used, revoked, expires FROM desk.api_key ORDER BY created

-- name: expiring_keys
-- Those in use that expire within so many seconds, or did within as many; how many seconds are left, negative afterwards.
SELECT id, name, extract(epoch FROM expires - clock_timestamp())::float8 FROM desk.api_key
WHERE revoked IS NULL AND abs(extract(epoch FROM expires - clock_timestamp())) < %(seconds)s ORDER BY expires

-- name: revoke_key
-- A revoked key stays listed.
UPDATE desk.api_key SET revoked = clock_timestamp() WHERE id = %(id)s AND revoked IS NULL

-- name: bind_call
-- The first call under an idempotency key owns it; both are keyed hashes. Of two at once the second waits here and reads the first. It waits for no
-- disk: the ledger knows a call again by itself.
INSERT INTO desk.idempotency (name, call) SELECT %(name)s, %(call)s WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING call, done

-- name: call_done
-- From now on the same call is known to have been carried out. Written whole: its row may have been freed by a twin that was refused.
INSERT INTO desk.idempotency (name, call, done) SELECT %(name)s, %(call)s, true WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
ON CONFLICT (name) DO UPDATE SET done = true WHERE idempotency.call = excluded.call AND NOT idempotency.done

-- name: free_call
-- A refused call did nothing: put right, it may come under the same key.
DELETE FROM desk.idempotency WHERE name = %(name)s AND call = %(call)s AND NOT done

-- name: forget_calls
-- Thirty days are promised.
DELETE FROM desk.idempotency WHERE at < statement_timestamp() - interval '31 days'

-- name: stick
-- Set aside with its reason, so that one bad row never holds up the others.
INSERT INTO desk.stuck (subscriber, key, why, until)
VALUES (%(subscriber)s, %(key)s, %(why)s, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (subscriber, key) DO UPDATE SET why = excluded.why, at = clock_timestamp(), until = excluded.until

-- name: stuck
-- The screen that says what is stuck.
SELECT subscriber, key, why, at FROM desk.stuck ORDER BY at DESC LIMIT %(limit)s

-- name: any_stuck
-- Mostly nothing is: every round asks, and hands its rows over only then.
SELECT EXISTS (SELECT FROM desk.stuck)

-- name: unstick
-- What has gone through is no longer stuck.
DELETE FROM desk.stuck WHERE (subscriber, key) IN (SELECT * FROM unnest(%(subscribers)s::uuid[], %(keys)s::text[]))

-- name: settle_stuck
-- An operator has seen to it; whatever is still wrong comes back.
DELETE FROM desk.stuck

-- name: forget_stuck
-- What nothing has come of for so long has been left, answered or erased in the meantime.
DELETE FROM desk.stuck WHERE at < clock_timestamp() - interval '30 days'

-- name: set_mark
-- When the sender last ticked, how far the ledger was: an outage is seen by this.
INSERT INTO desk.mark (name, engine_at, position) VALUES (%(name)s, %(engine_at)s, %(position)s)
ON CONFLICT (name) DO UPDATE SET engine_at = excluded.engine_at, position = excluded.position

-- name: compare_and_set_mark
-- For what one of several hosts does: whoever read what stands there may write, and who comes second has read what no longer stands.
INSERT INTO desk.mark (name, engine_at, position) SELECT %(name)s, %(engine_at)s, %(position)s
WHERE %(held_engine_at)s = 0 AND %(held_position)s = 0 OR EXISTS (SELECT FROM desk.mark WHERE name = %(name)s)
ON CONFLICT (name) DO UPDATE SET engine_at = excluded.engine_at, position = excluded.position
WHERE (desk.mark.engine_at, desk.mark.position) = (%(held_engine_at)s, %(held_position)s)

-- name: mark
-- See set_mark.
SELECT engine_at, position FROM desk.mark WHERE name = %(name)s

-- name: note_shown
-- Pages of links were fetched. Which other links of the same letter ever were tells a robot that tries them all (C03), and so does one link fetched from
-- three networks within two minutes; networks are keyed hashes, and stay for minutes. It is kept for counting, and waits for no disk.
INSERT INTO desk.shown (message, link, asked, robot, networks)
SELECT message, link, asked, robot OR cardinality(networks) > 2, networks FROM (
    SELECT message, link, asked, robot, string_to_array(networks, ' ') FROM unnest(
        %(messages)s::text[], %(links)s::smallint[], %(asked)s::boolean[], %(robots)s::boolean[], %(networks)s::text[])
        AS n (message, link, asked, robot, networks)) AS page (message, link, asked, robot, networks)
WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
ON CONFLICT (message, link) DO UPDATE SET at = clock_timestamp(), asked = shown.asked OR excluded.asked,
    robot = shown.robot OR excluded.robot OR (shown.since > clock_timestamp() - interval '2 minutes'
        AND (SELECT count(DISTINCT n) FROM unnest(shown.networks || excluded.networks) AS n) > 2),
    networks = CASE WHEN shown.since > clock_timestamp() - interval '2 minutes'
        THEN ARRAY(SELECT DISTINCT n FROM unnest(shown.networks || excluded.networks) AS n LIMIT 3) ELSE excluded.networks END,
    since = CASE WHEN shown.since > clock_timestamp() - interval '2 minutes' THEN shown.since ELSE clock_timestamp() END
RETURNING message, link, pressed, ARRAY(SELECT other.link FROM desk.shown other WHERE other.message = shown.message AND other.link <> shown.link),
    robot OR EXISTS (SELECT FROM desk.shown other WHERE other.message = shown.message AND other.robot)

-- name: note_visitors
-- Who opened which page last, as a keyed hash: two different ones within ten seconds, and this visitor is in a hurry for a quarter of an hour.
INSERT INTO desk.visitor (visitor, message, link, hurried)
SELECT visitor, message, link, CASE WHEN several THEN clock_timestamp() END
FROM unnest(%(visitors)s::text[], %(messages)s::text[], %(links)s::smallint[], %(several)s::boolean[]) AS v (visitor, message, link, several)
WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
ON CONFLICT (visitor) DO UPDATE SET message = excluded.message, link = excluded.link, at = clock_timestamp(),
    hurried = CASE WHEN excluded.hurried IS NOT NULL OR (visitor.at > clock_timestamp() - interval '10 seconds'
        AND (visitor.message, visitor.link) <> (excluded.message, excluded.link)) THEN clock_timestamp() ELSE visitor.hurried END
RETURNING visitor, coalesce(hurried > clock_timestamp() - interval '15 minutes', false)

-- name: forget_visitors
-- What is remembered of visitors is for the moment.
DELETE FROM desk.visitor WHERE at < clock_timestamp() - interval '15 minutes'

-- name: forget_networks
-- As above.
UPDATE desk.shown SET networks = '{}' WHERE networks <> '{}' AND since < statement_timestamp() - interval '15 minutes'

-- name: note_pressed
-- Acts came from these links' pages: they are not lost, and the pages no longer act by themselves. As above: a press that a crash makes forgotten is
-- in the ledger all the same.
INSERT INTO desk.shown (message, link, asked, pressed) SELECT *, true, true FROM unnest(%(messages)s::text[], %(links)s::smallint[])
WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
ON CONFLICT (message, link) DO UPDATE SET pressed = true

-- name: lost_messages
-- Letters whose page asked for a press and never got one, for their author; but for those a robot went through link by link. The last half hour may
-- still be pressed.
SELECT DISTINCT message FROM desk.shown WHERE asked AND NOT pressed AND NOT robot AND at < clock_timestamp() - interval '30 minutes'
    AND NOT EXISTS (SELECT FROM desk.shown other WHERE other.message = shown.message AND other.link <> shown.link
        AND (other.pressed OR other.at BETWEEN shown.at - interval '10 seconds' AND shown.at + interval '10 seconds'))

-- name: forget_shown
-- Long enough to compare two months.
DELETE FROM desk.shown WHERE at < statement_timestamp() - interval '60 days'

-- name: keep_segment_counts
-- How many are in each segment on a day (of the engine's time, in the installation's zone): the last count of a day stays.
INSERT INTO desk.segment_count (segment, engine_day, n) SELECT segment, %(day)s, n FROM unnest(%(segments)s::text[], %(counts)s::bigint[]) AS counted (segment, n)
ON CONFLICT (segment, engine_day) DO UPDATE SET n = excluded.n WHERE segment_count.n <> excluded.n

-- name: forget_segment_counts
-- Long enough to see that nobody has entered for ninety days.
DELETE FROM desk.segment_count WHERE engine_day < %(before)s

-- name: segment_counts
-- Of every day that is kept.
SELECT segment, engine_day, n FROM desk.segment_count

-- name: segment_edges
-- Whom rules are to be applied to, oldest first.
SELECT subscriber::text, segment, entered, at FROM desk.segment_edge ORDER BY at LIMIT %(limit)s

-- name: forget_edges
-- Done: unless they have gone the other way meanwhile.
DELETE FROM desk.segment_edge d USING unnest(%(subscribers)s::uuid[], %(segments)s::text[], %(ats)s::timestamptz[]) AS gone (subscriber, segment, at)
WHERE d.subscriber = gone.subscriber AND d.segment = gone.segment AND d.at = gone.at

-- name: count_visits
-- Visits to links of letters, and those that are presumed to be people's, by the week they came in (the engine's; see week_of). Nobody is named.
WITH seen AS (
    SELECT * FROM unnest(%(letters)s::text[], %(kinds)s::text[], %(links)s::text[], %(weeks)s::integer[], %(visits)s::bigint[], %(people)s::bigint[])
        AS s (letter, kind, link, week, visits, people)),
added AS (
    INSERT INTO desk.total AS known (name, label, n)
    SELECT t.name, s.kind, sum(t.n) FROM seen s CROSS JOIN LATERAL (VALUES ('visit', s.visits), ('presumed_human', s.people)) AS t (name, n)
    GROUP BY t.name, s.kind ORDER BY t.name, s.kind
    ON CONFLICT (name, label) DO UPDATE SET n = known.n + excluded.n)
INSERT INTO desk.visited AS known (letter, kind, link, week, visits, people) SELECT * FROM seen
ON CONFLICT (letter, kind, link, week) DO UPDATE SET visits = known.visits + excluded.visits, people = known.people + excluded.people

-- name: visited
-- What was counted of some letters ("" among them: of all; of one matter, or of any for '') in the weeks between two Mondays.
SELECT letter, kind, link, week, visits, people FROM desk.visited
WHERE (letter = ANY(%(letters)s) OR '' = ANY(%(letters)s)) AND week BETWEEN %(since)s AND %(until)s AND (%(key)s = '' OR starts_with(letter, %(key)s || '/'))
ORDER BY letter, kind, link, week

-- name: visited_weeks
-- The same, added up by week: a year of a hundred letters has some twenty thousand rows, and a chart shows fifty-two columns.
SELECT week, sum(visits)::bigint, sum(people)::bigint FROM desk.visited
WHERE (letter = ANY(%(letters)s) OR '' = ANY(%(letters)s)) AND week BETWEEN %(since)s AND %(until)s AND (%(key)s = '' OR starts_with(letter, %(key)s || '/'))
GROUP BY week

-- name: forget_visited
-- Thirteen months, as the law has it for measuring an audience.
DELETE FROM desk.visited WHERE week < %(week)s
