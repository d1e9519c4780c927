/** Sends a case's requests to both clusters, each in a namespace of its own, and compares the answers. */
import { randomBytes } from 'node:crypto';
import type { Case, Json, JsonObject, Step } from './case.ts';
import { type Difference, differences } from './difference.ts';
import { type Explanation, explain } from './explanation.ts';
import { Normaliser } from './normalise.ts';
import type { Answer, Request, Target } from './target.ts';

export interface StepOutcome {
  step: Step;
  request: string;
  first: Answer;
  second: Answer;
  unexplained: Difference[];
  explained: { difference: Difference; explanation: Explanation }[];
}

export interface CaseOutcome {
  case: Case;
  steps: StepOutcome[];
}

export interface RunOptions {
  explanations: readonly Explanation[];
  parallel: number;
  onOutcome?(outcome: CaseOutcome): void;
}

export async function runCases(
  cases: readonly Case[],
  first: Target,
  second: Target,
  options: RunOptions,
): Promise<CaseOutcome[]> {
  const run = randomBytes(3).toString('hex');
  const outcomes: CaseOutcome[] = [];
  const queue = [...cases.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, each] = next;
      const namespace = `compare-${run}-${index}`;
      const octets = `${index >> 8}.${index & 255}`;
      const sides = [new Side(first, namespace, octets), new Side(second, namespace, octets)] as const;
      const outcome = await runCase(each, sides, options.explanations);
      outcomes[index] = outcome;
      options.onOutcome?.(outcome);
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, work));
  return outcomes;
}

async function runCase(
  each: Case,
  sides: readonly [Side, Side],
  explanations: readonly Explanation[],
): Promise<CaseOutcome> {
  const needsNamespace = each.steps.some(({ path }) => path.includes('/namespaces/$ns/'));
  try {
    if (needsNamespace) await Promise.all(sides.map((side) => side.makeNamespace()));
    const steps: StepOutcome[] = [];
    for (const step of each.steps) {
      const [first, second] = await Promise.all([sides[0].send(step), sides[1].send(step)]);
      const outcome: StepOutcome = {
        step,
        request: `${step.method} ${step.path}`,
        first,
        second,
        unexplained: [],
        explained: [],
      };
      for (const difference of step.uncompared === true ? [] : differences(first, second)) {
        const explanation = explain(explanations, each, outcome, difference);
        if (explanation === undefined) outcome.unexplained.push(difference);
        else outcome.explained.push({ difference, explanation });
      }
      steps.push(outcome);
    }
    return { case: each, steps };
  } finally {
    await Promise.all(sides.map((side) => side.cleanUp(needsNamespace)));
  }
}

/** One cluster's half of a case. */
class Side {
  private readonly target: Target;
  private readonly namespace: string;
  private readonly octets: string;
  private readonly normaliser: Normaliser;
  private readonly answers = new Map<string, Json>();
  /** Paths of cluster-scoped objects that the case has made. */
  private readonly made = new Set<string>();

  constructor(target: Target, namespace: string, octets: string) {
    this.target = target;
    this.octets = octets;
    this.namespace = namespace;
    this.normaliser = new Normaliser(namespace);
  }

  /** The default ServiceAccount is a controller's to make; where none runs, pods need one all the same. */
  async makeNamespace(): Promise<void> {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } };
    const made = await this.raw('POST', '/api/v1/namespaces', namespace);
    if (made.status !== 201) throw new Error(`${this.target.name}: no namespace: ${JSON.stringify(made.body)}`);
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await this.raw('POST', `/api/v1/namespaces/${this.namespace}/serviceaccounts`, account);
  }

  async send(step: Step): Promise<Answer> {
    const request = this.fill(step);
    this.normaliser.noteSent(request.path);
    this.normaliser.noteSent(request.body ?? '');
    let answer: Answer;
    try {
      answer = await this.target.send(request);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { status: 0, contentType: '', warnings: [], body: `no answer: ${message.replace(/:\d{4,5}\b/, '')}` };
    }
    if (step.as !== undefined) this.answers.set(step.as, answer.body);
    this.noteMade(request, answer);
    return this.normaliser.answer(answer);
  }

  private fill(step: Step): Request {
    const body = typeof step.body === 'object' && step.body !== null ? JSON.stringify(step.body) : step.body;
    const text = body === undefined ? undefined : this.substitute(String(body));
    const headers = Object.fromEntries(
      Object.entries(step.headers ?? {}).map(([name, value]) => [name, this.substitute(value)]),
    );
    return { method: step.method, path: this.substitute(step.path), body: text, headers };
  }

  private substitute(text: string): string {
    return text
      .replaceAll('$ns', this.namespace)
      .replaceAll('%24ns', this.namespace)
      .replaceAll(/(\$|%24)octets/g, this.octets)
      .replaceAll(/(?:\{\{|%7B%7B)(\w+)\.([\w.]+)(?:\}\}|%7D%7D)/g, (_, name: string, path: string) => {
        let value: Json | undefined = this.answers.get(name);
        for (const field of path.split('.')) value = (value as JsonObject | undefined)?.[field];
        return typeof value === 'string' || typeof value === 'number' ? String(value) : 'absent';
      });
  }

  private noteMade(request: Request, { status, body }: Answer): void {
    const path = request.path.split('?')[0] ?? '';
    if (status !== 201 || request.path.includes('dryRun=') || path.includes('/namespaces/')) return;
    const name = ((body as JsonObject | null)?.['metadata'] as JsonObject | undefined)?.['name'];
    if (typeof name !== 'string') return;
    this.made.add(request.method === 'POST' ? `${path}/${name}` : path);
  }

  async cleanUp(namespaced: boolean): Promise<void> {
    const paths = [...this.made, ...(namespaced ? [`/api/v1/namespaces/${this.namespace}`] : [])];
    for (const path of paths) {
      await this.raw('PATCH', path, { metadata: { finalizers: null } }, 'application/merge-patch+json');
      await this.raw('DELETE', path);
    }
  }

  private async raw(method: string, path: string, body?: Json, type = 'application/json'): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.target.send({ method, path, body: text, headers: { 'content-type': type } });
  }
}
