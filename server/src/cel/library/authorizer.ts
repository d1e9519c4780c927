/**
 * `authorizer` in expressions. Evaluation is synchronous, an Authorizer is not: a check whose decision is not known yet throws
 * DecisionPending; the caller awaits the decision and evaluates again. The cost of a check bounds how often that can be.
 */
import type { Authorizer, AuthorizerAttributes, AuthorizerResult } from '../../authorization/authorizer.ts';
import { EvaluationError, OpaqueValue } from '../values/value.ts';
import type { Library } from './overload.ts';
import { define } from './overload.ts';

type User = AuthorizerAttributes['user'];

export class DecisionPending extends Error {
  readonly decided: Promise<void>;

  constructor(decided: Promise<void>) {
    super('an authorization decision is being made');
    this.name = 'DecisionPending';
    this.decided = decided;
  }
}

/** Decisions asked for in one evaluation, whatever the number of attempts. */
export class Decisions {
  private readonly authorizer: Authorizer;
  private readonly known = new Map<string, DecisionValue>();

  constructor(authorizer: Authorizer) {
    this.authorizer = authorizer;
  }

  decide(attributes: AuthorizerAttributes): DecisionValue {
    const key = JSON.stringify(attributes);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const decided = this.authorizer.authorize(attributes).then(
      (result) => void this.known.set(key, new DecisionValue(result)),
      (error: unknown) =>
        void this.known.set(key, new DecisionValue(undefined, error instanceof Error ? error.message : String(error))),
    );
    throw new DecisionPending(decided);
  }
}

abstract class IdentityValue extends OpaqueValue {
  equals(other: OpaqueValue): boolean {
    return other === this;
  }
}

export class AuthorizerValue extends IdentityValue {
  readonly typeName = 'kubernetes.authorization.Authorizer';
  readonly decisions: Decisions;
  readonly user: User;

  constructor(decisions: Decisions, user: User) {
    super();
    this.decisions = decisions;
    this.user = user;
  }
}

class PathCheckValue extends IdentityValue {
  readonly typeName = 'kubernetes.authorization.PathCheck';
  readonly authorizer: AuthorizerValue;
  readonly path: string;

  constructor(authorizer: AuthorizerValue, path: string) {
    super();
    this.authorizer = authorizer;
    this.path = path;
  }
}

class GroupCheckValue extends IdentityValue {
  readonly typeName = 'kubernetes.authorization.GroupCheck';
  readonly authorizer: AuthorizerValue;
  readonly group: string;

  constructor(authorizer: AuthorizerValue, group: string) {
    super();
    this.authorizer = authorizer;
    this.group = group;
  }
}

type Checked = Pick<
  AuthorizerAttributes,
  'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name' | 'fieldSelector' | 'labelSelector'
>;

export class ResourceCheckValue extends IdentityValue {
  readonly typeName = 'kubernetes.authorization.ResourceCheck';
  readonly authorizer: AuthorizerValue;
  readonly checked: Checked;

  constructor(authorizer: AuthorizerValue, checked: Checked) {
    super();
    this.authorizer = authorizer;
    this.checked = checked;
  }

  with(change: Partial<Checked>): ResourceCheckValue {
    return new ResourceCheckValue(this.authorizer, { ...this.checked, ...change });
  }
}

class DecisionValue extends IdentityValue {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly result: AuthorizerResult | undefined;
  readonly error: string;

  constructor(result: AuthorizerResult | undefined, error?: string) {
    super();
    this.result = result;
    this.error = error ?? result?.evaluationError ?? '';
  }
}

const nothing = { apiVersion: '*', namespace: '', apiGroup: '', resource: '', subresource: '', name: '', path: '' };

function serviceAccount(authorizer: AuthorizerValue, namespace: string, name: string): AuthorizerValue {
  const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
  if (!label.test(namespace)) throw new EvaluationError(`Invalid service account namespace`);
  if (name === '' || name.length > 253) throw new EvaluationError(`Invalid service account name`);
  const user: User = {
    name: `system:serviceaccount:${namespace}:${name}`,
    uid: '',
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra: {},
  };
  return new AuthorizerValue(authorizer.decisions, user);
}

export const authorizer: Library = [
  define('Authorizer::path(string): PathCheck', (value: AuthorizerValue, path: string) => {
    if (path === '') throw new EvaluationError('path must not be empty');
    return new PathCheckValue(value, path);
  }),
  define(
    'Authorizer::group(string): GroupCheck',
    (value: AuthorizerValue, group: string) => new GroupCheckValue(value, group),
  ),
  define('Authorizer::serviceAccount(string, string): Authorizer', serviceAccount),
  define('GroupCheck::resource(string): ResourceCheck', (value: GroupCheckValue, resource: string) => {
    return new ResourceCheckValue(value.authorizer, { ...nothing, apiGroup: value.group, resource });
  }),
  define('ResourceCheck::subresource(string): ResourceCheck', (value: ResourceCheckValue, subresource: string) =>
    value.with({ subresource }),
  ),
  define('ResourceCheck::namespace(string): ResourceCheck', (value: ResourceCheckValue, namespace: string) =>
    value.with({ namespace }),
  ),
  define('ResourceCheck::name(string): ResourceCheck', (value: ResourceCheckValue, name: string) =>
    value.with({ name }),
  ),
  define('ResourceCheck::fieldSelector(string): ResourceCheck', (value: ResourceCheckValue, fieldSelector: string) =>
    value.with({ fieldSelector }),
  ),
  define('ResourceCheck::labelSelector(string): ResourceCheck', (value: ResourceCheckValue, labelSelector: string) =>
    value.with({ labelSelector }),
  ),
  define(
    'PathCheck::check(string): Decision',
    ({ authorizer: { decisions, user }, path }: PathCheckValue, verb: string) =>
      decisions.decide({ ...nothing, user, verb, path, resourceRequest: false }),
  ),
  define(
    'ResourceCheck::check(string): Decision',
    ({ authorizer: { decisions, user }, checked }: ResourceCheckValue, verb: string) =>
      decisions.decide({ ...nothing, ...checked, user, verb, resourceRequest: true }),
  ),
  define('Decision::allowed(): bool', (value: DecisionValue) => value.result?.decision === 'allow'),
  define('Decision::reason(): string', (value: DecisionValue) => value.result?.reason ?? ''),
  define('Decision::errored(): bool', (value: DecisionValue) => value.error !== ''),
  define('Decision::error(): string', (value: DecisionValue) => value.error),
];
