import { writeFileSync } from "node:fs";

/** What `cronduit dev` writes into an empty folder. */
export const EXAMPLE_TOML = `# Jobs of this folder. \`cronduit dev\` runs them here, \`cronduit start\` on a server.
# Change this file while it runs: what changed is applied when you save it.
# \`cronduit validate\` checks it, \`cronduit diff\` shows what it would change.

# timezone = "Europe/Berlin"      # of jobs that name none; UTC otherwise

# Own programs for scripts. PYTHON, BASH and JAVASCRIPT need no line here.
# [interpreters]
# RUBY = "/usr/bin/ruby"

[jobs.hello]
description = "Says hello"
type = "JAVASCRIPT"               # or PYTHON, BASH, or an interpreter of your own
schedule_type = "interval"        # or "cron", or "date"
interval_seconds = 15
command = "console.log('Hello, World!')"

[jobs.report]
description = "Once a minute, if hello went well"
type = "JAVASCRIPT"
schedule_type = "cron"
schedule = "* * * * *"            # minute, hour, day of month, month, day of week
condition = "hello.last_run_successful and hello.finished_within(1m)"
command = "console.log('All is well at', new Date().toISOString())"
timeout = "30s"
retry = 2                         # tries again when it fails
`;

/** @throws The system's error, as \`EEXIST\`: nothing is ever overwritten */
export function writeExamples(path: string): void {
  writeFileSync(path, EXAMPLE_TOML, { flag: "wx", mode: 0o644 });
}
