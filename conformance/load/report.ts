/** The figures for people. */
import type { Figures } from './measure.ts';
import type { Results } from './runner.ts';
import type { Start } from './start.ts';

const names = { first: 'this', second: 'against' };

export function reportLoad([first, second]: readonly Results[]): string {
  if (first === undefined) return '';
  const lines = [header(second !== undefined)];
  for (const [name, figures] of Object.entries(first.operations)) {
    const other = second?.operations[name];
    lines.push(name.padEnd(14) + describe(figures) + (other === undefined ? '' : compare(figures, other)));
  }
  if (first.memory !== undefined) {
    const { filled, atEnd } = first.memory;
    const there = second?.memory;
    lines.push(
      `memory, filled   ${mebibytes(filled, there?.filled)}`,
      `memory, at end   ${mebibytes(atEnd, there?.atEnd)}`,
    );
  }
  return lines.join('\n');
}

export function reportStarts([first, second]: readonly Start[]): string {
  if (first === undefined) return '';
  const line = (name: string, unit: string, figure: (start: Start) => number): string =>
    `${name.padEnd(17)}${figure(first).toFixed(0)} ${unit}${second === undefined ? '' : ` | ${figure(second).toFixed(0)} ${unit}  (${ratio(figure(first), figure(second))})`}`;
  return [
    line('ready after', 'ms', ({ readyMs }) => readyMs),
    line('CPU until ready', 'ms', ({ cpuMs }) => cpuMs),
    line('memory, idle', 'MiB', ({ residentMiB }) => residentMiB),
  ].join('\n');
}

const columns = ['    a second', '  p50 ms', '  p99 ms', '  CPU ms', '    MB/s'].join('');

function header(both: boolean): string {
  const ratios = '  ratios: rate, p50, p99, CPU';
  return `${''.padEnd(14)}${columns}${both ? `  | ${names.second}:${columns.slice(names.second.length + 1)}  |${ratios}` : ''}`;
}

function describe({ perSecond, p50, p99, cpuMs, megabytesPerSecond }: Figures): string {
  const cells = [perSecond.toFixed(perSecond < 100 ? 1 : 0).padStart(12)];
  for (const value of [p50, p99, cpuMs, megabytesPerSecond])
    cells.push((value === undefined ? '' : value.toFixed(value < 1 ? 3 : value < 100 ? 1 : 0)).padStart(8));
  return cells.join('');
}

function compare(figures: Figures, other: Figures): string {
  const ratios = [
    ratio(figures.perSecond, other.perSecond),
    ratio(figures.p50, other.p50),
    ratio(figures.p99, other.p99),
    figures.cpuMs === undefined || other.cpuMs === undefined ? '' : ratio(figures.cpuMs, other.cpuMs),
  ];
  return `  | ${describe(other)}  |  ${ratios.join('  ')}`;
}

function ratio(first: number, second: number): string {
  return `×${(first / second).toFixed(2)}`;
}

function mebibytes(first: number, second: number | undefined): string {
  const text = `${first.toFixed(0)} MiB`;
  return second === undefined ? text : `${text} | ${second.toFixed(0)} MiB  (${ratio(first, second)})`;
}
