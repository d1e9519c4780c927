/**
 * The contents of one nftables table as a value, and the script that turns one such value into another. Pure: what the
 * kernel holds is known from the last script that it took.
 */

export interface NftChain {
  /** `type nat hook output priority -100;` for a base chain. */
  hook?: string;
  rules: readonly string[];
}

export interface NftMap {
  /** `ipv4_addr . inet_proto . inet_service : verdict` */
  type: string;
  /** Key → verdict. */
  elements: ReadonlyMap<string, string>;
}

export interface NftSet {
  type: string;
  /** Rules add elements, each for so long; `elements` is empty then. */
  timeoutSeconds?: number;
  elements: ReadonlySet<string>;
}

export interface NftTable {
  family: 'ip' | 'ip6';
  name: string;
  chains: ReadonlyMap<string, NftChain>;
  maps: ReadonlyMap<string, NftMap>;
  sets: ReadonlyMap<string, NftSet>;
}

/** The script that makes the table from nothing, whatever was there before, in one transaction. */
export function createScript(table: NftTable): string {
  const name = `${table.family} ${table.name}`;
  const lines = [`add table ${name}`, `delete table ${name}`, `add table ${name}`];
  addObjects(lines, name, table, emptyTable(table));
  return `${lines.join('\n')}\n`;
}

/** The script that turns `before` into `after`; empty where they are the same. One transaction. */
export function changeScript(before: NftTable, after: NftTable): string {
  const name = `${after.family} ${after.name}`;
  const lines: string[] = [];
  addObjects(lines, name, after, before);
  removeObjects(lines, name, after, before);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** The script that removes the table; works where it is not there, too. */
export function removeScript(family: string, name: string): string {
  return `add table ${family} ${name}\ndelete table ${family} ${name}\n`;
}

function emptyTable({ family, name }: NftTable): NftTable {
  return { family, name, chains: new Map(), maps: new Map(), sets: new Map() };
}

/** New things come first and in an order in which nothing refers to what is not there yet. */
function addObjects(lines: string[], table: string, after: NftTable, before: NftTable): void {
  for (const [chain, { hook }] of after.chains) {
    if (!before.chains.has(chain)) lines.push(`add chain ${table} ${chain}${hook === undefined ? '' : ` { ${hook} }`}`);
  }
  for (const [set, { type, timeoutSeconds, elements }] of after.sets) {
    const had = before.sets.get(set);
    if (had === undefined) lines.push(`add set ${table} ${set} { type ${type}; ${dynamic(timeoutSeconds)}}`);
    const gone = [...(had?.elements ?? [])].filter((element) => !elements.has(element));
    const added = [...elements].filter((element) => !(had?.elements.has(element) ?? false));
    if (gone.length > 0) lines.push(`delete element ${table} ${set} { ${gone.join(', ')} }`);
    if (added.length > 0) lines.push(`add element ${table} ${set} { ${added.join(', ')} }`);
  }
  for (const [map, { type }] of after.maps) {
    if (!before.maps.has(map)) lines.push(`add map ${table} ${map} { type ${type}; }`);
  }
  for (const [chain, { rules }] of after.chains) {
    const had = before.chains.get(chain);
    if (had !== undefined && sameRules(had.rules, rules)) continue;
    if (had !== undefined) lines.push(`flush chain ${table} ${chain}`);
    for (const rule of rules) lines.push(`add rule ${table} ${chain} ${rule}`);
  }
  for (const [map, { elements }] of after.maps) {
    const had = before.maps.get(map)?.elements ?? new Map<string, string>();
    const gone = [...had].filter(([key, verdict]) => elements.get(key) !== verdict);
    const added = [...elements].filter(([key, verdict]) => had.get(key) !== verdict);
    if (gone.length > 0) lines.push(`delete element ${table} ${map} { ${gone.map(([key]) => key).join(', ')} }`);
    if (added.length > 0) {
      lines.push(`add element ${table} ${map} { ${added.map(([key, verdict]) => `${key} : ${verdict}`).join(', ')} }`);
    }
  }
}

const dynamic = (timeoutSeconds: number | undefined): string =>
  timeoutSeconds === undefined ? '' : `flags dynamic,timeout; timeout ${timeoutSeconds}s; `;

/** Chains go in two steps: all are emptied before any is deleted, for they may refer to each other. */
function removeObjects(lines: string[], table: string, after: NftTable, before: NftTable): void {
  const chains = [...before.chains.keys()].filter((chain) => !after.chains.has(chain));
  for (const chain of chains) lines.push(`flush chain ${table} ${chain}`);
  for (const chain of chains) lines.push(`delete chain ${table} ${chain}`);
  for (const map of before.maps.keys()) if (!after.maps.has(map)) lines.push(`delete map ${table} ${map}`);
  for (const set of before.sets.keys()) if (!after.sets.has(set)) lines.push(`delete set ${table} ${set}`);
}

function sameRules(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((rule, index) => rule === b[index]);
}
