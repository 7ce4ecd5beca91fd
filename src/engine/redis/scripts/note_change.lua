--[[
note_change: notes a change that no step makes alone.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] change   JSON: by, what, jobId?, jobIds?, owner?, runId?, reason?, differences?, bulk?, count?
Returns nil.
]]
local change = cjson.decode(ARGV[5])
if change.jobId then OWNERS[change.jobId] = call("HGET", jobKey(change.jobId), "ow") or nil end
changes.keepChange(change)
