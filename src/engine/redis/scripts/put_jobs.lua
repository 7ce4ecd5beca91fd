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
  local declared = call("HGET", jobKey(p.id), "da")
  if declared then return { o = declared == p.declared and "same" or "exists" } end
  if p.claim then
    if tonumber(call("HGET", PREFIX .. "meta", "fence") or "0") >= p.claim then return { o = "void" } end
    raiseSequence(p.claim)
  elseif call("HEXISTS", PREFIX .. "homes", p.id) == 1 then
    return { o = "exists" }
  end
  return { o = "created", generation = storeJob(p.id, p, p.state == "paused" and { "pa", numberText(NOW) }) }
end

local answers = {}
for i, put in ipairs(cjson.decode(ARGV[5])) do answers[i] = putOne(put) end
finish()
return cjson.encode(answers)
