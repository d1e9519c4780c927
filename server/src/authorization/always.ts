import type { Authorizer, RuleResolver } from './authorizer.ts';

const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

/** --authorization-mode=AlwaysAllow */
export const alwaysAllow: Authorizer & RuleResolver = {
  async authorize() {
    return { decision: 'allow', reason: '' };
  },
  async rulesFor() {
    return structuredClone(everything);
  },
};

/** --authorization-mode=AlwaysDeny; like upstream's it has no opinion, so that later modes may still allow. */
export const alwaysDeny: Authorizer & RuleResolver = {
  async authorize() {
    return { decision: 'noOpinion', reason: 'Everything is forbidden.' };
  },
  async rulesFor() {
    return { resourceRules: [], nonResourceRules: [], incomplete: false };
  },
};
