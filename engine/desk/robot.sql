-- name: keep_mail
-- The same mail by two doors is one. Only while a trial is under way, and no more than it could need: anybody may write to the robot.
INSERT INTO desk.robot_mail (digest, octets) SELECT sha256(%(octets)s), %(octets)s
WHERE EXISTS (SELECT FROM desk.robot) AND (SELECT count(*) FROM desk.robot_mail) < %(most)s ON CONFLICT DO NOTHING

-- name: mails
-- In the order in which they came: the confirmation before the letter.
SELECT octets FROM desk.robot_mail ORDER BY at

-- name: forget_mails
-- What came for one trial says nothing about the next.
DELETE FROM desk.robot_mail

-- name: trial
-- How far the trial has come that is under way, and whether it has waited long enough.
SELECT form, way, address, step, until < clock_timestamp() FROM desk.robot

-- name: put_trial
-- One at a time: one address is one person.
INSERT INTO desk.robot (form, way, address, step, until) VALUES (%(form)s, %(way)s, %(address)s, %(step)s, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (one) DO UPDATE SET form = excluded.form, way = excluded.way, address = excluded.address, step = excluded.step, until = excluded.until

-- name: end_trial
-- Its outcome is a fact by now.
DELETE FROM desk.robot
