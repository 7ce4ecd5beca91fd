--[[
delete_document: deletes a document, if its revision is the one that is expected.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] document   JSON: key, expected?
Returns JSON:
  {"o":"deleted"}
  {"o":"missing"}
  {"o":"conflict","document":{key,value,revision,expiresAt?,stays?}}   it has another revision; nothing was changed
]]
local d = cjson.decode(ARGV[5])
local present = findDocument(d.key)
if not present then return cjson.encode({ o = "missing" }) end
if d.expected and d.expected ~= present.revision then return cjson.encode({ o = "conflict", document = present }) end
dropDocument(d.key)
return cjson.encode({ o = "deleted" })
