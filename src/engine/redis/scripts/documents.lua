-- Documents: `document:<key>` is "<revision> <expiresAt, 0 = never> <m = moves, s = stays> <token> <JSON>". `document-keys` has
-- all keys with score 0, hence in the order of their bytes; `document-expiry` those that expire, by when. One counter in
-- `meta` gives their revisions: that of jobs would say that jobs were changed.

local function documentKey(key) return PREFIX .. "document:" .. key end

-- A document that has not expired, or nil.
local function findDocument(key)
  local text = call("GET", documentKey(key))
  if not text then return nil end
  local revision, expiresAt, mark, token, value = text:match("^(%d+) (%d+) (%l) (%S+) (.*)$")
  expiresAt = tonumber(expiresAt)
  if expiresAt > 0 and expiresAt <= NOW then return nil end
  return { key = key, revision = tonumber(revision), expiresAt = expiresAt > 0 and expiresAt or nil,
    stays = mark == "s" and true or nil, value = value }, token
end

local function dropDocument(key)
  call("DEL", documentKey(key))
  call("ZREM", PREFIX .. "document-keys", key)
  call("ZREM", PREFIX .. "document-expiry", key)
end

-- Deletes documents that have expired, so many at most.
local function dropExpiredDocuments(most)
  for _, key in ipairs(call("ZRANGEBYSCORE", PREFIX .. "document-expiry", "-inf", NOW, "LIMIT", 0, most)) do
    dropDocument(key)
  end
end
