--[[
put_document: stores a document if its revision is the one that is expected.

ARGV[1] prefix
ARGV[2] queuePrefix
ARGV[3] now
ARGV[4] maxEvents
ARGV[5] document   JSON: key, value (JSON text), expected (0: it is to be absent), expiresAt (epoch ms)?, stays (true)?, token
Returns JSON:
  {"o":"stored","revision":n}
  {"o":"conflict","document":{key,value,revision,expiresAt?,stays?}?}   nothing was changed
]]
-- Those that expired go with audits; a fleet without any must not keep them all.
local MAX_EXPIRED = 10
local d = cjson.decode(ARGV[5])
local present, token = findDocument(d.key)
if (present and present.revision or 0) ~= d.expected then
  -- It was sent again because its answer was lost.
  if token == d.token then return cjson.encode({ o = "stored", revision = present.revision }) end
  return cjson.encode({ o = "conflict", document = present })
end
dropExpiredDocuments(MAX_EXPIRED)
local revision = call("HINCRBY", PREFIX .. "meta", "documents", 1)
local expiresAt = numberText(d.expiresAt or 0)
call("SET", documentKey(d.key), table.concat({ numberText(revision), expiresAt, d.stays and "s" or "m", d.token, d.value }, " "))
call("ZADD", PREFIX .. "document-keys", 0, d.key)
if d.expiresAt then
  call("ZADD", PREFIX .. "document-expiry", expiresAt, d.key)
else
  call("ZREM", PREFIX .. "document-expiry", d.key)
end
return cjson.encode({ o = "stored", revision = revision })
