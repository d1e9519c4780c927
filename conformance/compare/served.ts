/** Which cases two clusters can be sent: those whose API versions at least one of them serves. */
import type { Case, Json, JsonObject } from './case.ts';
import type { Target } from './target.ts';

export async function servedCases(cases: readonly Case[], ...targets: readonly Target[]): Promise<Case[]> {
  if (cases.every(({ needs = [] }) => needs.length === 0)) return [...cases];
  const served = new Set((await Promise.all(targets.map(groupVersions))).flat());
  return cases.filter(({ needs = [] }) => needs.every((each) => served.has(each)));
}

async function groupVersions(target: Target): Promise<string[]> {
  const { status, body } = await target.send({ method: 'GET', path: '/apis', body: undefined, headers: {} });
  if (status !== 200) throw new Error(`${target.name}: /apis answers ${status}`);
  return items((body as JsonObject)['groups']).flatMap(({ versions }) =>
    items(versions).map(({ groupVersion }) => groupVersion as string),
  );
}

const items = (list: Json | undefined): JsonObject[] => (list ?? []) as JsonObject[];
