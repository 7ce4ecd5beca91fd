-- How far an import of another engine's state has come, so that a repeated one continues there.
CREATE TABLE imports (
  id text PRIMARY KEY,
  place bigint NOT NULL,
  ends_at bigint NOT NULL            -- forgotten then
);
