// A reporter for node:test: failures in full, one line for each file, and the totals with the failures' names as JSON in
// $TEST_TOTALS.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export default async function* report(events) {
  const totals = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const files = new Map();
  for await (const { type, data } of events) {
    // What a test says of itself (figures); the runner's own remarks name no test file.
    if (type === 'test:diagnostic') {
      if (data.file !== undefined && data.line !== undefined) yield `  ${data.message}\n`;
      continue;
    }
    if (type === 'test:stderr' || type === 'test:stdout') continue;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { name, file, skip, details } = data;
    const relative = file === undefined ? name : path.relative(process.cwd(), file);
    const isSuite = details?.type === 'suite';
    if (type === 'test:fail') {
      // A suite fails because a test in it did, unless something around the tests failed.
      if (isSuite && details.error?.failureType === 'subtestsFailed') continue;
      totals.failed += 1;
      const cause = details?.error?.cause ?? details?.error;
      totals.failures.push(`${relative}: ${name}: ${firstLine(cause)}`);
      yield `FAILED ${relative}: ${name}\n  ${String(cause?.stack ?? cause).replaceAll('\n', '\n  ')}\n`;
    } else if (skip !== undefined && skip !== false) {
      totals.skipped += 1;
      yield `skipped ${relative}: ${name}${typeof skip === 'string' ? ` (${skip})` : ''}\n`;
    } else if (!isSuite) {
      totals.passed += 1;
      files.set(relative, (files.get(relative) ?? 0) + 1);
    }
  }
  for (const [file, count] of [...files].sort(([a], [b]) => a.localeCompare(b)))
    yield `ok ${String(count).padStart(5)} ${file}\n`;
  if (process.env.TEST_TOTALS !== undefined) writeFileSync(process.env.TEST_TOTALS, JSON.stringify(totals));
}

function firstLine(cause) {
  return String(cause instanceof Error ? cause.message : cause).split('\n', 1)[0];
}
