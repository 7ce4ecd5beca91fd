import { QueryClientProvider } from "@tanstack/react-query";
import { Component, lazy, type ReactNode, Suspense } from "react";
import { Shell } from "../shell/shell.tsx";
import { Loading } from "../parts/loading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import type { PageName } from "../../api/contract/pages.ts";
import { queries } from "./queries.ts";
import { SessionProvider, useWho } from "./session.tsx";
import { useWhere, type Where } from "./where.ts";

const OverviewPage = lazy(() =>
  import("../pages/overview-page.tsx").then((m) => ({ default: m.OverviewPage })),
);
const JobsPage = lazy(() =>
  import("../pages/jobs-page.tsx").then((m) => ({ default: m.JobsPage })),
);
const JobPage = lazy(() => import("../pages/job-page.tsx").then((m) => ({ default: m.JobPage })));
const NewJobPage = lazy(() =>
  import("../form/new-job-page.tsx").then((m) => ({ default: m.NewJobPage })),
);
const EditJobPage = lazy(() =>
  import("../form/edit-job-page.tsx").then((m) => ({ default: m.EditJobPage })),
);
const RunPage = lazy(() => import("../pages/run-page.tsx").then((m) => ({ default: m.RunPage })));
const EventsPage = lazy(() =>
  import("../pages/events-page.tsx").then((m) => ({ default: m.EventsPage })),
);
const WorkersPage = lazy(() =>
  import("../pages/workers-page.tsx").then((m) => ({ default: m.WorkersPage })),
);
const TimelinePage = lazy(() =>
  import("../pages/timeline-page.tsx").then((m) => ({ default: m.TimelinePage })),
);
const SettingsPage = lazy(() =>
  import("../pages/settings-page.tsx").then((m) => ({ default: m.SettingsPage })),
);
const RunsPage = lazy(() =>
  import("../pages/runs-page.tsx").then((m) => ({ default: m.RunsPage })),
);
const SignInPage = lazy(() =>
  import("../pages/sign-in-page.tsx").then((m) => ({ default: m.SignInPage })),
);
const SetUpPage = lazy(() =>
  import("../pages/set-up-page.tsx").then((m) => ({ default: m.SetUpPage })),
);
const NoPage = lazy(() => import("../pages/no-page.tsx").then((m) => ({ default: m.NoPage })));

/** The dashboard. */
export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Suspense fallback={<Loading />}>
        <Entrance />
      </Suspense>
    </QueryClientProvider>
  );
}

/** Whoever is not signed in sees nothing but the ways in; the address stays what it is. */
function Entrance() {
  const where = useWhere();
  const { who, error } = useWho();
  if (where.page === "set-up") return <SetUpPage />;
  if (error)
    return (
      <main className="main">
        <ProblemNote error={error} />
      </main>
    );
  if (who === undefined) return <Loading />;
  if (who === null) return <SignInPage />;
  return (
    <SessionProvider value={who}>
      <Shell>
        <Stumble key={`${where.page ?? ""} ${where.id}`}>
          <Suspense fallback={<Loading />}>{pageOf(where)}</Suspense>
        </Stumble>
      </Shell>
    </SessionProvider>
  );
}

const PAGE_PARTS: Partial<Record<PageName, (where: Where) => ReactNode>> = {
  "": () => <OverviewPage />,
  "sign-in": () => <OverviewPage />,
  jobs: () => <JobsPage />,
  job: ({ id }) => <JobPage id={id} />,
  new: () => <NewJobPage />,
  edit: ({ id }) => <EditJobPage id={id} />,
  runs: () => <RunsPage />,
  run: ({ id }) => <RunPage id={id} />,
  timeline: () => <TimelinePage />,
  settings: () => <SettingsPage />,
  events: () => <EventsPage />,
  workers: () => <WorkersPage />,
};

function pageOf(where: Where): ReactNode {
  const part = where.page === undefined ? undefined : PAGE_PARTS[where.page];
  return part ? part(where) : <NoPage />;
}

/** A page that breaks does not take the others with it. */
class Stumble extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <main className="main" id="main">
        <div className="note broken" role="alert">
          <div>
            <strong>This page broke.</strong> That is a fault of the dashboard: {error.message}
          </div>
          <button
            type="button"
            className="btn"
            onClick={() => this.setState({ error: undefined } as never)}
          >
            Try again
          </button>
        </div>
      </main>
    );
  }
}
