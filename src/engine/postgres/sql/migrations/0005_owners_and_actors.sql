-- Whose a job is, and who asked for runs and cancelled them. Actors: {"kind","id","note"?}.

ALTER TABLE jobs ADD COLUMN owner text;

-- The owners whose jobs a condition sees, as a JSON array; null: everybody's.
ALTER TABLE jobs ADD COLUMN sees jsonb;

ALTER TABLE running_runs ADD COLUMN owner text, ADD COLUMN requested_by jsonb, ADD COLUMN cancelled_by jsonb;

ALTER TABLE queued_runs ADD COLUMN requested_by jsonb;

ALTER TABLE run_requests ADD COLUMN requested_by jsonb;

ALTER TABLE ledger ADD COLUMN owner text, ADD COLUMN requested_by jsonb, ADD COLUMN cancelled_by jsonb;
