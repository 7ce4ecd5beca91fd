/** A line that shows, if it takes longer than a moment, that something is on its way. */
export function Loading() {
  return (
    <div className="loading" role="status">
      <span className="vh">Loading</span>
    </div>
  );
}
