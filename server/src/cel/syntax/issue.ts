/** What is wrong with an expression, and where; written as cel-go writes it. */
export interface Issue {
  pos: number;
  message: string;
}

/** Ends parsing, perhaps after lesser ones. */
export class SyntaxIssue extends Error {
  readonly issues: readonly Issue[];

  constructor(pos: number, message: string, others: readonly Issue[] = []) {
    super(message);
    this.name = 'SyntaxIssue';
    this.issues = [...others, { pos, message }];
  }
}

const maxIssues = 100;

/** Each shows its line, so that there must not be many. */
export function formatIssues(source: string, issues: readonly Issue[]): string {
  const shown = issues
    .slice(0, maxIssues)
    .sort((a, b) => a.pos - b.pos)
    .map((issue) => formatIssue(source, issue));
  const more = issues.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more errors were truncated`] : [])].join('\n');
}

function formatIssue(source: string, issue: Issue): string {
  // An empty text has no line to show.
  if (source === '') return `ERROR: <input>:1:0: ${issue.message}`;
  const before = source.slice(0, issue.pos).split('\n');
  const column = Array.from(before.at(-1) ?? '').length;
  const line = source.split('\n')[before.length - 1] ?? '';
  const dots = Array.from(line)
    .slice(0, column)
    .map((c) => ((c.codePointAt(0) ?? 0) > 0x7f ? '．' : '.'));
  const caret = (Array.from(line)[column]?.codePointAt(0) ?? 0) > 0x7f ? '＾' : '^';
  return `ERROR: <input>:${before.length}:${column + 1}: ${issue.message}\n | ${line.replaceAll('\t', ' ')}\n | ${dots.join('')}${caret}`;
}
