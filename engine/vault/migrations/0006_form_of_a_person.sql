-- The form by which somebody came, where no other source was named: conditions and results ask for it.
ALTER TABLE vault.person ADD COLUMN IF NOT EXISTS form text NOT NULL DEFAULT '';
