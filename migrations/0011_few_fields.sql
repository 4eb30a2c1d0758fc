-- oldest-program: 0.2.0
-- Entities of which objective, budgets and details were not told: they stay as they are known.

ALTER TABLE chunk_entities ALTER COLUMN details DROP NOT NULL;
