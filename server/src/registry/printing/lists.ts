/** Joins at most `max` entries and says how many more there are; `<unset>` for none. */
export function joinAtMost(list: readonly string[], max: number): string {
  const shown = list.slice(0, max).join(',');
  if (list.length > max) return `${shown} + ${list.length - max} more...`;
  return shown === '' ? '<unset>' : shown;
}

/** The Containers and Images cells. */
export function containerCells(
  containers: readonly { name?: string; image?: string }[] | undefined | null,
): [names: string, images: string] {
  const list = containers ?? [];
  return [
    list.map((container) => container.name ?? '').join(','),
    list.map((container) => container.image ?? '').join(','),
  ];
}
