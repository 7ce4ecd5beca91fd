-- Keys of jobs and groups that several scripts use; docs/contributing/keys-and-tables.md lists all keys and their tables.

local function jobKey(jobId) return PREFIX .. "job:" .. jobId end
-- Running runs by queue job, those that count for `maxInstances`. Backfill runs are apart.
local function runningKey(jobId) return PREFIX .. "running:" .. jobId end
local function backfillRunningKey(jobId) return PREFIX .. "backfill-running:" .. jobId end
local function backfillKey(jobId) return PREFIX .. "backfill:" .. jobId end
-- A backfill's fire times without a queue job, and the queue jobs of the others by run id.
local function backfillTimesKey(jobId) return PREFIX .. "backfill-times:" .. jobId end
local function backfillJobsKey(jobId) return PREFIX .. "backfill-jobs:" .. jobId end
local function queuedKey(jobId) return PREFIX .. "queued:" .. jobId end
-- Manual runs that no worker has taken, by run id.
local function requestsKey(jobId) return PREFIX .. "requests:" .. jobId end
-- When manual runs were asked for, by the numbers of the requests.
local function askedKey(jobId) return PREFIX .. "asked:" .. jobId end
local function ledgerKey(jobId) return PREFIX .. "ledger:" .. jobId end
-- Former days of a job's roll-ups; the latest is in its hash.
local function daysKey(jobId) return PREFIX .. "days:" .. jobId end
-- Up to which fire time rows of the ledger were deleted on request.
local function cleanedKey(jobId) return PREFIX .. "cleaned:" .. jobId end
-- Jobs whose condition waits and names this job.
local function dependentsKey(jobId) return PREFIX .. "deps:" .. jobId end
-- The queue jobs of a group's running runs.
local function groupKey(key) return PREFIX .. "group:" .. key end
