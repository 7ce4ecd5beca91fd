/*
put_jobs: stores jobs that do not exist yet. The default queue refuses ids that another queue has claimed; the others take
only jobs whose claim holds.

puts         JSON array: id, definition (JSON text), declared, schedule (digests), state, watermark (epoch ms),
             upcoming [{fireAt,dueAt}] (epoch ms), pipeline, policy (with retention, condition and owner, as compared here),
             listed (what lists are filtered by), by (who adds it),
             changesAt (epoch ms; when something of the job changes by itself)?,
             claim (number)?, on queues other than the default one,
             createdAt (epoch ms), bulk? (the id of the call that adds many),
             isRead (true)?: answer with the job as stored, too
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns a JSON array with one answer for each job, in order, each with "job" as `written_job` makes it if it is asked for and
there:
  {"o":"created","generation":n}
  {"o":"same"}     a job with an equal declaration exists
  {"o":"exists"}   one with another declaration exists, or another queue has claimed the id; nothing was changed
  {"o":"void"}     the claim was fenced off; claim the id anew
*/
CREATE FUNCTION put_jobs(puts jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  p jsonb;
  place bigint;
  stored text;
  number bigint;
  next jsonb;
  missing jsonb;
  created text[];
  events jsonb[] := '{}';
  added jsonb;
  -- The jobs of a call that adds many are one change.
  bulk jsonb;
  together jsonb;
  removed jsonb;
  answers jsonb := '{}';
BEGIN
  PERFORM lock_claims(true);
  SELECT jsonb_agg(put), array_agg(put ->> 'id') INTO missing, created FROM jsonb_array_elements(puts) AS put
  WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = put ->> 'id');
  -- Usually all exist: the same program starts again.
  IF missing IS NOT NULL THEN
    PERFORM lock_catalog();
    PERFORM lock_jobs(created || ARRAY(
      SELECT unnest(waits_for(put #> '{policy,condition}', (put #>> '{policy,waitMs}')::bigint))
      FROM jsonb_array_elements(missing) AS put));
  END IF;
  created := '{}';
  now_ms := server_now(now_ms);
  FOR p, place IN SELECT value, ordinality FROM jsonb_array_elements(puts) WITH ORDINALITY
    ORDER BY value ->> 'id', ordinality
  LOOP
    number := NULL;
    SELECT declared INTO stored FROM jobs WHERE id = p ->> 'id';
    IF NOT FOUND AND p ? 'claim' AND EXISTS (SELECT 1 FROM fence WHERE claim >= (p ->> 'claim')::bigint) THEN
      answers := answers || jsonb_build_object(place::text, '{"o":"void"}'::jsonb);
      CONTINUE;
    END IF;
    IF stored IS NULL AND (p ? 'claim' OR NOT EXISTS (SELECT 1 FROM homes WHERE job_id = p ->> 'id')) THEN
      -- Removed since the look above: the whole call is repeated, with its locks.
      IF missing IS NULL THEN RAISE serialization_failure; END IF;
      next := CASE p ->> 'state' WHEN 'active' THEN p #> '{upcoming,0}' END;
      INSERT INTO jobs (id, pipeline, definition, declared, schedule, revision, generation, state, watermark,
        next_fire_at, next_due_at, max_instances, is_coalescing, grace_ms, max_catch_up, condition, sees, wait_ms,
        overlap, group_key, group_limit, pause_after, keep_count, keep_age_ms, paused_at, owner)
      SELECT p ->> 'id', p ->> 'pipeline', p ->> 'definition', p ->> 'declared', p ->> 'schedule', n, n, p ->> 'state',
        (p ->> 'watermark')::bigint, (next ->> 'fireAt')::bigint, (next ->> 'dueAt')::bigint,
        (p #>> '{policy,maxInstances}')::integer, (p #>> '{policy,coalesce}')::boolean,
        (p #>> '{policy,graceMs}')::bigint, (p #>> '{policy,maxCatchUp}')::integer,
        p #> '{policy,condition}', p #> '{policy,sees}', (p #>> '{policy,waitMs}')::bigint, p #>> '{policy,overlap}',
        p #>> '{policy,groupKey}', (p #>> '{policy,groupLimit}')::integer, (p #>> '{policy,pauseAfter}')::integer,
        (p #>> '{policy,keepCount}')::integer, (p #>> '{policy,keepAgeMs}')::bigint,
        CASE p ->> 'state' WHEN 'paused' THEN now_ms END, p #>> '{policy,owner}'
      FROM nextval('{{fleet_numbers}}') AS n
      ON CONFLICT DO NOTHING RETURNING generation INTO number;
      IF number IS NULL THEN SELECT declared INTO stored FROM jobs WHERE id = p ->> 'id'; END IF;
    END IF;
    IF number IS NOT NULL THEN
      PERFORM list_job(p ->> 'id', p ->> 'pipeline', p -> 'listed');
      IF p ->> 'state' = 'active' THEN
        PERFORM add_next(p ->> 'id', p ->> 'pipeline', number, p -> 'upcoming', now_ms);
      END IF;
      PERFORM note_timed(p ->> 'id', (p ->> 'changesAt')::bigint);
      added := jsonb_build_object('by', p -> 'by', 'what', 'added', 'jobId', p -> 'id', 'bulk', p -> 'bulk')
        || owner_field(p #>> '{policy,owner}');
      UPDATE ledgers SET expires_at = NULL WHERE job_id = p ->> 'id';
      removed := NULL;
      IF FOUND THEN SELECT entry INTO removed FROM revisions WHERE job_id = p ->> 'id' ORDER BY id DESC LIMIT 1; END IF;
      IF removed IS NOT NULL THEN
        -- What a removed job of this id left may be somebody else's.
        IF removed ->> 'owner' IS DISTINCT FROM p #>> '{policy,owner}' THEN
          UPDATE jobs SET handed_over = jsonb_build_object('at', now_ms, 'counts', '{}'::jsonb) WHERE id = p ->> 'id';
        END IF;
        PERFORM keep_change(added, jsonb_build_object('revision', 0, 'state', 'removed', 'until', p -> 'createdAt',
          'watermark', p -> 'watermark'), now_ms);
      ELSIF NOT p ? 'bulk' THEN
        PERFORM keep_change(added, NULL, now_ms);
      ELSE
        together := add_to(bulk, added);
        IF bulk IS NOT NULL AND together IS NULL THEN PERFORM keep_change(bulk, NULL, now_ms); END IF;
        bulk := COALESCE(together, added);
      END IF;
      IF p #> '{policy,condition}' IS NOT NULL THEN
        PERFORM link_condition(p ->> 'id', p #> '{policy,condition}', (p #>> '{policy,waitMs}')::bigint);
      END IF;
      created := created || (p ->> 'id');
      events := events || (jsonb_build_object('name', 'JOB_ADDED', 'at', now_ms, 'jobId', p ->> 'id', 'by', p -> 'by')
        || owner_field(p #>> '{policy,owner}'));
      answers := answers || jsonb_build_object(place::text, jsonb_build_object('o', 'created', 'generation', number));
    ELSE
      answers := answers || jsonb_build_object(place::text,
        jsonb_build_object('o', CASE WHEN stored = p ->> 'declared' THEN 'same' ELSE 'exists' END));
    END IF;
  END LOOP;
  PERFORM wake_dependents(created, now_ms);
  IF bulk IS NOT NULL THEN PERFORM keep_change(bulk, NULL, now_ms); END IF;
  PERFORM append_entry(events, max_entries);
  RETURN (SELECT jsonb_agg(value || CASE WHEN jobs.id IS NULL THEN '{}' ELSE jsonb_build_object('job', written_job(jobs)) END
    ORDER BY key::bigint)
    FROM jsonb_each(answers) LEFT JOIN jobs
    ON puts -> (key::integer - 1) ? 'isRead' AND jobs.id = puts -> (key::integer - 1) ->> 'id');
END
$$;
