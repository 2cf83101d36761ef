-- name: know
-- A provider's state begins empty: where the desk was lost, what left a moment ago is not known.
INSERT INTO desk.provider (provider) SELECT unnest(%(providers)s::text[]) ON CONFLICT DO NOTHING

-- name: allot
-- Tokens and connections for one batch, all providers at once, as engine/shaping/rates.py computes them. Rows are locked in one order, so that hosts
-- wait for each other and never in a circle; what is read is what the host before left. `lines` are connections: 0 asked gives one's own back.
WITH asked AS (
    SELECT * FROM unnest(%(providers)s::text[], %(letters)s::integer[], %(lines)s::integer[], %(connections)s::integer[], %(bursts)s::integer[],
        %(rates)s::double precision[]) AS a (provider, letters, lines, connections, burst, rate)),
held AS MATERIALIZED (
    SELECT * FROM desk.provider p WHERE p.provider = ANY(%(providers)s::text[]) ORDER BY p.provider FOR UPDATE),
stand AS MATERIALIZED (
    SELECT h.*, a.letters, a.lines, a.connections, a.burst, a.rate, clock_timestamp() AS now FROM held h JOIN asked a USING (provider)),
room AS MATERIALIZED (
    SELECT s.*, slow_until > now AS slowed,
        least(burst, tokens + greatest(0, extract(epoch FROM now - filled)) * rate / CASE WHEN slow_until > now THEN 2 ELSE 1 END) AS there,
        greatest(1, least(connections, 1 + let_through / %(earning)s) - (slow_until > now)::integer)
            - (SELECT coalesce(sum((l.value->>0)::integer), 0) FROM jsonb_each(s.leases) l
               WHERE l.key <> %(sender)s AND (l.value->>1)::double precision > extract(epoch FROM now)) AS free
    FROM stand s),
given AS MATERIALIZED (
    SELECT r.*, CASE WHEN connections = 0 THEN 0 ELSE greatest(0, least(lines, free)) END AS leased,
        CASE WHEN held_until > now OR connections > 0 AND (free <= 0 OR lines <= 0) THEN 0 ELSE least(letters, floor(there)::integer) END AS granted
    FROM room r)
UPDATE desk.provider p SET tokens = g.there - g.granted, filled = greatest(g.filled, g.now),
    let_through = g.let_through + CASE WHEN g.slowed THEN 0 ELSE g.granted END,
    leases = (SELECT coalesce(jsonb_object_agg(l.key, l.value), '{}') FROM jsonb_each(g.leases) l
              WHERE l.key <> %(sender)s AND (l.value->>1)::double precision > extract(epoch FROM g.now))
        || CASE WHEN g.leased > 0 THEN jsonb_build_object(%(sender)s::text, jsonb_build_array(g.leased, extract(epoch FROM g.now) + %(lease)s))
           ELSE '{}' END
FROM given g WHERE p.provider = g.provider
RETURNING p.provider, g.granted, g.leased

-- name: waiting
-- For which providers letters wait.
SELECT provider FROM unnest(%(providers)s::text[]) AS asked (provider) WHERE EXISTS (SELECT FROM desk.waiting w WHERE w.provider = asked.provider)

-- name: leave
-- A sender that has ended holds no connection.
UPDATE desk.provider SET leases = leases - %(sender)s WHERE jsonb_exists(leases, %(sender)s)

-- name: seen
-- How often a rule's reply was seen lately, these included.
WITH seen AS (INSERT INTO desk.provider_reply (provider, rule) SELECT %(provider)s, %(rule)s FROM generate_series(1, %(times)s))
SELECT %(times)s + count(*) FROM desk.provider_reply
WHERE provider = %(provider)s AND rule = %(rule)s AND at > statement_timestamp() - %(within)s * interval '1 second'

-- name: act
-- What a rule asks for. A shorter time never takes the place of a longer one; the connections that were earned are one fewer where it went too fast.
UPDATE desk.provider SET rule = %(rule)s, ruled = clock_timestamp(), to_mend = to_mend OR %(action)s = 'stop',
    held_until = CASE WHEN %(action)s = 'slow' THEN held_until ELSE greatest(held_until, clock_timestamp() + %(seconds)s * interval '1 second') END,
    slow_until = CASE WHEN %(action)s = 'slow' THEN greatest(slow_until, clock_timestamp() + %(seconds)s * interval '1 second') ELSE slow_until END,
    let_through = CASE WHEN %(action)s = 'slow' AND slow_until < clock_timestamp()
        THEN %(earning)s * greatest(0, least(%(connections)s - 1, let_through / %(earning)s) - 1) ELSE let_through END
WHERE provider = %(provider)s

-- name: resume
-- Somebody has mended it, or wants to see whether it is.
UPDATE desk.provider SET held_until = '-infinity', slow_until = '-infinity', to_mend = false
WHERE %(providers)s::text[] IS NULL OR provider = ANY(%(providers)s::text[])

-- name: states
-- How each provider stands: seconds for which it is held and slowed, the rule that did it and for how many seconds it is so, connections, letters waiting.
SELECT p.provider, greatest(0, extract(epoch FROM least(p.held_until, clock_timestamp() + interval '1 year') - clock_timestamp()))::double precision,
    greatest(0, extract(epoch FROM least(p.slow_until, clock_timestamp() + interval '1 year') - clock_timestamp()))::double precision,
    p.rule, coalesce(extract(epoch FROM clock_timestamp() - p.ruled), 0)::double precision, p.to_mend AND p.held_until > clock_timestamp(),
    (SELECT coalesce(sum((l.value->>0)::integer), 0) FROM jsonb_each(p.leases) l WHERE (l.value->>1)::double precision > extract(epoch FROM clock_timestamp())),
    (SELECT count(*) FROM desk.waiting w WHERE w.provider = p.provider), w.days, w.sent
FROM desk.provider p LEFT JOIN LATERAL (
    SELECT days, sent FROM desk.warm_up WHERE provider = p.provider AND day = floor(extract(epoch FROM clock_timestamp()) / 86400)::integer
    ORDER BY days LIMIT 1) w ON true
ORDER BY p.provider

-- name: begin_warm_up
-- An identity that is new to a provider has sent it nothing.
INSERT INTO desk.warm_up (identity, provider) SELECT %(identity)s, unnest(%(providers)s::text[]) ON CONFLICT DO NOTHING

-- name: warm_up
-- What of so many letters may leave today, as engine/shaping/warmup.py computes it. Negative: so many had no token, and may leave later.
WITH asked AS (SELECT * FROM unnest(%(providers)s::text[], %(letters)s::integer[]) AS a (provider, letters)),
held AS MATERIALIZED (
    SELECT * FROM desk.warm_up w WHERE w.identity = %(identity)s AND w.provider = ANY(%(providers)s::text[]) ORDER BY w.provider FOR UPDATE),
today AS MATERIALIZED (
    SELECT h.provider, a.letters, n.day, h.day = n.day AS same,
        CASE WHEN h.day = n.day THEN h.days
             ELSE h.days + (2 * h.sent >= ceil(%(first)s * power(%(growth)s::double precision, least(h.days, %(most)s))))::integer END AS days,
        CASE WHEN h.day = n.day THEN h.sent ELSE 0 END AS sent, h.day = n.day AND h.stepped AS stepped
    FROM held h JOIN asked a USING (provider), (SELECT floor(extract(epoch FROM clock_timestamp()) / 86400)::integer AS day) n),
given AS MATERIALIZED (
    SELECT t.*, greatest(least(0, letters), least(letters, ceil(%(first)s * power(%(growth)s::double precision, least(days, %(most)s)))::bigint - sent))
        AS granted FROM today t)
UPDATE desk.warm_up w SET day = g.day, days = g.days, sent = greatest(0, g.sent + g.granted), stepped = g.stepped
FROM given g WHERE w.identity = %(identity)s AND w.provider = g.provider RETURNING w.provider, g.granted

-- name: step_back
-- Deferrals and complaints say that it went too fast: once a day at most.
UPDATE desk.warm_up SET days = greatest(0, days - %(back)s), stepped = true WHERE provider = ANY(%(providers)s::text[]) AND NOT stepped
