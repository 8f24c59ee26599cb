-- Each channel has its own queue: one that does not answer holds up no other.
DROP INDEX alert_by_due;
CREATE INDEX alert_by_due ON alert (state, channel, due);
