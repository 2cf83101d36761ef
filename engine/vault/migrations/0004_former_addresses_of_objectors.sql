-- An objection is a person's: of who has objected, the addresses they had before a correction are barred too, unless somebody else has one by now.
INSERT INTO vault.suppression (address_hash, reason, at)
SELECT former.address_hash, barred.reason, barred.at FROM vault.former_address AS former
JOIN vault.person USING (subscriber) JOIN vault.suppression AS barred ON barred.address_hash = person.address_hash
WHERE barred.reason = 'objected' AND NOT EXISTS (SELECT FROM vault.person AS other WHERE other.address_hash = former.address_hash)
ON CONFLICT DO NOTHING;
