import type { UserInfo } from '../../authentication/authenticator.ts';

const userPrefix = 'system:node:';
const nodesGroup = 'system:nodes';

/** The node that a user is: its name, '' for a member of system:nodes without a node's user name, undefined for others. */
export function nodeIdentity(user: UserInfo): string | undefined {
  if (!user.name.startsWith(userPrefix) || !user.groups.includes(nodesGroup)) return undefined;
  return user.name.slice(userPrefix.length);
}
