/** Every case; each file beside this one holds the cases of one group. */
import type { Case } from '../case.ts';
import { genericCases } from './generic.ts';

export function corpus(): Case[] {
  return [...genericCases()];
}
