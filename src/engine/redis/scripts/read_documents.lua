--[[
read_documents: those of these documents that are there.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
The arguments behind these are the keys.
Returns a list of JSON texts {key,value,revision,expiresAt?,stays?}.
]]
local found = {}
for i = 5, #ARGV do
  local document = findDocument(ARGV[i])
  if document then found[#found + 1] = cjson.encode(document) end
end
return found
