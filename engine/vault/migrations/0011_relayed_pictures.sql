-- Where a provider's relay loads the picture of a letter to somebody who agreed to be measured, whether they saw it is not known: that much is kept.
ALTER TABLE vault.measured DROP CONSTRAINT measured_act_check,
    ADD CONSTRAINT measured_act_check CHECK (act IN ('clicked', 'opened', 'relayed'));
