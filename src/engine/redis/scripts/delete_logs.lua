--[[
delete_logs: deletes the logs of a job that began before an instant, a bounded number per call.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobId
ARGV[6] before   epoch ms
Returns the number of runs whose log was deleted.
]]
local MAX_DELETED = 500
local runs = PREFIX .. "log-runs:" .. ARGV[5]
local old = call("ZRANGEBYSCORE", runs, "-inf", "(" .. ARGV[6], "LIMIT", 0, MAX_DELETED)
for _, runId in ipairs(old) do
  call("DEL", PREFIX .. "logs:" .. runId)
  call("HDEL", PREFIX .. "log-bytes:" .. ARGV[5], runId)
  call("ZREM", runs, runId)
end
return #old
