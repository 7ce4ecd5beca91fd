--[[
compare_jobs: which jobs are there with the declaration that they are to have; those need not be sent. For each job two
arguments follow those of every script: its id, and the digest of its declaration.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
Returns a list with a number for each: 1 = it is there just so, 0 = it is not.
]]
local answers = {}
for i = 5, #ARGV, 2 do
  answers[#answers + 1] = call("HGET", jobKey(ARGV[i]), "da") == ARGV[i + 1] and 1 or 0
end
return answers
