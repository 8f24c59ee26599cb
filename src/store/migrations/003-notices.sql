-- What a notice is about ("certificate", "domain-soon"): after a restart it is still the same one.

ALTER TABLE incident ADD COLUMN notice TEXT NOT NULL DEFAULT '';
