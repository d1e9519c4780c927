/** Every period the seats that levels do not need go to those that do. */
import { allocateConcurrency } from './allocation.ts';
import type { Level } from './level.ts';
import type { FlowControlMetrics } from './metrics.ts';

/** The least a level keeps: what it needed at its peak, within its bounds. */
function floorOf(level: Level): number {
  const { minSeats, nominalSeats, demand } = level;
  if (level.exempt) return Math.max(minSeats, demand.highWatermark);
  return Math.max(minSeats, Math.min(nominalSeats, demand.highWatermark));
}

/** Sets every level's current limit from the demand since the last call. */
export function borrow(
  levels: readonly Level[],
  serverSeats: number,
  nowMs: number,
  metrics: FlowControlMetrics,
): void {
  for (const { demand } of levels) demand.endPeriod(nowMs);
  const limited = levels.filter((level) => !level.exempt);
  const floors = limited.map(floorOf);
  const nominal = total(levels.map(({ nominalSeats }) => nominalSeats));
  const minimum = total(limited.map(({ minSeats }) => minSeats));
  const floor = total(floors);
  const left = nominal - total(levels.filter(({ exempt }) => exempt).map(floorOf));
  const items = limited.map((level, index) => ({
    lowerBound: floors[index]!,
    upperBound: level.maxSeats,
    target: Math.max(floors[index]!, level.demand.smoothed),
  }));
  let seats: number[];
  let fairFraction = 0;
  if (left <= minimum) seats = limited.map(({ minSeats }) => minSeats);
  else if (left <= floor) {
    const share = (left - minimum) / (floor - minimum);
    seats = limited.map(({ minSeats }, index) => minSeats + Math.round((floors[index]! - minSeats) * share));
  } else {
    const allocation = allocateConcurrency(nominal, items);
    seats = allocation?.seats ?? limited.map(({ currentSeats }) => currentSeats);
    fairFraction = allocation?.fairFraction ?? 0;
  }
  metrics.fairFraction(fairFraction);
  for (const level of levels) {
    const index = limited.indexOf(level);
    level.currentSeats = index < 0 ? floorOf(level) : Math.round(seats[index]!);
    metrics.adjusted(level, index < 0 ? floorOf(level) : items[index]!.target);
    const denominator = level.currentSeats > 0 ? level.currentSeats : Math.max(1, Math.round(serverSeats / 10));
    level.metrics.demandRatio.setDenominator(denominator, nowMs);
    level.queueSet.limit(level.currentSeats, denominator);
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
