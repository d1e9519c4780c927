/**
 * Optional lists of which an empty one says more than none: validation or defaulting of upstream asks whether the list
 * is there, or managedFields tell who sent it. All other empty lists are dropped at decoding. What is stored has no
 * empty lists: the strategies of these kinds take them out at the end.
 */
import { stableDefinition } from './go-names.ts';

const keptEmpty: Readonly<Record<string, string>> = {
  'io.k8s.api.autoscaling.v2.HPAScalingRules': 'policies',
  'io.k8s.api.core.v1.EphemeralContainer': 'ports resizePolicy restartPolicyRules',
  'io.k8s.api.core.v1.ResourceRequirements': 'claims',
  'io.k8s.api.discovery.v1.EndpointSlice': 'endpoints ports',
  'io.k8s.api.networking.v1.IngressSpec': 'rules',
  'io.k8s.api.rbac.v1.ClusterRole': 'rules',
  'io.k8s.api.rbac.v1.Role': 'rules',
  'io.k8s.api.resource.v1.DeviceClaim': 'requests',
  // Of v1beta1, which tells by them what is asked for.
  'io.k8s.api.resource.v1.DeviceRequest': 'selectors tolerations',
  'io.k8s.api.resource.v1.ResourceSliceSpec': 'sharedCounters',
};

const none: ReadonlySet<string> = new Set();

export function keptEmptyOf(definition: string): ReadonlySet<string> {
  const fields = keptEmpty[stableDefinition(definition)];
  return fields === undefined ? none : new Set(fields.split(' '));
}
