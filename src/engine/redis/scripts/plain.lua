-- Plain runs: what most runs are, decided and ended with few commands and little text. A job is plain if its rules are
-- (`pn`: no condition, no group, `coalesce`, and `skip` for what overlaps) and nothing but its runs waits (`op`). An
-- occurrence of it is plain if it is the next one and the one after it is known and not due yet: then nothing else is to be
-- decided. Everything else is for `admit` and `settle`, which do the same for all cases.
--
-- A plain run is stored as text that begins with a mark of the call that took it. Whatever changes a stored run writes it
-- anew without the mark, so a run that still has it is just as it was when it began.

local NOW_TEXT = string.format("%d", NOW)

local function markOf(take) return '{"fresh":"' .. take .. '",' end

local function addOne(text) return text and string.format("%d", text + 1) or "1" end

-- Decides on the queue job of an occurrence. Returns "over" if that was decided before, what `take_jobs` answers of a run
-- that begins, or nil if it is not plain.
local function startPlain(id, pipeline, take, worker)
  local encoded, generation, fireAt = id:match("^([^:]+):(%d+):(%d+)$")
  if not encoded then return nil end
  local jobId = encoded:find("%", 1, true) and decodeJobId(encoded) or encoded
  local key, runs = jobKey(jobId), instancesKey(jobId)
  local v = call("HMGET", key, "gen", "st", "w", "mi", "gr", "pn", "nf", "nd", "af", "ad", "op", "dp", "rev", "li", "lp",
    "lr")
  if v[1] ~= generation or v[2] ~= "active" or v[6] ~= "1" or v[11] or v[12] then return nil end
  if v[7] ~= fireAt then
    local isOver = tonumber(fireAt) <= tonumber(v[3]) and call("HEXISTS", runs, id) == 0
    return isOver and "over" or nil
  end
  local dueAt, after, afterDue = v[8], v[9], v[10]
  if not after or after == "" or tonumber(afterDue) <= NOW or tonumber(dueAt) > NOW then return nil end
  if v[5] ~= "" and NOW - tonumber(dueAt) > tonumber(v[5]) then return nil end
  if call("HLEN", runs) >= tonumber(v[4]) then return nil end
  call("HSET", key, "w", fireAt, "nf", after, "nd", afterDue, "af", "", "er", "1")
  call("ZADD", PREFIX .. "next", afterDue, jobId)
  local runId, worker = cjson.encode(id), cjson.encode(worker)
  call("HSET", runs, id, markOf(take) .. '"id":' .. runId .. ',"kind":"scheduled","fireAt":' .. fireAt .. ',"dueAt":' ..
    dueAt .. ',"fromAt":' .. fireAt .. ',"count":1,"startedAt":' .. NOW_TEXT ..
    ',"start":1,"attempt":1,"crashes":0,"worker":' .. worker .. ',"take":"' .. take .. '","pipeline":' ..
    cjson.encode(pipeline) .. "}")
  call("SADD", PREFIX .. "live", jobId)
  local about = '"jobId":' .. cjson.encode(jobId) .. ',"runId":' .. runId .. ',"fireAt":' .. fireAt .. ',"worker":' ..
    worker .. ',"at":' .. NOW_TEXT .. "}"
  EVENTS[#EVENTS + 1] = '{"name":"JOB_SUBMITTED",' .. about .. ',{"name":"JOB_STARTED","attempt":1,' .. about
  return v[13], dueAt, v[14], v[15], v[16]
end

-- Keeps the occurrence after the next one waiting. Done only if nothing was decided since, and it is not known yet.
local function followPlain(jobId, generation, fireAt, nextId, nextFireAt, nextDueAt)
  local key = jobKey(jobId)
  local v = call("HMGET", key, "gen", "st", "w", "af", "pl")
  if v[1] ~= generation or v[2] ~= "active" or v[3] ~= fireAt or v[4] ~= "" then return end
  call("HSET", key, "af", nextFireAt, "ad", nextDueAt)
  addQueueJob(nextId, v[5], tonumber(nextDueAt))
end
