--[[
compare_jobs: which jobs exist with the declaration that they should have; these need not be sent. Two arguments for each
job follow: its id, and the digest of its declaration.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
Returns a list with a number for each: 1 = it exists with this declaration, 0 = it does not.
]]
local answers = {}
for i = 5, #ARGV, 2 do
  answers[#answers + 1] = call("HGET", jobKey(ARGV[i]), "da") == ARGV[i + 1] and 1 or 0
end
return answers
