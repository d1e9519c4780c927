/** The outcomes as JSON (machines), JUnit (CI) and a page of text (people). */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PromiseOutcome } from './runner.ts';

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

export function totals(outcomes: readonly PromiseOutcome[]): Totals {
  const count = (result: PromiseOutcome['result']): number =>
    outcomes.filter((outcome) => outcome.result === result).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** `N passed, N failed, N skipped`, the closing line of every run. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

export function writeReport(directory: string, server: string, outcomes: readonly PromiseOutcome[]): void {
  mkdirSync(directory, { recursive: true });
  const sorted = outcomes.toSorted((a, b) => a.name.localeCompare(b.name));
  const write = (name: string, text: string): void => writeFileSync(path.join(directory, name), text);
  write('promises.json', `${JSON.stringify({ server, totals: totals(sorted), promises: sorted }, undefined, 2)}\n`);
  write('junit.xml', junit(sorted));
  write('summary.txt', summary(sorted));
}

export function junit(outcomes: readonly PromiseOutcome[]): string {
  const { failed, skipped } = totals(outcomes);
  const cases = outcomes.map((outcome) => {
    const head = `  <testcase classname="${xml(outcome.area)}" name="${xml(outcome.name)}" time="${(outcome.durationMs / 1000).toFixed(3)}"`;
    switch (outcome.result) {
      case 'passed':
        return `${head}/>`;
      case 'skipped':
        return `${head}><skipped message="${xml(outcome.message)}"/></testcase>`;
      case 'failed':
        return `${head}><failure message="${xml(outcome.message)}">${xml(outcome.transcript.join('\n\n'))}</failure></testcase>`;
    }
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="promises" tests="${outcomes.length}" failures="${failed}" skipped="${skipped}">`,
    ...cases,
    '</testsuite>',
    '',
  ].join('\n');
}

export function summary(outcomes: readonly PromiseOutcome[]): string {
  const lines: string[] = [];
  for (const area of new Set(outcomes.map((outcome) => outcome.area))) {
    const own = outcomes.filter((outcome) => outcome.area === area);
    lines.push(`${area}: ${closingLine(totals(own))}`);
    for (const outcome of own) {
      if (outcome.result === 'passed') continue;
      lines.push(`  ${outcome.result === 'failed' ? 'FAILED ' : 'skipped'} ${outcome.name}`, `    ${outcome.message}`);
      for (const entry of outcome.transcript) lines.push(...entry.split('\n').map((line) => `      ${line}`));
    }
  }
  return `${lines.join('\n')}\n\n${closingLine(totals(outcomes))}\n`;
}

function xml(text: string): string {
  return (
    text
      // Characters that XML 1.0 cannot carry at all.
      .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}
