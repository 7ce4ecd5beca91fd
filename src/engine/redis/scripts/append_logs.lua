--[[
append_logs: appends lines to the logs of runs, each up to its bound, and drops the logs of old runs.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] writes   JSON array: jobId, runId, lines (array of JSON texts), cut (JSON text of the line that ends a full log),
                 maxBytes, keepRuns, keepAgeMs
Returns the number of lines stored.
]]
-- Logs that one new log may push out: more than arrive, so that it catches up, but bounded.
local MAX_GONE = 100
local stored = 0

local function logsKey(runId) return PREFIX .. "logs:" .. runId end

local function dropLogs(w, runIds)
  for _, runId in ipairs(runIds) do
    call("DEL", logsKey(runId))
    call("ZREM", PREFIX .. "log-runs:" .. w.jobId, runId)
    call("HDEL", PREFIX .. "log-bytes:" .. w.jobId, runId)
  end
end

local function appendLog(w)
  local key, sizes, runs = logsKey(w.runId), PREFIX .. "log-bytes:" .. w.jobId, PREFIX .. "log-runs:" .. w.jobId
  local size = tonumber(call("HGET", sizes, w.runId) or "0")
  -- A log that was cut has the size -1.
  if size < 0 then return end
  for _, line in ipairs(w.lines) do
    if size + #line > w.maxBytes then
      call("RPUSH", key, w.cut)
      size = -1
      break
    end
    call("RPUSH", key, line)
    size = size + #line
    stored = stored + 1
  end
  call("HSET", sizes, w.runId, size)
  if call("ZADD", runs, "NX", NOW, w.runId) == 1 then
    -- Ordered by when the log began, not by fire time: a backfilled run has a recent log.
    local excess = math.min(MAX_GONE, call("ZCARD", runs) - w.keepRuns)
    if excess > 0 then dropLogs(w, call("ZRANGE", runs, 0, excess - 1)) end
    dropLogs(w, call("ZRANGEBYSCORE", runs, "-inf", string.format("(%d", NOW - w.keepAgeMs), "LIMIT", 0, MAX_GONE))
  end
  for _, each in ipairs({ key, sizes, runs }) do call("PEXPIRE", each, w.keepAgeMs) end
end

for _, write in ipairs(cjson.decode(ARGV[5])) do appendLog(write) end
return stored
