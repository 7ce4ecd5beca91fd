-- Storing a job that is not there yet.

-- `job`: { definition, declared, schedule, state, watermark, pipeline, fields, upcoming }. `more`?: further fields of its hash,
-- in turns with their values.
local function storeJob(id, job, more)
  local sequence, key = nextSequence(), jobKey(id)
  local upcoming, number = job.state == "active" and job.upcoming or {}, numberText(sequence)
  call("HSET", PREFIX .. "defs", id, job.definition)
  call("HSET", key, "rev", number, "gen", number, "st", job.state, "w", numberText(job.watermark), "da", job.declared,
    "sc", job.schedule, "pl", job.pipeline, unpack(job.fields))
  if more then call("HSET", key, unpack(more)) end
  placeNext(id, upcoming)
  local next = upcoming[1]
  -- A number that nobody had before: no queue job can be there.
  if next then writeQueueJob(wakeUpId(id, "", sequence, next.fireAt), job.pipeline, next.dueAt) end
  -- What is left of one that was removed stays.
  if call("ZREM", PREFIX .. "gone", id) == 1 then call("PERSIST", ledgerKey(id)) end
  emit({ name = "JOB_ADDED", jobId = id })
  for i = 1, #job.fields, 2 do
    if job.fields[i] == "cn" then conditions.link(id, nil, cjson.decode(job.fields[i + 1])) end
  end
  -- Others may have waited for a job of this name.
  if call("EXISTS", dependentsKey(id)) == 1 then
    call("HSET", key, "dp", 1)
    pending.wakeDependents(id)
  end
  return sequence
end
