-- Lists: ids of jobs in the order of their bytes. `all` has every job, `owner:<owner>` an owner's, `paused` and `finished`
-- those in this state, `last:failed` and `last:cancelled` those whose last run ended so. `list-sizes` counts them, and those of
-- `last:succeeded`, which has no list. A list is cut into shelves: a sorted set of up to 128 ids takes a third of the memory of a larger one.
-- `shelves:<list>` names them, each by the least id that it may have, a NUL, and its number; `shelf:<number>` has the ids.

local SHELF = 128
local SIZES = PREFIX .. "list-sizes"
local COUNTED_ONLY = { ["last:succeeded"] = true }

local function shelvesKey(list) return PREFIX .. "shelves:" .. list end
local function shelfKey(entry) return PREFIX .. "shelf:" .. entry:match("%z(%d+)$") end

-- The shelf that has an id if the list has it; nil if there is none so far down.
local function shelfOf(list, id)
  return call("ZREVRANGEBYLEX", shelvesKey(list), "[" .. id .. "\0\255", "-", "LIMIT", 0, 1)[1]
end

local function addShelf(list, least)
  local entry = least .. "\0" .. numberText(call("HINCRBY", PREFIX .. "meta", "shelf", 1))
  call("ZADD", shelvesKey(list), 0, entry)
  return entry
end

-- Makes room in a full shelf; ids that come in their order leave full shelves behind. Returns the shelf for the id.
local function splitShelf(list, entry, id)
  local key = shelfKey(entry)
  if call("ZLEXCOUNT", key, "(" .. id, "+") == 0 then return addShelf(list, id) end
  local upper = call("ZRANGE", key, SHELF / 2, -1)
  local other = shelfKey(addShelf(list, upper[1]))
  for _, each in ipairs(upper) do
    call("ZREM", key, each)
    call("ZADD", other, 0, each)
  end
  return shelfOf(list, id)
end

local function joinList(list, id)
  if COUNTED_ONLY[list] then
    call("HINCRBY", SIZES, list, 1)
    return
  end
  local entry = shelfOf(list, id) or addShelf(list, "")
  if call("ZSCORE", shelfKey(entry), id) then return end
  if call("ZCARD", shelfKey(entry)) >= SHELF then entry = splitShelf(list, entry, id) end
  call("ZADD", shelfKey(entry), 0, id)
  call("HINCRBY", SIZES, list, 1)
end

local function leaveList(list, id)
  if not COUNTED_ONLY[list] then
    local entry = shelfOf(list, id)
    if not entry or call("ZREM", shelfKey(entry), id) == 0 then return end
    if call("EXISTS", shelfKey(entry)) == 0 then call("ZREM", shelvesKey(list), entry) end
  end
  if call("HINCRBY", SIZES, list, -1) <= 0 then call("HDEL", SIZES, list) end
end

-- The next ids of a list after one, up to `count`, and whether there are more.
local function readList(list, after, count)
  local ids, most = {}, 64
  local from = shelfOf(list, after)
  local entries = call("ZRANGEBYLEX", shelvesKey(list), from and "[" .. from or "-", "+", "LIMIT", 0, most)
  for i, entry in ipairs(entries) do
    local behind = i == 1 and from and "(" .. after or "-"
    for _, id in ipairs(call("ZRANGEBYLEX", shelfKey(entry), behind, "+", "LIMIT", 0, count + 1 - #ids)) do
      ids[#ids + 1] = id
    end
    if #ids > count then
      ids[#ids] = nil
      return ids, true
    end
  end
  return ids, #entries == most
end

local function listOfState(state) return state ~= "active" and state or nil end
local function listOfVerdict(verdict) return verdict and verdict ~= "none" and "last:" .. verdict or nil end

-- What a definition's text says before the trigger; nothing that users write there can look like a field.
local function headOf(definition)
  return definition:sub(1, definition:find(',"trigger":', 1, true) or 0)
end

local function listOfOwner(definition)
  local owner = headOf(definition):match('"owner":"([^"]+)"')
  return owner and "owner:" .. owner
end

local function move(jobId, from, to)
  if from == to then return end
  if from then leaveList(from, jobId) end
  if to then joinList(to, jobId) end
end

local function moveState(jobId, from, to) move(jobId, listOfState(from), listOfState(to)) end
local function moveVerdict(jobId, from, to) move(jobId, listOfVerdict(from), listOfVerdict(to)) end
local function moveOwner(jobId, from, to) move(jobId, from and listOfOwner(from), to and listOfOwner(to)) end

-- A job that comes, with its definition's text.
local function enter(jobId, definition, state, verdict)
  joinList("all", jobId)
  moveOwner(jobId, nil, definition)
  moveState(jobId, "active", state)
  moveVerdict(jobId, nil, verdict)
end

-- A job that goes.
local function leave(jobId, definition, state, verdict)
  leaveList("all", jobId)
  moveOwner(jobId, definition, nil)
  moveState(jobId, state, "active")
  moveVerdict(jobId, verdict, nil)
end

return { enter = enter, leave = leave, moveState = moveState, moveVerdict = moveVerdict, moveOwner = moveOwner,
  readList = readList, headOf = headOf }
