import { Tabs } from "../parts/tabs.tsx";
import { ChangesTab } from "./changes-tab.tsx";
import { ConfigurationTab } from "./configuration-tab.tsx";
import type { Job } from "../app/answers.ts";
import { OccurrencesTab } from "./occurrences-tab.tsx";

/** What is on record of a job. */
export function JobTabs({ job }: { readonly job: Job }) {
  return (
    <Tabs
      label="About this job"
      tabs={[
        { name: "Occurrences", content: <OccurrencesTab job={job} /> },
        { name: "Changes", content: <ChangesTab job={job} /> },
        { name: "Configuration", content: <ConfigurationTab job={job} /> },
      ]}
    />
  );
}
