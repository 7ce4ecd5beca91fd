-- Reading lists of jobs in small steps: what comes next in an order, and which of it fits a filter. Most jobs do not fit, so what
-- tells that soonest comes first.

-- Text read of definitions in one step: jobs may have large params, which are in the same text.
local MAX_BYTES = 1048576
local CHUNK = 100

-- Compares ids by byte. Lua's own comparison goes by the server's locale.
local function isBehind(id, other)
  for i = 1, math.min(#id, #other) do
    local a, b = id:byte(i), other:byte(i)
    if a ~= b then return a > b end
  end
  return #id > #other
end

-- The rank in `next` behind a place, whether or not a job is there: many may be due at the same time.
local function rankBehind(after)
  local key, due = PREFIX .. "next", after.dueAt and numberText(after.dueAt) or "+inf"
  local low = call("ZCOUNT", key, "-inf", "(" .. due)
  local high = low + call("ZCOUNT", key, due, due)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if isBehind(call("ZRANGE", key, middle, middle)[1], after.id) then high = middle else low = middle + 1 end
  end
  return low
end

-- The next jobs of the order that is asked for: their ids; whether there are more; and from which of them on none has a next run,
-- if that is known.
local function readNext(q)
  if q.ids then return q.ids, false end
  if q.list then return lists.readList(q.list, q.after and q.after.id or "", q.count) end
  local key, from = PREFIX .. "next", q.after and rankBehind(q.after) or 0
  local ids = call("ZRANGE", key, from, from + q.count)
  local isMore = #ids > q.count
  if isMore then ids[#ids] = nil end
  return ids, isMore, call("ZCOUNT", key, "-inf", "(+inf") - from + 1
end

-- When jobs are due; "inf" = they have no next run.
local function duesOf(ids)
  return ids[1] and call("ZMSCORE", PREFIX .. "next", unpack(ids)) or {}
end

local function headHas(definition, part)
  local at = definition:find(part, 1, true)
  -- What users write in the head can't look like this, and params come behind it.
  return at ~= nil and at < (definition:find(',"trigger":', 1, true) or 0)
end

local function headHasAny(definition, parts)
  for _, part in ipairs(parts) do
    if headHas(definition, part) then return true end
  end
  return false
end

local function hasTag(definition, tag)
  if not definition:find(tag, 1, true) then return false end
  local head = lists.headOf(definition)
  local tags = head:find(',"tags":[', 1, true)
  return tags ~= nil and head:find(tag, tags + 8, true) ~= nil
end

-- The only letters beyond ASCII whose small form has letters of ASCII: the Kelvin sign, and a capital I with a dot.
local function hasOddLetters(text)
  return text:find("\226\132\170", 1, true) or text:find("\196\176", 1, true)
end

-- Whether no escape and no odd letter is in any of these texts.
local function isAllPlain(definitions, ids, from, to)
  for i, definition in ipairs(definitions) do definitions[i] = definition or "" end
  local all = table.concat(definitions) .. table.concat(ids, "", from, to)
  return not all:find("\\", 1, true) and not hasOddLetters(all)
end

-- Whether a text, in lower case as far as it is ASCII, is in the id or in what the definition says of pipeline and description.
-- "maybe": somebody who knows all letters and escapes must look. `isPlain`: there are neither.
local function hasText(f, id, definition, isPlain)
  local head = lists.headOf(definition)
  if not isPlain then
    if not f.isAscii then return (head:find("[\128-\255\\]") or id:find("[\128-\255]")) and "maybe" or false end
    if head:find("\\", 1, true) or hasOddLetters(head) or hasOddLetters(id) then return "maybe" end
  end
  if not head:lower():find(f.text, 1, true) then return id:lower():find(f.text, 1, true) ~= nil end
  local rest = head:find(',"queue":', 1, true) or head:find(',"owner":', 1, true) or head:find(',"source":', 1, true)
    or head:find(',"tags":', 1, true)
  -- Without the keys. What it takes to be one text can't be in either.
  local words = head:sub(14, rest or -1):gsub('","description":"', "\n", 1) .. "\n" .. id
  return words:lower():find(f.text, 1, true) ~= nil
end

-- How its last run ended, as the reader of a list sees it: who sees some owners' jobs only sees none from before the job changed
-- its owner.
local function lastVerdictOf(f, last, handedOver)
  if not last then return "none" end
  if f.hidesFormer and handedOver and (readLast(last).startedAt or 0) < cjson.decode(handedOver).at then return "none" end
  return last:match("^%a+")
end

-- Whether what is kept beside its definition fits.
local function isSo(f, id, isIdle)
  local state, last, handedOver = "active", nil, nil
  if isIdle or f.verdicts then state, last, handedOver = unpack(call("HMGET", jobKey(id), "st", "lp", "ho")) end
  if f.states and not f.states[state or ""] then return false end
  return not f.verdicts or f.verdicts[lastVerdictOf(f, last, handedOver)] ~= nil
end

-- Whether its definition fits; "maybe" as above.
local function says(f, id, definition, isPlain)
  if f.pipeline and not definition:find(f.pipeline) then return false end
  if f.owners and not headHasAny(definition, f.owners) then return false end
  if f.sources and not headHasAny(definition, f.sources) and not (f.isCode and not headHas(definition, ',"source":')) then
    return false
  end
  if f.tag and not hasTag(definition, f.tag) then return false end
  return not f.text or hasText(f, id, definition, isPlain)
end

-- Looks at the next jobs, calls `take(id, isSure, definition)` for each that fits, and returns how many it looked at, the last of
-- them, and whether there are more.
local function look(q, take)
  local f, bytes, looked = q.filter, 0, 0
  local ids, isMore, idleFrom = readNext(q)
  local asksState = f.states or f.verdicts
  -- From its beginning on, so that others are soon refused.
  if f.pipeline then f.pipeline = "^" .. f.pipeline:gsub("%W", "%%%0") end
  for from = 1, #ids, CHUNK do
    local to = math.min(#ids, from + CHUNK - 1)
    local definitions = f.needsText and call("HMGET", PREFIX .. "defs", unpack(ids, from, to))
    local isPlain = f.isAscii and isAllPlain(definitions, ids, from, to)
    for i = from, to do
      local id, definition, answer = ids[i], definitions and definitions[i - from + 1], true
      if definition and definition ~= "" then
        answer = says(f, id, definition, isPlain)
        bytes = bytes + #definition
      elseif definitions then
        answer = false
      end
      if answer and asksState then answer = isSo(f, id, i >= (idleFrom or 1)) and answer end
      if answer then take(id, answer == true, definition) end
    end
    looked = to
    if bytes > MAX_BYTES and to < #ids then
      isMore = true
      break
    end
  end
  return looked, ids[looked], isMore
end
