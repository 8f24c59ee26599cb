-- What a watch keeps. Times are milliseconds since 1970, UTC; durations microseconds; lists JSON.
-- Written in PostgreSQL's words; src/store/schema.cpp says how SQLite reads it.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE target (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  team TEXT NOT NULL,
  tags TEXT NOT NULL,
  owner TEXT NOT NULL,
  source TEXT NOT NULL,
  spec TEXT NOT NULL,
  paused BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  removed BIGINT
);

CREATE TABLE target_state (
  target TEXT PRIMARY KEY,
  outcome TEXT NOT NULL,
  since BIGINT NOT NULL,
  checked BIGINT NOT NULL,
  failure TEXT NOT NULL,
  status BIGINT NOT NULL,
  address TEXT NOT NULL,
  detail TEXT NOT NULL,
  elapsed BIGINT NOT NULL,
  certificate_until BIGINT,
  facts TEXT NOT NULL
);

CREATE TABLE transition (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target TEXT NOT NULL,
  vantage TEXT NOT NULL,
  at BIGINT NOT NULL,
  before TEXT NOT NULL,
  outcome TEXT NOT NULL,
  failure TEXT NOT NULL,
  status BIGINT NOT NULL,
  address TEXT NOT NULL,
  elapsed BIGINT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX transition_by_target ON transition (target, at);
CREATE INDEX transition_by_time ON transition (at);

CREATE TABLE rollup (
  target TEXT NOT NULL,
  vantage TEXT NOT NULL,
  span BIGINT NOT NULL,
  start BIGINT NOT NULL,
  ok BIGINT NOT NULL,
  degraded BIGINT NOT NULL,
  down BIGINT NOT NULL,
  unknown BIGINT NOT NULL,
  total_sum BIGINT NOT NULL,
  total_min BIGINT NOT NULL,
  total_max BIGINT NOT NULL,
  resolve_sum BIGINT NOT NULL,
  connect_sum BIGINT NOT NULL,
  secure_sum BIGINT NOT NULL,
  wait_sum BIGINT NOT NULL,
  PRIMARY KEY (span, target, start, vantage)
);
CREATE INDEX rollup_by_time ON rollup (span, start);

CREATE TABLE incident (
  id TEXT PRIMARY KEY,
  severity TEXT NOT NULL,
  title TEXT NOT NULL,
  cause TEXT NOT NULL,
  owner TEXT NOT NULL,
  failure TEXT NOT NULL,
  code BIGINT NOT NULL,
  sentence TEXT NOT NULL,
  shared_kind TEXT NOT NULL,
  shared_value TEXT NOT NULL,
  shared_all BIGINT NOT NULL,
  shared_failing BIGINT NOT NULL,
  expected_share DOUBLE PRECISION NOT NULL,
  first_failed BIGINT NOT NULL,
  opened BIGINT NOT NULL,
  closed BIGINT,
  acknowledged BIGINT,
  acknowledged_by TEXT NOT NULL,
  merged_into TEXT NOT NULL,
  diagnosis TEXT NOT NULL,
  updated BIGINT NOT NULL
);
CREATE INDEX incident_by_opened ON incident (opened);
CREATE INDEX incident_by_closed ON incident (closed);

CREATE TABLE incident_member (
  incident TEXT NOT NULL,
  target TEXT NOT NULL,
  since BIGINT NOT NULL,
  until BIGINT,
  failure TEXT NOT NULL,
  PRIMARY KEY (incident, target, since)
);
CREATE INDEX incident_member_by_target ON incident_member (target, since);

CREATE TABLE incident_event (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX incident_event_by_incident ON incident_event (incident, id);

CREATE TABLE document (
  id TEXT PRIMARY KEY,
  incident TEXT NOT NULL,
  target TEXT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX document_by_incident ON document (incident);
CREATE INDEX document_by_target ON document (target, at);

CREATE TABLE alert (
  id TEXT PRIMARY KEY,
  token TEXT NOT NULL UNIQUE,
  incident TEXT NOT NULL,
  channel TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  due BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  sent BIGINT,
  reason TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX alert_by_due ON alert (state, due);
CREATE INDEX alert_by_incident ON alert (incident);

CREATE TABLE delivery (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert TEXT NOT NULL,
  channel TEXT NOT NULL,
  at BIGINT NOT NULL,
  ok BIGINT NOT NULL,
  elapsed BIGINT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX delivery_by_alert ON delivery (alert);
CREATE INDEX delivery_by_time ON delivery (at);

CREATE TABLE maintenance (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  zone TEXT NOT NULL,
  starts TEXT NOT NULL,
  minutes BIGINT NOT NULL,
  repeats TEXT NOT NULL,
  until TEXT NOT NULL,
  targets TEXT NOT NULL,
  teams TEXT NOT NULL,
  tags TEXT NOT NULL,
  note TEXT NOT NULL,
  source TEXT NOT NULL,
  author TEXT NOT NULL,
  created BIGINT NOT NULL,
  removed BIGINT
);

CREATE TABLE blind (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  vantage TEXT NOT NULL,
  since BIGINT NOT NULL,
  until BIGINT,
  reason TEXT NOT NULL
);
CREATE INDEX blind_by_time ON blind (since);

CREATE TABLE beat (
  target TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  ok BIGINT NOT NULL,
  note TEXT NOT NULL
);

CREATE TABLE remedy (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target TEXT NOT NULL,
  incident TEXT NOT NULL,
  name TEXT NOT NULL,
  at BIGINT NOT NULL,
  dry BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX remedy_by_target ON remedy (target, at);

CREATE TABLE vantage (
  name TEXT PRIMARY KEY,
  seen BIGINT NOT NULL,
  addresses TEXT NOT NULL,
  state TEXT NOT NULL,
  detail TEXT NOT NULL
);
