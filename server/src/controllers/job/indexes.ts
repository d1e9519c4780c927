/** Sets of completion indexes, as a Job's status writes them: `1,3-5,7`. */

interface Interval {
  readonly first: number;
  readonly last: number;
}

/** Immutable; ascending, disjoint, not adjacent. */
export class Indexes {
  static readonly none = new Indexes([]);
  readonly intervals: readonly Interval[];

  private constructor(intervals: readonly Interval[]) {
    this.intervals = intervals;
  }

  /** What is malformed or not below `completions` is left out. */
  static parse(text: string | undefined, completions: number): Indexes {
    const intervals: Interval[] = [];
    for (const part of (text ?? '').split(',')) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part);
      if (!match) continue;
      const first = Number(match[1]);
      if (first >= completions) break;
      intervals.push({ first, last: Math.min(Number(match[2] ?? first), completions - 1) });
    }
    return Indexes.none.#merge(intervals);
  }

  static of(indexes: Iterable<number>): Indexes {
    const sorted = [...new Set(indexes)].sort((a, b) => a - b);
    return Indexes.none.#merge(sorted.map((index) => ({ first: index, last: index })));
  }

  get total(): number {
    return this.intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  has(index: number): boolean {
    return this.intervals.some(({ first, last }) => first <= index && index <= last);
  }

  union(other: Indexes): Indexes {
    return this.#merge(other.intervals);
  }

  /** How many indexes both have. */
  overlap(other: Indexes): number {
    let common = 0;
    for (const a of this.intervals)
      for (const b of other.intervals) common += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1);
    return common;
  }

  /** The first `count` indexes below `completions` that are not in this set. */
  firstMissing(count: number, completions: number): number[] {
    const missing: number[] = [];
    let candidate = 0;
    for (const { first, last } of [...this.intervals, { first: completions, last: completions }]) {
      for (; candidate < Math.min(first, completions) && missing.length < count; candidate++) missing.push(candidate);
      candidate = Math.max(candidate, last + 1);
    }
    return missing;
  }

  toString(): string {
    return this.intervals
      .map(({ first, last }) => {
        if (last === first) return String(first);
        return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
      })
      .join(',');
  }

  #merge(others: readonly Interval[]): Indexes {
    const sorted = [...this.intervals, ...others].sort((a, b) => a.first - b.first);
    const merged: Interval[] = [];
    for (const interval of sorted) {
      const previous = merged.at(-1);
      if (!previous || interval.first > previous.last + 1) merged.push(interval);
      else if (interval.last > previous.last)
        merged[merged.length - 1] = { first: previous.first, last: interval.last };
    }
    return new Indexes(merged);
  }
}
