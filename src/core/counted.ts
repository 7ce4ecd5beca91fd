/** A number with its noun: `1 run`, `2 runs`, `0 entries`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
}
