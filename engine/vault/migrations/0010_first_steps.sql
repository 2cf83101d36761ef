-- Who has put the first steps away is not led through them again.
ALTER TABLE vault.console_account ADD COLUMN first_steps_away boolean NOT NULL DEFAULT false;
