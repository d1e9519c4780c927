/** CEL over a token's claims, and over the user that was made of them. */
import type { JsonValue } from '@typernetes/openapi/meta';
import {
  BOOL,
  compile,
  DYN,
  type Environment,
  environment,
  evaluate,
  fromJson,
  listOf,
  mapOf,
  objectType,
  type Program,
  STRING,
  toJson,
} from '../../cel/index.ts';
import type { UserInfo } from '../authenticator.ts';

export type Compiled = { program: Program; errors?: undefined } | { program?: undefined; errors: string };

const strings = mapOf(STRING, listOf(STRING));
const userType = objectType('kubernetes.UserInfo', {
  username: STRING,
  uid: STRING,
  groups: listOf(STRING),
  extra: strings,
});
const claimsEnvironment = environment({ claims: mapOf(STRING, DYN) });
const userEnvironment = environment({ user: userType });

/** A mapping may be of any type, since claims are only known at run time; a condition must be known to be one. */
function compileIn(source: string, env: Environment, condition: boolean): Compiled {
  const compiled = compile(source, env);
  if (compiled.errors !== undefined) return { errors: `compilation failed: ${compiled.errors}` };
  const { program } = compiled;
  return condition && program.type.kind !== BOOL.kind ? { errors: 'must evaluate to bool' } : { program };
}

export function compileMapping(source: string): Compiled {
  return compileIn(source, claimsEnvironment, false);
}

export function compileClaimsRule(source: string): Compiled {
  return compileIn(source, claimsEnvironment, true);
}

export function compileUserRule(source: string): Compiled {
  return compileIn(source, userEnvironment, true);
}

/** The value as JSON. Throws an error that says what went wrong. */
export function evaluateClaims(program: Program, claims: Readonly<Record<string, JsonValue>>): JsonValue | undefined {
  return run(program, { claims: fromJson(claims, mapOf(STRING, DYN)) });
}

export function evaluateUser(program: Program, user: UserInfo): JsonValue | undefined {
  const { name, uid = '', groups, extra = {} } = user;
  const value = { username: name, uid, groups: [...groups], extra: copy(extra) };
  return run(program, { user: fromJson(value, userType) });
}

function copy(extra: NonNullable<UserInfo['extra']>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
}

function run(program: Program, bindings: Parameters<typeof evaluate>[1]): JsonValue | undefined {
  const outcome = evaluate(program, bindings);
  if (outcome.error !== undefined)
    throw new Error(`expression '${program.source}' resulted in error: ${outcome.error.message}`);
  return toJson(outcome.value);
}
