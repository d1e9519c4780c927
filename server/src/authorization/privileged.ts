import type { Authorizer } from './authorizer.ts';

/** Its members may do everything, whatever the roles say: how an administrator gets in when RBAC is broken. */
export const privilegedGroup = 'system:masters';

export const privilegedAuthorizer: Authorizer = {
  async authorize({ user }) {
    return user.groups.includes(privilegedGroup)
      ? { decision: 'allow', reason: '' }
      : { decision: 'noOpinion', reason: '' };
  },
};
