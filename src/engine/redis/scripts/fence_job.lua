--[[
fence_job: makes sure, on a job's queue, that no job of this id will be stored by a claim that is being given up. From here
on the queue refuses jobs with that claim or an earlier one; they must be claimed anew.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobId
ARGV[6] number   of the claim
Returns the queue's counter, or -1 if there is a job of this id.
]]
if call("HEXISTS", jobKey(ARGV[5]), "da") == 1 then return -1 end
local key = PREFIX .. "meta"
if tonumber(call("HGET", key, "fence") or "0") < tonumber(ARGV[6]) then call("HSET", key, "fence", ARGV[6]) end
return tonumber(call("HGET", key, "seq") or "0")
