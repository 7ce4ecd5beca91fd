--[[
fence_job: makes sure, on the queue of a job, that none of this id is stored by a claim that was given up.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobId
ARGV[6] number   of the claim; earlier ones are void with it
Returns the queue's counter, or -1 if there is a job of this id.
]]
-- A request that stores a job is not under way for longer than that.
local FENCE_MS = 3600000
if call("HEXISTS", jobKey(ARGV[5]), "da") == 1 then return -1 end
local key = PREFIX .. "fence:" .. ARGV[5]
if tonumber(call("GET", key) or "0") < tonumber(ARGV[6]) then call("SET", key, ARGV[6], "PX", FENCE_MS) end
return tonumber(call("HGET", PREFIX .. "meta", "seq") or "0")
