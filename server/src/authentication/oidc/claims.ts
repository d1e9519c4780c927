/** From a verified token's claims to a user, as the configuration says. */

import type { JsonValue } from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';
import type { Program } from '../../cel/index.ts';
import type { UserInfo } from '../authenticator.ts';
import { credentialIdKey } from '../service-account/user.ts';
import type { JwtAuthenticatorConfig } from './configuration.ts';
import { compileClaimsRule, compileMapping, compileUserRule, evaluateClaims, evaluateUser } from './expressions.ts';

export type Claims = Readonly<Record<string, JsonValue>>;

/** Throws an error that says which claim or rule a token fails. Expressions are compiled once, here. */
export function claimsMapper(config: JwtAuthenticatorConfig): (claims: Claims) => UserInfo {
  const { claimMappings, claimValidationRules = [], userValidationRules = [] } = config;
  const { username, groups = {}, uid = {}, extra = [] } = claimMappings;
  const programs = {
    username: mapping(username.expression),
    groups: mapping(groups.expression),
    uid: mapping(uid.expression),
    extra: extra.map(({ key, valueExpression }) => ({ key, program: mapping(valueExpression) })),
  };
  const claimRules = claimValidationRules.map((rule) => ({
    ...rule,
    program: rule.expression ? compileClaimsRule(rule.expression).program : undefined,
  }));
  const userRules = userValidationRules.map((rule) => ({ ...rule, program: compileUserRule(rule.expression).program }));
  return (claims) => {
    const user: UserInfo = {
      name: usernameOf(claims, username, programs.username),
      groups: groupsOf(claims, groups, programs.groups),
      ...uidOf(claims, uid.claim, programs.uid),
      ...extraOf(claims, programs.extra),
    };
    for (const { claim, requiredValue = '', program, message = '' } of claimRules) {
      if (claim) checkRequired(claims, claim, requiredValue);
      else check(program, (rule) => evaluateClaims(rule, claims), message, 'claim validation expression');
    }
    for (const { program, message = '' } of userRules)
      check(program, (rule) => evaluateUser(rule, user), message, 'user info validation rule');
    return user;
  };
}

function mapping(expression: string | undefined): Program | undefined {
  return expression ? compileMapping(expression).program : undefined;
}

type Source = { claim?: string; prefix?: string };

function usernameOf(claims: Claims, { claim = '', prefix = '' }: Source, program: Program | undefined): string {
  if (program !== undefined) {
    const value = evaluated(program, claims, 'username');
    if (typeof value !== 'string')
      throw new Error(
        'oidc: error evaluating username claim expression: username claim expression must return a string',
      );
    if (value === '') throw new Error('oidc: empty username via CEL expression is not allowed');
    return value;
  }
  const value = claims[claim];
  if (value === undefined) throw new Error(`oidc: parse username claims ${JSON.stringify(claim)}: claim not present`);
  if (typeof value !== 'string')
    throw new Error(`oidc: parse username claims ${JSON.stringify(claim)}: ${wrongType(value, 'string')}`);
  if (claim === 'email' && claims['email_verified'] !== undefined) {
    const verified = claims['email_verified'];
    if (typeof verified !== 'boolean')
      throw new Error(`oidc: parse 'email_verified' claim: ${wrongType(verified, 'bool')}`);
    if (!verified) throw new Error('oidc: email not verified');
  }
  return prefix + value;
}

function groupsOf(claims: Claims, { claim = '', prefix = '' }: Source, program: Program | undefined): string[] {
  const value = claim === '' ? undefined : claims[claim];
  if (value !== undefined) {
    const groups = typeof value === 'string' ? [value] : value;
    if (!isStrings(groups))
      throw new Error(`oidc: parse groups claim ${JSON.stringify(claim)}: ${wrongType(value, 'string')}`);
    return groups.map((group) => prefix + group);
  }
  if (program === undefined) return [];
  return stringList(evaluated(program, claims, 'group'), 'group');
}

function uidOf(claims: Claims, claim: string | undefined, program: Program | undefined): { uid?: string } {
  if (claim) {
    const value = claims[claim];
    if (value === undefined) throw new Error(`oidc: parse uid claim ${JSON.stringify(claim)}: claim not present`);
    if (typeof value !== 'string')
      throw new Error(`oidc: parse uid claim ${JSON.stringify(claim)}: ${wrongType(value, 'string')}`);
    return { uid: value };
  }
  if (program === undefined) return {};
  const value = evaluated(program, claims, 'uid');
  if (typeof value !== 'string')
    throw new Error('oidc: error evaluating uid claim expression: uid claim expression must return a string');
  return value === '' ? {} : { uid: value };
}

function extraOf(
  claims: Claims,
  mappings: readonly { key: string; program: Program | undefined }[],
): { extra?: Record<string, string[]> } {
  const extra: Record<string, string[]> = {};
  const id = claims['jti'];
  if (typeof id === 'string' && id !== '') extra[credentialIdKey] = [`JTI=${id}`];
  for (const { key, program } of mappings) {
    if (program === undefined) continue;
    const values = stringList(evaluated(program, claims, 'extra'), 'extra');
    if (values.length > 0) extra[key] = values;
  }
  return Object.keys(extra).length === 0 ? {} : { extra };
}

function checkRequired(claims: Claims, claim: string, wanted: string): void {
  const value = claims[claim];
  if (value === undefined) throw new Error(`oidc: required claim ${claim} not present in ID token`);
  if (typeof value !== 'string') throw new Error(`oidc: parse claim ${claim}: ${wrongType(value, 'string')}`);
  if (value !== wanted)
    throw new Error(`oidc: required claim ${claim} value does not match. Got = ${value}, want = ${wanted}`);
}

function check(
  program: Program | undefined,
  run: (program: Program) => JsonValue | undefined,
  message: string,
  what: string,
): void {
  if (program === undefined) return;
  let value: JsonValue | undefined;
  try {
    value = run(program);
  } catch (error) {
    throw new Error(`oidc: error evaluating ${what}: ${(error as Error).message}`, { cause: error });
  }
  if (value === true) return;
  throw new Error(`oidc: error evaluating ${what}: validation expression '${program.source}' failed: ${message}`);
}

function evaluated(program: Program, claims: Claims, what: string): JsonValue | undefined {
  try {
    return evaluateClaims(program, claims);
  } catch (error) {
    throw new Error(`oidc: error evaluating ${what} claim expression: ${(error as Error).message}`, { cause: error });
  }
}

/** A string is a list of one; empty ones do not count. */
function stringList(value: JsonValue | undefined, what: string): string[] {
  if (value === null || value === undefined) return [];
  const list = typeof value === 'string' ? [value] : value;
  if (!isStrings(list))
    throw new Error(
      `oidc: error evaluating ${what} claim expression: expression must return a string or a list of strings`,
    );
  return list.filter((item) => item !== '');
}

function isStrings(value: JsonValue): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function wrongType(value: JsonValue, wanted: string): string {
  const kind = Array.isArray(value)
    ? 'array'
    : isObject(value)
      ? 'object'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
  return `json: cannot unmarshal ${kind} into Go value of type ${wanted}`;
}
