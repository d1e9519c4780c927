/** Dividing the server's seats among priority levels by their demand, within each one's bounds. */

export interface AllocationItem {
  target: number;
  lowerBound: number;
  upperBound: number;
}

export interface Allocation {
  seats: number[];
  /** What every unbounded class gets of its target. */
  fairFraction: number;
}

const minTarget = 0.001;
const epsilon = 1e-7;

/**
 * The unique allocation that sums to `requiredSum` and gives each class `fairFraction × target`, or the nearer of its
 * bounds where that lies outside. Undefined where no such allocation exists.
 */
export function allocateConcurrency(requiredSum: number, items: readonly AllocationItem[]): Allocation | undefined {
  const low = sum(items.map((item) => item.lowerBound));
  const high = sum(items.map((item) => item.upperBound));
  const broken = items.some(
    (item) => item.lowerBound < 0 || item.target < item.lowerBound || item.upperBound < item.lowerBound,
  );
  if (requiredSum < 0 || broken || low - requiredSum > epsilon || requiredSum - high > epsilon) return undefined;
  if (requiredSum === 0) return { seats: items.map(() => 0), fairFraction: 0 };
  const targets = items.map(({ target }) => Math.max(target, minTarget));
  const lowers = items.map((item, index) => item.lowerBound / targets[index]!);
  const uppers = items.map((item, index) => item.upperBound / targets[index]!);
  if (low - requiredSum > -epsilon)
    return { seats: items.map((item) => item.lowerBound), fairFraction: Math.min(...lowers) };
  if (requiredSum - high > -epsilon)
    return { seats: items.map((item) => item.upperBound), fairFraction: Math.max(...uppers) };
  const fairFraction = solve(requiredSum, targets, lowers, uppers);
  const seats = items.map((item, index) =>
    Math.max(item.lowerBound, Math.min(item.upperBound, fairFraction * targets[index]!)),
  );
  return { seats, fairFraction };
}

/** Walks the bounds upwards; between two of them the sum grows by the targets of the classes that are within theirs. */
function solve(
  requiredSum: number,
  targets: readonly number[],
  lowers: readonly number[],
  uppers: readonly number[],
): number {
  const bounds = targets
    .flatMap((target, index) => [
      { at: lowers[index]!, change: target },
      { at: uppers[index]!, change: -target },
    ])
    .sort((a, b) => a.at - b.at);
  let allocated = sum(targets.map((target, index) => target * lowers[index]!));
  let sensitive = 0;
  let fraction = bounds[0]?.at ?? 0;
  for (const { at, change } of bounds) {
    const step = (at - fraction) * sensitive;
    if (sensitive > 0 && allocated + step >= requiredSum) break;
    allocated += step;
    fraction = at;
    sensitive += change;
  }
  return sensitive > 0 ? fraction + (requiredSum - allocated) / sensitive : fraction;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
