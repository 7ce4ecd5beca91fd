--[[
tell_overdue: reports that no worker takes an occurrence, unless one has by now, or it was reported before.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] overdue   JSON: jobId, fireAt (epoch ms), reason
Returns "told", "moved" (the job waits for another occurrence, or this one was reported before) or "missing".
]]
local t = cjson.decode(ARGV[5])
local v = call("HMGET", jobKey(t.jobId), "st", "nf", "od", "ow")
if not v[1] then return "missing" end
if v[1] ~= "active" or v[2] == "" or tonumber(v[2]) ~= t.fireAt or v[2] == v[3] then return "moved" end
call("HSET", jobKey(t.jobId), "od", v[2])
emit({ name = "JOB_OVERDUE", jobId = t.jobId, fireAt = t.fireAt, reason = t.reason, owner = v[4] or nil })
finish()
return "told"
