-- How a job's hash stores its last runs: one short field each, since a field above 64 bytes makes the hash several times larger.

-- The last run: verdict ("none" = none yet), fire time, ms from there to its start and on to its end, successes and failures
-- in a row, and the end of the last success ("-" = that of this run, "0" = none yet).
local function lastText(last)
  return string.format("%s %d %d %d %d %d %s", last.verdict or "none", last.fireAt, last.startedAt - last.fireAt,
    last.finishedAt - last.startedAt, last.successStreak, last.failuresInARow,
    last.lastSuccessAt == last.finishedAt and "-" or numberText(last.lastSuccessAt or 0))
end

local function readLast(text)
  if not text then return { successStreak = 0, failuresInARow = 0 } end
  local verdict, fireAt, late, took, successStreak, failuresInARow, ok =
    text:match("^(%a+) (%d+) (%-?%d+) (%-?%d+) (%d+) (%d+) (%S+)$")
  local startedAt = fireAt + late
  local finishedAt = startedAt + took
  local lastSuccessAt = ok == "-" and finishedAt or tonumber(ok)
  return { verdict = verdict ~= "none" and verdict or nil, fireAt = tonumber(fireAt), startedAt = startedAt,
    finishedAt = finishedAt, successStreak = tonumber(successStreak), failuresInARow = tonumber(failuresInARow),
    lastSuccessAt = lastSuccessAt > 0 and lastSuccessAt or nil }
end

-- The last scheduled run: verdict, fire time, start, end, id.
local function scheduledText(run)
  return string.format("%s %d %d %d %s", run.verdict, run.fireAt, run.startedAt, run.finishedAt, run.id)
end
