--[[
put_jobs: stores jobs that do not exist yet. The default queue refuses ids that another queue has claimed; the others take
only jobs whose claim holds.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobs   JSON array: id, definition (JSON text), declared, schedule (digests), state, watermark (epoch ms),
               upcoming [{fireAt,dueAt}] (epoch ms), pipeline, fields (policy and retention as stored),
               by (who adds it),
               changesAt (epoch ms; when something of the job changes by itself)?,
               claim (number)?, on queues other than the default one,
               createdAt (epoch ms), bulk? (the id of the call that adds many),
               isRead (true)?: answer with the job as stored, too
Returns a JSON array with one answer for each job, in order, each with
"job":{"definition":text,"hash":[field,value,…],"running":n,"skips":[as stored]} if it is asked for and there:
  {"o":"created","generation":n}
  {"o":"same"}     a job with an equal declaration exists
  {"o":"exists"}   one with another declaration exists, or another queue has claimed the id; nothing was changed
  {"o":"void"}     the claim was fenced off; claim the id anew
]]
-- The jobs of a call that adds many are one change.
local bulks = {}
local function noteAdded(p, isBack)
  local removed = isBack and call("LINDEX", PREFIX .. "revisions:" .. p.id, 0)
  local before = removed and { revision = 0, state = "removed", ["until"] = p.createdAt, watermark = p.watermark } or nil
  -- What a removed job of this id left may be somebody else's.
  if removed and cjson.decode(removed).owner ~= OWNERS[p.id] then noteHandedOver(p.id) end
  local bulk = p.bulk and bulks[p.bulk]
  if not p.bulk or before then
    changes.keepChange({ by = p.by, what = "added", jobId = p.id, bulk = p.bulk }, before)
  elseif not bulk or not changes.addTo(bulk, { jobId = p.id, owner = OWNERS[p.id] }) then
    if bulk then changes.keepChange(bulk) end
    bulks[p.bulk] = { by = p.by, what = "added", jobId = p.id, owner = OWNERS[p.id], bulk = p.bulk }
  end
end

local function putOne(p)
  local declared = call("HGET", jobKey(p.id), "da")
  if declared then return { o = declared == p.declared and "same" or "exists" } end
  if p.claim then
    if tonumber(call("HGET", PREFIX .. "meta", "fence") or "0") >= p.claim then return { o = "void" } end
    raiseSequence(p.claim)
  elseif call("HEXISTS", PREFIX .. "homes", p.id) == 1 then
    return { o = "exists" }
  end
  local generation, isBack = storeJob(p.id, p, p.state == "paused" and { "pa", numberText(NOW) })
  noteAdded(p, isBack)
  return { o = "created", generation = generation }
end

local answers = {}
local puts = cjson.decode(ARGV[5])
for i, put in ipairs(puts) do answers[i] = putOne(put) end
for _, change in pairs(bulks) do changes.keepChange(change) end
finish()
for i, put in ipairs(puts) do
  local definition = put.isRead and call("HGET", PREFIX .. "defs", put.id)
  if definition then
    local running = call("HLEN", PREFIX .. "running:" .. put.id)
    local skipped = call("ZRANGE", PREFIX .. "skips:" .. put.id, 0, -1)
    answers[i].job = { skips = skipped[1] and skipped, definition = definition, hash = call("HGETALL", jobKey(put.id)), running = running }
  end
end
return cjson.encode(answers)
