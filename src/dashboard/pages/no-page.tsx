import { Link } from "../app/link.tsx";
import { pathTo } from "../app/where.ts";
import { Page } from "../parts/page.tsx";

/** What is not there, or not for who looks: nobody can tell which. */
export function NoPage({ what = "There is no such page." }: { readonly what?: string }) {
  return (
    <Page title="Not here" way={[{ text: "Not here" }]}>
      <section className="answer">
        <h1>{what}</h1>
        <p className="m2">
          It may be gone, or belong to somebody else. <Link to={pathTo("jobs")}>All jobs</Link>
        </p>
      </section>
    </Page>
  );
}
