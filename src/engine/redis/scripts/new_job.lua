-- Storing a job that is not there yet.

-- `job`: { definition, declared, schedule, state, watermark, pipeline, fields, upcoming }. `more`: further fields of its hash,
-- in turns with their values.
local function storeJob(id, job, more)
  local sequence, key = nextSequence(), jobKey(id)
  local upcoming = job.state == "active" and job.upcoming or {}
  local number, next, after = numberText(sequence), upcoming[1], upcoming[2]
  local stored = { "rev", number, "gen", number, "st", job.state, "w", numberText(job.watermark), "da", job.declared,
    "sc", job.schedule, "pl", job.pipeline, unpack(more) }
  local condition
  for i = 1, #job.fields, 2 do
    local name, value = job.fields[i], job.fields[i + 1]
    -- Those without a value take no place.
    if value ~= "" then
      stored[#stored + 1] = name
      stored[#stored + 1] = value
    end
    if name == "cn" then condition = optional(value) end
  end
  call("HSET", PREFIX .. "defs", id, job.definition)
  call("HSET", key, "nf", next and numberText(next.fireAt) or "", "nd", next and numberText(next.dueAt) or "",
    "af", after and numberText(after.fireAt) or "", "ad", after and numberText(after.dueAt) or "", unpack(stored))
  call("ZADD", PREFIX .. "next", next and numberText(next.dueAt) or "+inf", id)
  if next then addNext(id, job.pipeline, sequence, upcoming) end
  -- What is left of one that was removed stays.
  if call("ZREM", PREFIX .. "gone", id) == 1 then call("PERSIST", ledgerKey(id)) end
  emit({ name = "JOB_ADDED", jobId = id })
  if condition then conditions.link(id, nil, cjson.decode(condition)) end
  -- Others may have waited for a job of this name.
  if call("EXISTS", dependentsKey(id)) == 1 then
    call("HSET", key, "dp", 1)
    pending.wakeDependents(id)
  end
  return sequence
end
