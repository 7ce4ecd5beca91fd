-- The fast path: what most runs need, with few commands and little text. A job takes it if its rules allow it (`fp`: no
-- condition, no group, `coalesce`, overlap `skip`) and nothing but its runs waits (`op`). It covers one due occurrence if the
-- next one is known and not due yet, or known not to exist; and any number of due occurrences of an interval (`iv`). `admit` and `settle` do the same for all other cases.
--
-- A run of the fast path is stored as text that begins with a mark of the call that took it. Whatever changes a stored run
-- writes it anew without the mark, so a run with its mark is just as it was when it started.

local NOW_TEXT = numberText(NOW)

-- The owner's field, for a text that begins an object; nothing if there is none.
local function ownerField(owner) return owner and '"owner":' .. cjson.encode(owner) .. "," or "" end

local function addTo(text, n) return text and numberText(text + n) or numberText(n) end

-- Names as JSON: the runs of a call have one worker and few pipelines.
local JSON = setmetatable({}, { __index = function(known, name)
  known[name] = cjson.encode(name)
  return known[name]
end })

-- Records the occurrences before the latest, which share its run. `ids`: what ids of this job's occurrences begin with.
local function coalesce(jobId, ids, owner, into, fromAt, toAt, count, keepCount, keepAgeMs)
  local upTo, intoText, isOf = numberText(toAt), cjson.encode(into), ownerField(owner)
  local span = count > 1 and ',"fromAt":' .. fromAt .. ',"count":' .. count or ""
  local id = ids .. upTo
  noteDecided(id, "coalesced", NOW)
  recordText(jobId, upTo, "{" .. isOf .. '"id":' .. cjson.encode(id) ..
    ',"state":"coalesced","kind":"scheduled","fireAt":' .. upTo .. ',"dueAt":' .. upTo .. ',"decidedAt":' .. NOW_TEXT ..
    ',"coalescedInto":' .. intoText .. span .. "}", keepCount, keepAgeMs)
  EVENTS[#EVENTS + 1] = "{" .. isOf .. '"name":"JOB_COALESCED","jobId":' .. cjson.encode(jobId) .. ',"runId":' .. intoText ..
    ',"fireAt":' .. upTo .. ',"count":' .. count .. ',"at":' .. NOW_TEXT .. "}"
end

-- If several occurrences of an interval may be due, from `first` on, runs only the latest. Returns as texts its fire time, that
-- of the one after it, and for how many occurrences the run stands; and if it stands for more than one, what the job's hash
-- says then of coalesced ones and of the latest day. Nil if the job has no plain interval.
local function catchUp(jobId, ids, owner, first)
  local interval, coalesced, keepCount, keepAgeMs, openDay =
    unpack(call("HMGET", jobKey(jobId), "iv", "c:coalesced", "kc", "ka", "rd"))
  local everyMs = tonumber(interval)
  if not everyMs then return nil end
  local others = math.floor((NOW - first) / everyMs)
  local latest = first + others * everyMs
  local latestText, afterText = numberText(latest), numberText(latest + everyMs)
  if others == 0 then return latestText, afterText, "1" end
  coalesce(jobId, ids, owner, ids .. latestText, first, latest - everyMs, others, tonumber(keepCount), tonumber(keepAgeMs))
  return latestText, afterText, numberText(others + 1), addTo(coalesced, others),
    countFast(jobId, openDay, NOW, "o", others, "0", "0")
end

-- A job's id as JSON. Most need no escapes, as their run's id shows, which begins with it.
local function jsonOfJob(jobId, runId, runIdJson)
  return #runIdJson == #runId + 2 and '"' .. jobId .. '"' or cjson.encode(jobId)
end

-- Starts a run under a queue job: `runId`, which stands for `count` occurrences from `fromAt` to `fireAt`, as texts.
local function holdFast(jobId, runs, owner, id, pipeline, runId, fromAt, fireAt, dueAt, count, take, worker)
  local runIdJson, by, isOf = cjson.encode(runId), JSON[worker], ownerField(owner)
  call("HSET", runs, id, '{"fresh":"' .. take .. '",' .. isOf .. '"id":' .. runIdJson .. ',"kind":"scheduled","fireAt":' .. fireAt ..
    ',"dueAt":' .. dueAt .. ',"fromAt":' .. fromAt .. ',"count":' .. count .. ',"startedAt":' .. NOW_TEXT ..
    ',"start":1,"attempt":1,"crashes":0,"worker":' .. by .. ',"take":"' .. take .. '","pipeline":' ..
    JSON[pipeline] .. "}")
  local about = isOf .. '"jobId":' .. jsonOfJob(jobId, runId, runIdJson) .. ',"runId":' .. runIdJson .. ',"fireAt":' .. fireAt ..
    ',"worker":' .. by .. ',"at":' .. NOW_TEXT .. "}"
  -- In parts, which commas join like the events themselves: long texts cost most.
  local n = #EVENTS
  EVENTS[n + 1], EVENTS[n + 2] = '{"name":"JOB_SUBMITTED"', about
  EVENTS[n + 3], EVENTS[n + 4] = '{"name":"JOB_STARTED","attempt":1', about
end

-- Decides on the queue job of an occurrence. Returns "over" if it was decided before; what `take_jobs` answers about a run
-- that starts; or nil if it can't take the fast path.
local function startFast(id, pipeline, take, worker)
  local encoded, generation, fireAt = id:match("^([^:]+):(%d+):(%d+)$")
  if not encoded then return nil end
  local jobId = encoded:find("%", 1, true) and decodeJobId(encoded) or encoded
  local key, runs, ids = jobKey(jobId), runningKey(jobId), encoded .. ":" .. generation .. ":"
  -- Missing fields are false.
  local ownGeneration, state, ownPipeline, allowsFastPath, isWaiting, hasDependents, watermark, nextAt, dueAt, after, afterDueAt,
    maxInstances, graceMs, revision, lastId, last, lastResult, owner, skipAt = unpack(call("HMGET", key, "gen", "st", "pl", "fp",
    "op", "dp", "w", "nf", "nd", "af", "ad", "mi", "gr", "rev", "li", "lp", "lr", "ow", "sk"))
  if ownGeneration ~= generation or state ~= "active" then return nil end
  local isNext, isLast, due = nextAt == fireAt, after == "-", tonumber(dueAt)
  local afterDue = not isLast and tonumber(afterDueAt)
  local isBehind = not isLast and (not afterDue or afterDue <= NOW)
  -- Whatever happens to the worker that takes this one, the one after it comes in time. One taken too early is put back.
  if isNext and NOW >= due and afterDue and not isBehind then
    writeQueueJob(ids .. after, ownPipeline, afterDue)
  end
  if allowsFastPath ~= "1" or isWaiting or hasDependents then return nil end
  if skipAt and tonumber(skipAt) <= NOW then return nil end
  -- The job has another pipeline by now, which the worker may not have.
  if ownPipeline ~= pipeline then return nil end
  if not isNext then
    local isOver = tonumber(fireAt) <= tonumber(watermark) and call("HEXISTS", runs, id) == 0
    return isOver and "over" or nil
  end
  if NOW < due or (graceMs and NOW - due > tonumber(graceMs)) then return nil end
  if call("HLEN", runs) >= tonumber(maxInstances) then return nil end
  local runId, runFireAt, runDueAt, count, coalesced, openDay = id, fireAt, dueAt, "1", nil, nil
  if isBehind then
    runFireAt, after, count, coalesced, openDay = catchUp(jobId, ids, owner, tonumber(fireAt))
    if not after then return nil end
    runId, runDueAt, afterDueAt = ids .. runFireAt, runFireAt, after
    writeQueueJob(ids .. after, ownPipeline, tonumber(after))
  end
  if isLast then after, afterDueAt = "", "" end
  if coalesced then
    call("HSET", key, "w", runFireAt, "nf", after, "nd", afterDueAt, "af", "", "er", "1", "c:coalesced", coalesced, "rd", openDay)
  else
    call("HSET", key, "w", runFireAt, "nf", after, "nd", afterDueAt, "af", "", "er", "1")
  end
  call("ZADD", PREFIX .. "next", isLast and "+inf" or afterDueAt, jobId)
  holdFast(jobId, runs, owner, id, pipeline, runId, fireAt, runFireAt, runDueAt, count, take, worker)
  if isLast then
    if owner then OWNERS[jobId] = owner end
    endSchedule(jobId)
    -- So that audits see it: they look at few jobs that are not due any more.
    call("SADD", PREFIX .. "live", jobId)
  end
  return revision, runId, fireAt, runDueAt, count, lastId, last, lastResult
end
