import { refusals } from '../../testing/rules.ts';
import { workload } from '../testing/workload.ts';

const daemonsets = workload('DaemonSet');

refusals('DaemonSets', daemonsets, {
  'a strategy': [
    { 'spec/updateStrategy': { type: 'X' } },
    'spec.updateStrategy: Unsupported value: {…}: supported values: "RollingUpdate", "OnDelete"',
  ],
  'both bounds': [
    { 'spec/updateStrategy/rollingUpdate': { maxSurge: 1, maxUnavailable: 1 } },
    'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
  ],
  'no bounds': [
    { 'spec/updateStrategy/rollingUpdate': { maxSurge: 0, maxUnavailable: 0 } },
    'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
  ],
  'too much': [
    { 'spec/updateStrategy/rollingUpdate': { maxSurge: 'x', maxUnavailable: '101%' } },
    "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
  ],
  'negative numbers': [
    { 'spec/minReadySeconds': -1, 'spec/revisionHistoryLimit': -1 },
    'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
  ],
  'a volume of one writer': [{ 'spec/template/spec/volumes': [{ name: 'v', gcePersistentDisk: { pdName: 'a' } }] }],
});
