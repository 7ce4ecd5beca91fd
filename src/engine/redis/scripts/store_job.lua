-- Stores a job that does not exist yet, and returns its revision, which is its generation too, and whether one of this id was
-- removed and left its ledger or its changes.
-- `job`: { definition, declared, schedule, state, watermark, pipeline, fields, upcoming, by, changesAt? }. `more`?: further fields of
-- its hash, alternating with their values. `verdict`?: of its last run.
local function storeJob(id, job, more, verdict)
  local sequence, key = nextSequence(), jobKey(id)
  local upcoming, number = job.state == "active" and job.upcoming or {}, numberText(sequence)
  call("HSET", PREFIX .. "defs", id, job.definition)
  -- What each run reads and writes comes first: a server searches a small hash from its start.
  call("HSET", key, "gen", number, "st", job.state, "w", numberText(job.watermark), "nf", "", "nd", "", "af", "", "ad", "",
    "rd", "", "rev", number, "pl", job.pipeline, "da", job.declared, "sc", job.schedule, unpack(job.fields))
  if more then call("HSET", key, unpack(more)) end
  placeNext(id, upcoming)
  lists.enter(id, job.definition, job.state, verdict)
  noteTimed(id, job.changesAt)
  local next = upcoming[1]
  -- The number is new, so the queue job can't exist.
  if next then writeQueueJob(queueJobIdOf(id, "", sequence, next.fireAt), job.pipeline, next.dueAt) end
  -- Keeps what a removed job of this id left.
  local isBack = call("ZREM", PREFIX .. "gone", id) == 1
  if isBack then
    for _, kept in ipairs({ ledgerKey(id), cleanedKey(id), daysKey(id), PREFIX .. "revisions:" .. id }) do
      call("PERSIST", kept)
    end
  end
  for i = 1, #job.fields, 2 do
    if job.fields[i] == "ow" then OWNERS[id] = job.fields[i + 1] end
    if job.fields[i] == "cn" then conditions.linkCondition(id, nil, cjson.decode(job.fields[i + 1])) end
  end
  emit({ name = "JOB_ADDED", jobId = id, by = job.by })
  -- Other jobs may have waited for one of this id.
  if call("EXISTS", dependentsKey(id)) == 1 then
    call("HSET", key, "dp", 1)
    wakeups.wakeDependents(id)
  end
  return sequence, isBack
end
