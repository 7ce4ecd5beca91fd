-- What was changed, by whom: the fleet's lists, and one of each job. The newest is first in all of them.

-- How many changes each list keeps, and for how long; and how many each job.
local MOST = { main = 8000, routine = 2000 }
local YEAR_MS = 31536000000
local MAX_REVISIONS = 1000
-- So many jobs of a call that changes many are named, and so many of each owner in any case.
local MAX_NAMED = 20
local NAMED_OF_OWNER = 3
-- An entry is of so many owners; what a call does to the jobs of more is listed as another.
local MAX_PARTS = 100
-- A call that changes many jobs must go on within this time, or what follows is listed as another.
local BULK_MS = 3600000
-- What programs and cronduit itself do all day has a list of its own, so that it does not push out what people did.
local ROUTINE = { added = true, removed = true, run = true, cancelled = true }
-- What the job itself or its ledger says already.
local ELSEWHERE = { added = true, run = true, cancelled = true }

local function listOf(by, what)
  return (by.kind == "code" or by.kind == "system") and ROUTINE[what] and "routine" or "main"
end

local function namesOf(change)
  return change.jobIds or { change.jobId }
end

-- What a change did to the jobs of each owner.
local function partsOf(change)
  return change.parts or { { owner = change.owner, count = change.count or 1, jobIds = namesOf(change) } }
end

-- Adds up to so many of the names.
local function addNames(known, more, most)
  for _, jobId in ipairs(more) do
    if #known < most then known[#known + 1] = jobId end
  end
end

local function addPart(parts, more)
  for _, part in ipairs(parts) do
    if part.owner == more.owner then
      addNames(part.jobIds, more.jobIds, NAMED_OF_OWNER)
      part.count = part.count + more.count
      return
    end
  end
  local jobIds = {}
  addNames(jobIds, more.jobIds, NAMED_OF_OWNER)
  parts[#parts + 1] = { owner = more.owner, count = more.count, jobIds = jobIds }
end

-- Adds changes of the same call to one, and returns whether it did: not if they are of too many owners.
local function addTo(known, more)
  if known.parts or more.parts or known.owner ~= more.owner then
    local parts = {}
    for i, part in ipairs(partsOf(known)) do
      parts[i] = { owner = part.owner, count = part.count, jobIds = { unpack(part.jobIds) } }
    end
    for _, part in ipairs(partsOf(more)) do addPart(parts, part) end
    if #parts > MAX_PARTS then return false end
    known.parts, known.owner = parts, nil
  end
  local jobIds = namesOf(known)
  addNames(jobIds, namesOf(more), MAX_NAMED)
  known.jobId, known.runId, known.differences, known.formerOwner = nil, nil, nil, nil
  -- An empty table would be encoded as an object.
  known.jobIds = jobIds[1] and jobIds
  known.count = (known.count or 1) + (more.count or 1)
  return true
end

-- Adds a change to one that is listed, and returns whether that is listed still and took it. `open`: its list and its place.
local function mergeInto(open, more)
  local list, place = open:match("^(%S+) (%d+)$")
  local key = PREFIX .. "changes:" .. list
  local at = tonumber(call("HGET", PREFIX .. "meta", "changes:" .. list)) - tonumber(place)
  local text = call("LINDEX", key, at)
  if not text then return false end
  local known = cjson.decode(text)
  if not addTo(known, more) then return false end
  call("LSET", key, at, cjson.encode(known))
  return true
end

local function addToFleet(change)
  local by = change.by
  -- Somebody may give one call's name to another.
  local bulk = change.bulk and PREFIX .. "bulk:" .. change.what .. " " .. by.kind .. " " .. by.id .. " " .. change.bulk
  local open = bulk and call("GET", bulk)
  if open and mergeInto(open, change) then
    call("PEXPIRE", bulk, BULK_MS)
    return
  end
  local list = listOf(by, change.what)
  local key = PREFIX .. "changes:" .. list
  local place = call("HINCRBY", PREFIX .. "meta", "changes:" .. list, 1)
  if call("LPUSH", key, cjson.encode(change)) > MOST[list] then call("LTRIM", key, 0, MOST[list] - 1) end
  if bulk then call("SET", bulk, list .. " " .. numberText(place), "PX", BULK_MS) end
  local oldest = place % 100 == 0 and call("LINDEX", key, -1)
  while oldest and cjson.decode(oldest).at < NOW - YEAR_MS do
    call("RPOP", key)
    oldest = call("LINDEX", key, -1)
  end
end

local function addRevision(jobId, text)
  local key = PREFIX .. "revisions:" .. jobId
  if call("LPUSH", key, text) > MAX_REVISIONS then call("LTRIM", key, 0, MAX_REVISIONS - 1) end
end

-- Whether a job has this change. They come in the order of the changes, so few are looked at.
local function hasRevision(jobId, revision)
  for at = 0, MAX_REVISIONS do
    local text = call("LINDEX", PREFIX .. "revisions:" .. jobId, at)
    local known = text and cjson.decode(text)
    if not known or known.at < revision.at then return false end
    local a, b = known.before or {}, revision.before or {}
    if known.at == revision.at and known.what == revision.what and a.revision == b.revision then return true end
  end
  return false
end

local function addToJob(jobId, change, before)
  local revision = { at = change.at, by = change.by, what = change.what, reason = change.reason,
    differences = change.differences, fireAt = change.fireAt, bulk = change.bulk, count = change.count, before = before,
    owner = change.owner, formerOwner = change.formerOwner }
  addRevision(jobId, cjson.encode(revision))
end

-- Notes a change in the fleet's list and, unless that says nothing new, in that of the job.
-- `change`: { by, what, jobId?, jobIds?, owner?, formerOwner?, runId?, reason?, differences?, bulk?, count? }; `before`, if it superseded
-- something: { revision, state, until, watermark, definition (JSON text)? }.
local function keepChange(change, before)
  change.at = NOW
  change.owner = change.owner or OWNERS[change.jobId]
  addToFleet(change)
  if change.jobId and (before or not ELSEWHERE[change.what]) then addToJob(change.jobId, change, before) end
end

return { addTo = addTo, addRevision = addRevision, hasRevision = hasRevision, keepChange = keepChange }
