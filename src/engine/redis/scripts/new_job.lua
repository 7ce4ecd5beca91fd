-- Storing a job that is not there yet.

-- `job`: { definition, declared, schedule, state, watermark, pipeline, fields, upcoming }. `more`?: further fields of its hash,
-- in turns with their values.
local function storeJob(id, job, more)
  local sequence, key = nextSequence(), jobKey(id)
  local upcoming = job.state == "active" and job.upcoming or {}
  local number, next, after = numberText(sequence), upcoming[1], upcoming[2]
  call("HSET", PREFIX .. "defs", id, job.definition)
  call("HSET", key, "rev", number, "gen", number, "st", job.state, "w", numberText(job.watermark), "da", job.declared,
    "sc", job.schedule, "pl", job.pipeline, "nf", next and numberText(next.fireAt) or "",
    "nd", next and numberText(next.dueAt) or "", "af", after and numberText(after.fireAt) or "",
    "ad", after and numberText(after.dueAt) or "", unpack(job.fields))
  if more then call("HSET", key, unpack(more)) end
  call("ZADD", PREFIX .. "next", next and numberText(next.dueAt) or "+inf", id)
  if next then writeQueueJob(wakeUpId(id, "", sequence, next.fireAt), job.pipeline, next.dueAt) end
  -- What is left of one that was removed stays.
  if call("ZREM", PREFIX .. "gone", id) == 1 then call("PERSIST", ledgerKey(id)) end
  EVENTS[#EVENTS + 1] = '{"name":"JOB_ADDED","jobId":' .. cjson.encode(id) .. ',"at":' .. numberText(NOW) .. "}"
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
