--[[
put_jobs: stores jobs that are not there yet. On the default queue none whose id another queue has claimed; on the others
only those whose claim holds.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobs   JSON array: id, definition (JSON text), declared, schedule (digests), state, watermark (epoch ms),
               upcoming [{fireAt,dueAt}] (epoch ms), pipeline, fields (policy and retention as stored),
               claim (number)? by which it is stored on another queue than the default one
Returns a JSON array with one answer for each job, in order:
  {"o":"created","generation":n}
  {"o":"same"}     a job with an equal declaration is there
  {"o":"exists"}   one with another declaration is there, or the id is another queue's; nothing was changed
  {"o":"void"}     the claim was fenced off; claim the id anew
]]
local function putOne(p)
  local key = jobKey(p.id)
  local declared = call("HGET", key, "da")
  if declared then return { o = declared == p.declared and "same" or "exists" } end
  if p.claim then
    if tonumber(call("HGET", PREFIX .. "meta", "fence") or "0") >= p.claim then return { o = "void" } end
    raiseSequence(p.claim)
  elseif call("HEXISTS", PREFIX .. "homes", p.id) == 1 then
    return { o = "exists" }
  end
  local sequence = nextSequence()
  call("HSET", PREFIX .. "defs", p.id, p.definition)
  call("HSET", key, "rev", sequence, "gen", sequence, "st", p.state, "w", p.watermark, "da", p.declared,
    "sc", p.schedule, "pl", p.pipeline)
  setFields(key, p.fields)
  if p.state == "paused" then call("HSET", key, "pa", NOW) end
  placeNext(p.id, p.state == "active" and p.upcoming or nil)
  if p.state == "active" then addOccurrences(p.id, p.pipeline, sequence, p.upcoming) end
  keepLedger(p.id)
  local condition = call("HGET", key, "cn")
  if condition then conditions.link(p.id, nil, cjson.decode(condition)) end
  -- Others may have waited for a job of this name.
  if call("EXISTS", dependentsKey(p.id)) == 1 then
    call("HSET", key, "dp", 1)
    pending.wakeDependents(p.id)
  end
  emit({ name = "JOB_ADDED", jobId = p.id })
  return { o = "created", generation = sequence }
end

local answers = {}
for i, put in ipairs(cjson.decode(ARGV[5])) do answers[i] = putOne(put) end
finish()
return cjson.encode(answers)
