-- name: put_off
-- Letters that wait to be tried again, by the answer that put them off; the one given last first.
SELECT w.provider, w.code, w.enhanced, w.why, count(*), max(w.at), min(a.due)
FROM {delivery}.put_off w JOIN {letters}.letter l USING (message)
JOIN {agenda}.agenda a ON a.subscriber = l.subscriber AND a.key = l.key
WHERE a.kind = 'letter' AND a.letter = l.letter AND a.due > 0
GROUP BY w.provider, w.code, w.enhanced, w.why ORDER BY max(w.at) DESC, w.provider, w.code, w.enhanced, w.why
