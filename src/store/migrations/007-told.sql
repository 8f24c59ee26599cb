-- Whom an incident was told of, and how often it was opened again: a restart must not forget either.
-- `told`: the severity that was told, empty for nobody.
ALTER TABLE incident ADD COLUMN told TEXT NOT NULL DEFAULT '';
ALTER TABLE incident ADD COLUMN round BIGINT NOT NULL DEFAULT 0;
UPDATE incident SET told = severity WHERE closed IS NULL
  AND EXISTS (SELECT 1 FROM alert a WHERE a.incident = incident.id AND a.kind IN ('opened', 'worse'));
