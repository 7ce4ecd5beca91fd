--[[
read_jobs: all of some jobs, each as it is at one moment; their ids are the arguments that follow.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
Returns a list for each id, in order: definition (JSON text; "" = there is no such job), fields and values of its hash in turns, the
number of its running runs, and if it skips any, these as stored.
]]
local found = {}
for i, definition in ipairs(call("HMGET", PREFIX .. "defs", unpack(ARGV, 5))) do
  local id = ARGV[4 + i]
  local hash = definition and call("HGETALL", jobKey(id)) or {}
  found[i] = { "" }
  if hash[1] then found[i] = { definition, hash, call("HLEN", PREFIX .. "running:" .. id), call("ZRANGE", PREFIX .. "skips:" .. id, 0, -1) } end
end
return found
