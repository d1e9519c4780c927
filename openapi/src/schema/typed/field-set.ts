/**
 * Sets of field paths as tries. A field may belong to the set while fields below it do too, and the other way round:
 * owning `f:spec` says nothing about owning `f:replicas` below it. Sets never change once they are out of the hands
 * that built them; operations share what they can, and return the very set they were given where nothing changed.
 */
import type { JsonObject } from '../../meta/object.ts';
import {
  describePath,
  type FieldPath,
  type PathElement,
  type PathStep,
  pathElement,
  sortPathElements,
} from './path-element.ts';

export interface FieldEntry {
  /** Whether the field itself belongs to the set. */
  readonly member: boolean;
  /** Never an empty set. */
  readonly children: FieldSet | undefined;
}

const leaf: FieldEntry = { member: true, children: undefined };

export class FieldSet {
  static readonly empty = new FieldSet();

  /** The set as FieldsV1, where it is known already. Kept by `decodeFields` and `encodeFields`. */
  encoded: JsonObject | undefined;
  readonly entries: ReadonlyMap<PathElement, FieldEntry>;

  constructor(entries: ReadonlyMap<PathElement, FieldEntry> = new Map()) {
    this.entries = entries;
  }

  /** A set of paths; parents are not members unless they are listed. The empty path is never a member. */
  static of(...paths: readonly (readonly PathStep[])[]): FieldSet {
    return FieldSet.fromPaths(paths.map((path) => path.map(pathElement)));
  }

  static fromPaths(paths: Iterable<FieldPath>): FieldSet {
    const builder = new FieldSetBuilder();
    for (const path of paths) {
      builder.forget(0);
      builder.add(path, path.length);
    }
    return builder.build();
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  /** Number of members, all the way down. */
  get size(): number {
    let size = 0;
    for (const entry of this.entries.values()) size += (entry.member ? 1 : 0) + (entry.children?.size ?? 0);
    return size;
  }

  has(path: FieldPath): boolean {
    const [first, ...rest] = path;
    if (first === undefined) return false;
    if (rest.length === 0) return this.hasMember(first);
    return this.children(first)?.has(rest) === true;
  }

  hasMember(element: PathElement): boolean {
    return this.entries.get(element)?.member === true;
  }

  children(element: PathElement): FieldSet | undefined {
    return this.entries.get(element)?.children;
  }

  equals(other: FieldSet): boolean {
    if (this === other) return true;
    if (this.entries.size !== other.entries.size) return false;
    for (const [element, entry] of this.entries) {
      const found = other.entries.get(element);
      if (found === undefined || found.member !== entry.member) return false;
      if (entry.children === undefined || found.children === undefined) {
        if (entry.children !== found.children) return false;
      } else if (!entry.children.equals(found.children)) return false;
    }
    return true;
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty || this === other) return this;
    if (this.isEmpty) return other;
    let entries: Map<PathElement, FieldEntry> | undefined;
    for (const [element, entry] of other.entries) {
      const found = this.entries.get(element);
      const joined = found === undefined ? entry : joinEntries(found, entry);
      if (joined !== found) (entries ??= new Map(this.entries)).set(element, joined);
    }
    return entries === undefined ? this : new FieldSet(entries);
  }

  intersection(other: FieldSet): FieldSet {
    if (this === other) return this;
    const [fewer, more] = this.entries.size <= other.entries.size ? [this, other] : [other, this];
    const entries = new Map<PathElement, FieldEntry>();
    for (const [element, entry] of fewer.entries) {
      const found = more.entries.get(element);
      if (found === undefined) continue;
      const children = entry.children && found.children && entry.children.intersection(found.children);
      putEntry(entries, element, entry.member && found.member, children);
    }
    return new FieldSet(entries);
  }

  /** Members that are not members of the other set; what is below a member of the other set stays. */
  difference(other: FieldSet): FieldSet {
    return this.without(other, (entry, found) => {
      const children = entry.children && found.children ? entry.children.difference(found.children) : entry.children;
      return { member: entry.member && !found.member, children };
    });
  }

  /** As difference, and what is below a member of the other set goes as well. */
  recursiveDifference(other: FieldSet): FieldSet {
    return this.without(other, (entry, found) => {
      if (found.member) return { member: false, children: undefined };
      const children =
        entry.children && found.children ? entry.children.recursiveDifference(found.children) : entry.children;
      return { member: entry.member, children };
    });
  }

  private without(other: FieldSet, rest: (entry: FieldEntry, found: FieldEntry) => FieldEntry): FieldSet {
    if (this.isEmpty || other.isEmpty) return this;
    let entries: Map<PathElement, FieldEntry> | undefined;
    const shorter = other.entries.size < this.entries.size ? other.entries : this.entries;
    for (const element of shorter.keys()) {
      const entry = this.entries.get(element);
      const found = other.entries.get(element);
      if (entry === undefined || found === undefined) continue;
      const { member, children } = rest(entry, found);
      if (member === entry.member && children === entry.children) continue;
      entries ??= new Map(this.entries);
      if (!putEntry(entries, element, member, children)) entries.delete(element);
    }
    return entries === undefined ? this : new FieldSet(entries);
  }

  /** Only the members with no member below them. */
  leaves(): FieldSet {
    const entries = new Map<PathElement, FieldEntry>();
    for (const [element, entry] of this.entries) {
      if (entry.children === undefined) entries.set(element, entry);
      else putEntry(entries, element, false, entry.children.leaves());
    }
    return new FieldSet(entries);
  }

  /** Elements of this level, in upstream's order. */
  elements(): PathElement[] {
    return sortPathElements([...this.entries.keys()]);
  }

  /** Every member's path: the members of a level in order, then what is below each. */
  *paths(prefix: FieldPath = []): Generator<FieldPath> {
    const elements = this.elements();
    for (const element of elements) if (this.hasMember(element)) yield [...prefix, element];
    for (const element of elements) {
      const children = this.children(element);
      if (children !== undefined) yield* children.paths([...prefix, element]);
    }
  }

  /** One member's path a line. */
  toString(): string {
    return [...this.paths()].map(describePath).join('\n');
  }
}

function joinEntries(left: FieldEntry, right: FieldEntry): FieldEntry {
  const children =
    left.children && right.children ? left.children.union(right.children) : (left.children ?? right.children);
  const member = left.member || right.member;
  if (member === left.member && children === left.children) return left;
  return { member, children };
}

/** False where nothing is left to put. */
export function putEntry(
  entries: Map<PathElement, FieldEntry>,
  element: PathElement,
  member: boolean,
  children: FieldSet | undefined,
): boolean {
  const kept = children?.isEmpty === true ? undefined : children;
  if (!member && kept === undefined) return false;
  entries.set(element, kept === undefined ? leaf : { member, children: kept });
  return true;
}

interface OpenEntry {
  member: boolean;
  children: FieldSet | undefined;
}

/**
 * Builds a set from paths that come in the order of a walk: what two paths in a row have in common is looked up once.
 * `forget(depth)` must be called when the walk leaves a field: the path's first `depth` steps still hold.
 */
export class FieldSetBuilder {
  private readonly levels: Map<PathElement, OpenEntry>[] = [new Map()];
  private reached = 0;

  forget(depth: number): void {
    if (this.reached > depth) this.reached = depth;
  }

  /** Adds the path made of the first `depth` steps. */
  add(path: FieldPath, depth: number): void {
    if (depth === 0) return;
    this.descend(path, depth - 1);
    const level = this.levels[depth - 1] as Map<PathElement, OpenEntry>;
    const last = path[depth - 1] as PathElement;
    const entry = level.get(last);
    if (entry === undefined) level.set(last, { member: true, children: undefined });
    else entry.member = true;
  }

  private descend(path: FieldPath, depth: number): void {
    while (this.reached < depth) {
      const level = this.levels[this.reached] as Map<PathElement, OpenEntry>;
      const element = path[this.reached] as PathElement;
      let entry = level.get(element);
      if (entry === undefined) level.set(element, (entry = { member: false, children: undefined }));
      entry.children ??= new FieldSet(new Map<PathElement, FieldEntry>());
      this.levels[++this.reached] = entry.children.entries as Map<PathElement, OpenEntry>;
    }
  }

  /** The builder must not be used afterwards. */
  build(): FieldSet {
    const root = this.levels[0] as Map<PathElement, FieldEntry>;
    return root.size === 0 ? FieldSet.empty : new FieldSet(root);
  }
}
