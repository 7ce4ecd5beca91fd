-- Marks: what a row of the ledger counts as in roll-ups; `src/jobs/marks.ts` says it too.

local BUCKETS = "0123456789abcdef"
local BOUNDS = { 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 1800000, 10800000 }

local SCHEDULED_CODES = { succeeded = "s", failed = "f", cancelled = "c", missed = "m", coalesced = "o" }
local SKIPPED_CODES = { ["max-instances"] = "i", condition = "n", paused = "p", removed = "d", rescheduled = "e",
  ["overlap-replaced"] = "l", requested = "q" }
local OTHER_CODES = {
  manual = { succeeded = "S", failed = "F", cancelled = "C", missed = "M", coalesced = "O", skipped = "K" },
  backfill = { succeeded = "1", failed = "2", cancelled = "3", missed = "4", coalesced = "5", skipped = "6" },
}

local function bucketOf(ms)
  for i, bound in ipairs(BOUNDS) do
    if ms <= bound then return BUCKETS:sub(i, i) end
  end
  return BUCKETS:sub(#BOUNDS + 1)
end

local function codeOf(row)
  local other = OTHER_CODES[row.kind]
  if other then return other[row.state] end
  return row.state == "skipped" and SKIPPED_CODES[row.reason] or SCHEDULED_CODES[row.state]
end

-- The mark of a row, its lateness and its duration; nil where it has none.
local function markOf(row)
  local late, took
  if row.startedAt and row.kind == "scheduled" and row.attempt == 1 then late = math.max(0, row.startedAt - row.dueAt) end
  if row.startedAt and (row.state == "succeeded" or row.state == "failed") then
    took = math.max(0, row.finishedAt - row.startedAt)
  end
  local lateBucket = late and bucketOf(late)
  if took then return codeOf(row) .. (lateBucket or "x") .. bucketOf(took), late, took end
  return codeOf(row) .. (lateBucket or ""), late, nil
end

return { markOf = markOf }
