/** Every case; each file beside this one holds the cases of one group. */
import type { Case } from '../case.ts';
import { accessCases } from './access.ts';
import { admissionCases } from './admission.ts';
import { changeCases } from './changes.ts';
import { clusterCases } from './cluster.ts';
import { configurationCases } from './configuration.ts';
import { coreRuleCases } from './core-rules.ts';
import { customFieldCases } from './custom-fields.ts';
import { customObjectCases } from './custom-objects.ts';
import { customPathCases } from './custom-paths.ts';
import { customRuleCases } from './custom-rules.ts';
import { definitionRuleCases } from './definition-rules.ts';
import { definitionSchemaCases } from './definition-schemas.ts';
import { definitionCases } from './definitions.ts';
import { genericCases } from './generic.ts';
import { groupRuleCases } from './group-rules.ts';
import { literalCases } from './literals.ts';
import { networkCases } from './network.ts';
import { nodeRestrictionCases } from './node-restriction.ts';
import { objectCases } from './objects.ts';
import { podCases } from './pods.ts';
import { policyCases } from './policies.ts';
import { readCases } from './reads.ts';
import { scalingCases } from './scaling.ts';
import { statusCases } from './statuses.ts';
import { storageCases } from './storage.ts';
import { subresourceCases } from './subresources.ts';
import { versionCases } from './versions.ts';
import { workloadCases } from './workloads.ts';
import { writeCases } from './writes.ts';

export function corpus(): Case[] {
  return [
    ...objectCases,
    ...literalCases,
    ...readCases,
    ...changeCases,
    ...podCases,
    ...admissionCases,
    ...nodeRestrictionCases,
    ...workloadCases,
    ...scalingCases,
    ...groupRuleCases,
    ...statusCases,
    ...subresourceCases,
    ...networkCases,
    ...configurationCases,
    ...coreRuleCases,
    ...definitionCases,
    ...definitionSchemaCases,
    ...definitionRuleCases,
    ...customFieldCases,
    ...customRuleCases,
    ...customObjectCases,
    ...customPathCases,
    ...policyCases,
    ...storageCases,
    ...accessCases,
    ...clusterCases,
    ...genericCases(),
    ...writeCases(),
    ...versionCases(),
  ];
}
