-- Who is in a segment, and when somebody is looked at again for all of theirs together: an act that puts a look off then changes nothing here.
DROP TABLE vault.segment_state;
CREATE TABLE vault.segment_member (segment text NOT NULL, subscriber uuid NOT NULL, PRIMARY KEY (subscriber, segment));
CREATE INDEX segment_member_by_segment ON vault.segment_member (segment);
-- look: when time alone may change it (ms), or sooner.
CREATE TABLE vault.segment_look (subscriber uuid PRIMARY KEY, look bigint NOT NULL);
CREATE INDEX segment_look_due ON vault.segment_look (look);
-- They are built anew.
DELETE FROM vault.segment_built;
