-- Plain runs: what most runs are, decided and ended with few commands and little text. A job is plain if its rules are
-- (`pn`: no condition, no group, `coalesce`, and `skip` for what overlaps) and nothing but its runs waits (`op`). What is due
-- of it is plain if it is known here: one occurrence, with the one after it known and not due yet, or any number of those of
-- an interval (`iv`). Everything else is for `admit` and `settle`, which do the same for all cases.
--
-- A plain run is stored as text that begins with a mark of the call that took it. Whatever changes a stored run writes it
-- anew without the mark, so a run that still has it is just as it was when it began.

local NOW_TEXT = numberText(NOW)

local function markOf(take) return '{"fresh":"' .. take .. '",' end

local function addTo(text, n) return text and numberText(text + n) or numberText(n) end

-- What is due of an interval, of which `first` is the next occurrence: the latest, and how many come before it.
local function dueOfInterval(first, everyMs)
  local count = math.floor((NOW - first) / everyMs)
  return first + count * everyMs, count
end

-- Those before the latest share its run. `keep`: how many rows and how many ms of them.
local function coalesce(jobId, generation, into, fromAt, toAt, count, keep)
  local upTo = numberText(toAt)
  local span = count > 1 and ',"fromAt":' .. fromAt .. ',"count":' .. count or ""
  local intoText = cjson.encode(into)
  recordText(jobId, upTo, '{"id":' .. cjson.encode(wakeUpId(jobId, "", generation, toAt)) ..
    ',"state":"coalesced","kind":"scheduled","fireAt":' .. upTo .. ',"dueAt":' .. upTo .. ',"decidedAt":' .. NOW_TEXT ..
    ',"coalescedInto":' .. intoText .. span .. "}", keep[1], keep[2])
  EVENTS[#EVENTS + 1] = '{"name":"JOB_COALESCED","jobId":' .. cjson.encode(jobId) .. ',"runId":' .. intoText ..
    ',"fireAt":' .. upTo .. ',"count":' .. count .. ',"at":' .. NOW_TEXT .. "}"
end

-- Decides on the queue job of an occurrence. Returns "over" if that was decided before, what `take_jobs` answers of a run
-- that begins, or nil if it is not plain.
local function startPlain(id, pipeline, take, worker)
  local encoded, generation, fireAt = id:match("^([^:]+):(%d+):(%d+)$")
  if not encoded then return nil end
  local jobId = encoded:find("%", 1, true) and decodeJobId(encoded) or encoded
  local key, runs = jobKey(jobId), instancesKey(jobId)
  local v = call("HMGET", key, "gen", "st", "w", "mi", "gr", "pn", "nf", "nd", "af", "ad", "op", "dp", "rev", "li", "lp",
    "lr", "pl")
  if v[1] ~= generation or v[2] ~= "active" or v[6] ~= "1" or v[11] or v[12] then return nil end
  -- The job was given another pipeline, which the worker may not have.
  if v[17] ~= pipeline then return nil end
  if v[7] ~= fireAt then
    local isOver = tonumber(fireAt) <= tonumber(v[3]) and call("HEXISTS", runs, id) == 0
    return isOver and "over" or nil
  end
  local dueAt, after, afterDue, runId, count = v[8], v[9], v[10], id, 1
  if tonumber(dueAt) > NOW or (v[5] and NOW - tonumber(dueAt) > tonumber(v[5])) then return nil end
  if call("HLEN", runs) >= tonumber(v[4]) then return nil end
  local from, more = fireAt, {}
  if not after or after == "" or tonumber(afterDue) <= NOW then
    local p = call("HMGET", key, "iv", "c:coalesced", "kc", "ka")
    local everyMs = tonumber(p[1])
    if not everyMs then return nil end
    local latest, others = dueOfInterval(tonumber(fireAt), everyMs)
    if others > 0 then
      runId = wakeUpId(jobId, "", generation, latest)
      coalesce(jobId, generation, runId, from, latest - everyMs, others,
        { tonumber(p[3]), tonumber(p[4]) })
      more = { "c:coalesced", addTo(p[2], others) }
      -- It has nothing to decide any more.
      if after and after ~= "" then dropQueueJob(wakeUpId(jobId, "", generation, after)) end
    end
    fireAt, count = numberText(latest), others + 1
    dueAt, after = fireAt, numberText(latest + everyMs)
    afterDue = after
    writeQueueJob(wakeUpId(jobId, "", generation, after), pipeline, latest + everyMs)
  end
  call("HSET", key, "w", fireAt, "nf", after, "nd", afterDue, "af", "", "er", "1", unpack(more))
  call("ZADD", PREFIX .. "next", afterDue, jobId)
  local run, by = cjson.encode(runId), cjson.encode(worker)
  call("HSET", runs, id, markOf(take) .. '"id":' .. run .. ',"kind":"scheduled","fireAt":' .. fireAt .. ',"dueAt":' ..
    dueAt .. ',"fromAt":' .. from .. ',"count":' .. count .. ',"startedAt":' .. NOW_TEXT ..
    ',"start":1,"attempt":1,"crashes":0,"worker":' .. by .. ',"take":"' .. take .. '","pipeline":' ..
    cjson.encode(pipeline) .. "}")
  local about = '"jobId":' .. cjson.encode(jobId) .. ',"runId":' .. run .. ',"fireAt":' .. fireAt .. ',"worker":' .. by ..
    ',"at":' .. NOW_TEXT .. "}"
  EVENTS[#EVENTS + 1] = '{"name":"JOB_SUBMITTED",' .. about .. ',{"name":"JOB_STARTED","attempt":1,' .. about
  return v[13], runId, from, dueAt, count, v[14], v[15], v[16]
end
