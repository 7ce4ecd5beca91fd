--[[
delete_logs: deletes the logs of a job that began before an instant, a bounded number per call.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] request   JSON: jobId, before (epoch ms), scope? (owners whose jobs it may be)
Returns the number of runs whose log was deleted.
]]
local MAX_DELETED = 500
local r = cjson.decode(ARGV[5])
if not isJobInScope(r.scope, r.jobId) then return 0 end
local runs = PREFIX .. "log-runs:" .. r.jobId
local old = call("ZRANGEBYSCORE", runs, "-inf", string.format("(%.0f", r.before), "LIMIT", 0, MAX_DELETED)
for _, runId in ipairs(old) do
  call("DEL", PREFIX .. "logs:" .. runId)
  call("HDEL", PREFIX .. "log-bytes:" .. r.jobId, runId)
  call("ZREM", runs, runId)
end
return #old
