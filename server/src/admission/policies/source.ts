/** Policies with the bindings that put them to work, kept current. */
import { type GroupVersionKind, type KubernetesObject, parseApiVersion } from '@typernetes/openapi/meta';
import type { MatchResources, ParamKind, ParamRef } from '@typernetes/openapi/types/admissionregistration/v1';
import { type CompiledPolicy, compilePolicySpec, type PolicyExpressions } from '../../cel/index.ts';
import type { ConfigurableDependencies } from '../configurable.ts';
import { Following } from '../following.ts';
import { type ParsedMatch, parseMatch } from '../matching/resources.ts';

export type PolicyObject = KubernetesObject & {
  spec?: PolicyExpressions & { failurePolicy?: string; paramKind?: ParamKind; matchConstraints?: MatchResources };
};

export type BindingObject = KubernetesObject & {
  spec?: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources };
};

export interface Bound<B> {
  readonly name: string;
  readonly binding: Readonly<B>;
  readonly paramRef: Readonly<ParamRef> | undefined;
  /** Absent: whatever the policy matches. */
  readonly match: ParsedMatch | undefined;
}

export interface PolicyHook<P, B> {
  readonly name: string;
  readonly policy: Readonly<P>;
  readonly ignoresFailures: boolean;
  readonly paramKind: GroupVersionKind | undefined;
  readonly match: ParsedMatch;
  /** Compiled when it is first needed. */
  readonly compiled: CompiledPolicy;
  readonly bindings: readonly Bound<B>[];
}

export class PolicySource<P extends PolicyObject, B extends BindingObject> {
  readonly #policies: Following<P, readonly Readonly<P>[]>;
  readonly #bindings: Following<B, ReadonlyMap<string, Bound<B>[]>>;
  /** Compiling is dear; an unchanged policy is the same object. */
  readonly #compiled = new WeakMap<object, CompiledPolicy>();
  #hooks: { policies: object; bindings: object; value: PolicyHook<P, B>[] } | undefined;

  constructor({ source }: Pick<ConfigurableDependencies, 'source'>, policies: string, bindings: string) {
    const group = 'admissionregistration.k8s.io';
    this.#policies = new Following(source, { group, resource: policies }, (objects) => objects);
    this.#bindings = new Following(source, { group, resource: bindings }, byPolicy<B>);
  }

  /** Policies without bindings do nothing and are left out. Undefined while not all have been read. */
  async hooks(): Promise<readonly PolicyHook<P, B>[] | undefined> {
    await this.#policies.value();
    await this.#bindings.value();
    return this.current();
  }

  /** As `hooks`, without waiting. */
  current(): readonly PolicyHook<P, B>[] | undefined {
    const policies = this.#policies.current();
    const bindings = this.#bindings.current();
    if (policies === undefined || bindings === undefined) return undefined;
    const known = this.#hooks;
    if (known?.policies === policies && known.bindings === bindings) return known.value;
    const value = policies.flatMap((policy) => this.#hook(policy, bindings.get(policy.metadata?.name ?? '') ?? []));
    this.#hooks = { policies, bindings, value };
    return value;
  }

  #hook(policy: Readonly<P>, bindings: readonly Bound<B>[]): PolicyHook<P, B>[] {
    if (bindings.length === 0) return [];
    const { failurePolicy, paramKind, matchConstraints = {} } = policy.spec ?? {};
    const compile = (): CompiledPolicy => this.#compile(policy);
    return [
      {
        name: policy.metadata?.name ?? '',
        policy,
        ignoresFailures: failurePolicy === 'Ignore',
        paramKind: paramKind && { ...parseApiVersion(paramKind.apiVersion ?? ''), kind: paramKind.kind ?? '' },
        match: parseMatch(matchConstraints),
        get compiled() {
          return compile();
        },
        bindings,
      },
    ];
  }

  #compile(policy: Readonly<P>): CompiledPolicy {
    let compiled = this.#compiled.get(policy);
    if (compiled === undefined) this.#compiled.set(policy, (compiled = compilePolicySpec(policy.spec ?? {})));
    return compiled;
  }

  stop(): void {
    this.#policies.stop();
    this.#bindings.stop();
  }
}

function byPolicy<B extends BindingObject>(bindings: readonly Readonly<B>[]): Map<string, Bound<B>[]> {
  const found = new Map<string, Bound<B>[]>();
  for (const binding of bindings) {
    const { policyName = '', paramRef, matchResources } = binding.spec ?? {};
    const bound: Bound<B> = {
      name: binding.metadata?.name ?? '',
      binding,
      paramRef,
      match: matchResources && parseMatch(matchResources),
    };
    const others = found.get(policyName);
    if (others === undefined) found.set(policyName, [bound]);
    else others.push(bound);
  }
  return found;
}
