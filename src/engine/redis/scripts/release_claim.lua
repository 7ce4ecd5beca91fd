--[[
release_claim: drops the claim of a job id, unless a later claim replaced it.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] jobId
ARGV[6] number     of the claim
ARGV[7] sequence   counter of the queue that had the job, so that a job that is added again gets no number that it had
Returns 1 = dropped, 0 = replaced, or there was none.
]]
raiseSequence(tonumber(ARGV[7]))
local homes = PREFIX .. "homes"
local number = (call("HGET", homes, ARGV[5]) or ""):match("^%d+")
if number ~= ARGV[6] then return 0 end
return call("HDEL", homes, ARGV[5])
