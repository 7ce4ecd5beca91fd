-- The fast path: what most runs need, with few commands and little text. A job takes it if its rules allow it (`fp`: no
-- condition, no group, `coalesce`, overlap `skip`) and nothing but its runs waits (`op`). It covers one due occurrence if the
-- next one is known and not due yet, or known not to exist; and any number of due occurrences of an interval (`iv`). `admit` and `settle` do the same for all other cases.
--
-- A run of the fast path is stored as text that begins with a mark of the call that took it. Whatever changes a stored run
-- writes it anew without the mark, so a run with its mark is just as it was when it started.

local NOW_TEXT = numberText(NOW)

local function markOf(take) return '{"fresh":"' .. take .. '",' end

-- The owner's field, for a text that begins an object; nothing if there is none.
local function ownerField(owner) return owner and '"owner":' .. cjson.encode(owner) .. "," or "" end

local function addTo(text, n) return text and numberText(text + n) or numberText(n) end

-- Records the occurrences before the latest, which share its run.
local function coalesce(jobId, owner, generation, into, fromAt, toAt, count, keepCount, keepAgeMs)
  local upTo, intoText = numberText(toAt), cjson.encode(into)
  local span = count > 1 and ',"fromAt":' .. fromAt .. ',"count":' .. count or ""
  local id = queueJobIdOf(jobId, "", generation, toAt)
  noteDecided(id, "coalesced", NOW)
  recordText(jobId, upTo, "{" .. ownerField(owner) .. '"id":' .. cjson.encode(id) ..
    ',"state":"coalesced","kind":"scheduled","fireAt":' .. upTo .. ',"dueAt":' .. upTo .. ',"decidedAt":' .. NOW_TEXT ..
    ',"coalescedInto":' .. intoText .. span .. "}", keepCount, keepAgeMs)
  EVENTS[#EVENTS + 1] = "{" .. ownerField(owner) .. '"name":"JOB_COALESCED","jobId":' .. cjson.encode(jobId) .. ',"runId":' .. intoText ..
    ',"fireAt":' .. upTo .. ',"count":' .. count .. ',"at":' .. NOW_TEXT .. "}"
end

-- If several occurrences of an interval may be due, from `first` on, runs only the latest. Returns its fire time, that of the
-- one after it, and for how many occurrences the run stands; nil if the job has no plain interval.
local function catchUp(jobId, owner, generation, first)
  local key = jobKey(jobId)
  local interval, coalesced, keepCount, keepAgeMs, openDay =
    unpack(call("HMGET", key, "iv", "c:coalesced", "kc", "ka", "rd"))
  local everyMs = tonumber(interval)
  if not everyMs then return nil end
  local others = math.floor((NOW - first) / everyMs)
  local latest = first + others * everyMs
  if others > 0 then
    coalesce(jobId, owner, generation, queueJobIdOf(jobId, "", generation, latest), first, latest - everyMs, others,
      tonumber(keepCount), tonumber(keepAgeMs))
    call("HSET", key, "c:coalesced", addTo(coalesced, others), "rd",
      countFast(jobId, openDay, NOW, "o", others, 0, 0))
  end
  return numberText(latest), numberText(latest + everyMs), others + 1
end

-- Names as JSON: the runs of a call have one worker and few pipelines.
local JSON = setmetatable({}, { __index = function(known, name)
  known[name] = cjson.encode(name)
  return known[name]
end })

-- Starts a run under a queue job.
local function holdFast(jobId, owner, id, pipeline, run, take, worker)
  local runId, by = cjson.encode(run.id), JSON[worker]
  call("HSET", runningKey(jobId), id, markOf(take) .. ownerField(owner) .. '"id":' .. runId .. ',"kind":"scheduled","fireAt":' .. run.fireAt ..
    ',"dueAt":' .. run.dueAt .. ',"fromAt":' .. run.fromAt .. ',"count":' .. run.count .. ',"startedAt":' .. NOW_TEXT ..
    ',"start":1,"attempt":1,"crashes":0,"worker":' .. by .. ',"take":"' .. take .. '","pipeline":' ..
    JSON[pipeline] .. "}")
  local about = ownerField(owner) .. '"jobId":' .. cjson.encode(jobId) .. ',"runId":' .. runId .. ',"fireAt":' .. run.fireAt .. ',"worker":' .. by ..
    ',"at":' .. NOW_TEXT .. "}"
  EVENTS[#EVENTS + 1] = '{"name":"JOB_SUBMITTED",' .. about .. ',{"name":"JOB_STARTED","attempt":1,' .. about
end

-- Decides on the queue job of an occurrence. Returns "over" if it was decided before; what `take_jobs` answers about a run
-- that starts; or nil if it can't take the fast path.
local function startFast(id, pipeline, take, worker)
  local encoded, generation, fireAt = id:match("^([^:]+):(%d+):(%d+)$")
  if not encoded then return nil end
  local jobId = encoded:find("%", 1, true) and decodeJobId(encoded) or encoded
  local key, runs = jobKey(jobId), runningKey(jobId)
  -- Missing fields are false.
  local ownGeneration, state, ownPipeline, allowsFastPath, isWaiting, hasDependents, watermark, nextAt, dueAt, after, afterDueAt,
    maxInstances, graceMs, revision, lastId, last, lastResult, owner, skipAt = unpack(call("HMGET", key, "gen", "st", "pl", "fp",
    "op", "dp", "w", "nf", "nd", "af", "ad", "mi", "gr", "rev", "li", "lp", "lr", "ow", "sk"))
  if ownGeneration ~= generation or state ~= "active" then return nil end
  local isNext, isLast = nextAt == fireAt, after == "-"
  local isBehind = not isLast and (optional(after) == nil or tonumber(afterDueAt) <= NOW)
  local function keepWaiting()
    writeQueueJob(queueJobIdOf(jobId, "", generation, after), ownPipeline, tonumber(afterDueAt))
  end
  local lateMs = isNext and NOW - tonumber(dueAt)
  -- Whatever happens to the worker that takes this one, the one after it comes in time. One taken too early is put back.
  if isNext and lateMs >= 0 and not isBehind and not isLast then keepWaiting() end
  if allowsFastPath ~= "1" or isWaiting or hasDependents or (skipAt and tonumber(skipAt) <= NOW) then return nil end
  -- The job has another pipeline by now, which the worker may not have.
  if ownPipeline ~= pipeline then return nil end
  if not isNext then
    local isOver = tonumber(fireAt) <= tonumber(watermark) and call("HEXISTS", runs, id) == 0
    return isOver and "over" or nil
  end
  if lateMs < 0 or (graceMs and lateMs > tonumber(graceMs)) then return nil end
  if call("HLEN", runs) >= tonumber(maxInstances) then return nil end
  local run = { id = id, fromAt = fireAt, fireAt = fireAt, dueAt = dueAt, count = 1 }
  if isBehind then
    run.fireAt, after, run.count = catchUp(jobId, owner, generation, tonumber(fireAt))
    if not after then return nil end
    run.id, run.dueAt, afterDueAt = queueJobIdOf(jobId, "", generation, run.fireAt), run.fireAt, after
    keepWaiting()
  end
  if isLast then after, afterDueAt = "", "" end
  call("HSET", key, "w", run.fireAt, "nf", after, "nd", afterDueAt, "af", "", "er", "1")
  call("ZADD", PREFIX .. "next", isLast and "+inf" or afterDueAt, jobId)
  holdFast(jobId, owner, id, pipeline, run, take, worker)
  if isLast then
    if owner then OWNERS[jobId] = owner end
    endSchedule(jobId)
    -- So that audits see it: they look at few jobs that are not due any more.
    call("SADD", PREFIX .. "live", jobId)
  end
  return revision, run.id, run.fromAt, run.dueAt, run.count, lastId, last, lastResult
end
