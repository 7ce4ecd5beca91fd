import { type ReactNode, useEffect } from "react";
import { Link } from "../app/link.tsx";
import { crumbs } from "../shell/crumbs.ts";

/** A step of the way to a page. */
export interface Crumb {
  readonly text: string;
  readonly to?: string;
}

/** A page's content, with its title and the way to it. */
export function Page({
  title,
  way,
  children,
}: {
  readonly title: string;
  readonly way: readonly Crumb[];
  readonly children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · cronduit`;
  }, [title]);
  const key = JSON.stringify(way);
  useEffect(() => crumbs.set(JSON.parse(key) as readonly Crumb[]), [key]);
  return (
    <main className="main" id="main" tabIndex={-1}>
      {children}
    </main>
  );
}

/** The way to the page that is shown. */
export function Crumbs({ way }: { readonly way: readonly Crumb[] }) {
  return (
    <nav aria-label="Where you are">
      <ol className="crumbs">
        {way.map(({ text, to }) => (
          <li key={text}>{to === undefined ? text : <Link to={to}>{text}</Link>}</li>
        ))}
      </ol>
    </nav>
  );
}
