--[[
read_days: the roll-ups of jobs by day; their ids are the arguments that follow.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
Returns a list for each id, in order: the latest day ("" = it is not in the job's hash), then alternating numbers and texts of
days; `roll_ups.lua` says what is in the texts. One day may be in both.
]]
local found = {}
for i = 5, #ARGV do
  found[i - 4] = { call("HGET", jobKey(ARGV[i]), "rd") or "", unpack(call("HGETALL", daysKey(ARGV[i]))) }
end
return found
