-- oldest-program: 0.2.0
-- Links of metricx login that were not used yet; of the code itself only a keyed hash is here.

CREATE TABLE logins (
    code_hash  text PRIMARY KEY,
    workspace  text NOT NULL, -- an id, or * for operators
    role       text NOT NULL,
    expires_at timestamptz NOT NULL
);
