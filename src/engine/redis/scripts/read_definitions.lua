--[[
read_definitions: what workers must know of jobs; their ids are the arguments that follow.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
Returns a list for each id, in order: definition (JSON text; "" = there is no such job), revision, generation, digests
of the declaration and of its schedule, and if it skips any, these as stored.
]]
local found = {}
for i, definition in ipairs(call("HMGET", PREFIX .. "defs", unpack(ARGV, 5))) do
  local v = definition and call("HMGET", jobKey(ARGV[4 + i]), "rev", "gen", "da", "sc", "sk")
  if v and v[5] then v[5] = call("ZRANGE", PREFIX .. "skips:" .. ARGV[4 + i], 0, -1) end
  found[i] = v and v[1] and { definition, unpack(v) } or { "" }
end
return found
