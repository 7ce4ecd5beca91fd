--[[
list_documents: a page of the documents whose keys have a prefix, in the order of their keys.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] start    what the keys begin with
ARGV[6] cursor   the last key of the page before; empty = from the start
ARGV[7] limit    how many keys to look at
Returns a list: first the cursor, empty at the end; then JSON texts {key,value,revision,expiresAt?,stays?}.
]]
local from = ARGV[6] ~= "" and "(" .. ARGV[6] or "[" .. ARGV[5]
-- No text has this byte.
local keys = call("ZRANGEBYLEX", PREFIX .. "document-keys", from, "[" .. ARGV[5] .. "\255", "LIMIT", 0, ARGV[7])
local page = { #keys < tonumber(ARGV[7]) and "" or keys[#keys] }
for _, key in ipairs(keys) do
  local document = findDocument(key)
  if document then page[#page + 1] = cjson.encode(document) end
end
return page
