/** Every resource that adds something of its own to the generic registry. */

import { mutatingadmissionpolicies } from './admissionregistration/mutatingadmissionpolicies/index.ts';
import { mutatingadmissionpolicybindings } from './admissionregistration/mutatingadmissionpolicybindings/index.ts';
import { mutatingwebhookconfigurations } from './admissionregistration/mutatingwebhookconfigurations/index.ts';
import { validatingadmissionpolicies } from './admissionregistration/validatingadmissionpolicies/index.ts';
import { validatingadmissionpolicybindings } from './admissionregistration/validatingadmissionpolicybindings/index.ts';
import { validatingwebhookconfigurations } from './admissionregistration/validatingwebhookconfigurations/index.ts';
import { customresourcedefinitions } from './apiextensions/customresourcedefinitions/index.ts';
import { apiservices } from './apiregistration/apiservices/index.ts';
import { controllerrevisions } from './apps/controllerrevisions/index.ts';
import { daemonsets } from './apps/daemonsets/index.ts';
import { deployments } from './apps/deployments/index.ts';
import { replicasets } from './apps/replicasets/index.ts';
import { statefulsets } from './apps/statefulsets/index.ts';
import { selfsubjectreviews } from './authentication/selfsubjectreviews/index.ts';
import { tokenreviews } from './authentication/tokenreviews/index.ts';
import { selfsubjectaccessreviews } from './authorization/selfsubjectaccessreviews/index.ts';
import { selfsubjectrulesreviews } from './authorization/selfsubjectrulesreviews/index.ts';
import { localsubjectaccessreviews, subjectaccessreviews } from './authorization/subjectaccessreviews/index.ts';
import { horizontalpodautoscalers } from './autoscaling/horizontalpodautoscalers/index.ts';
import { cronjobs } from './batch/cronjobs/index.ts';
import { jobs } from './batch/jobs/index.ts';
import { certificatesigningrequests } from './certificates/certificatesigningrequests/index.ts';
import { clustertrustbundles } from './certificates/clustertrustbundles/index.ts';
import { podcertificaterequests } from './certificates/podcertificaterequests/index.ts';
import { leasecandidates } from './coordination/leasecandidates/index.ts';
import { leases } from './coordination/leases/index.ts';
import { bindings } from './core/bindings/index.ts';
import { componentstatuses } from './core/componentstatuses/index.ts';
import { configmaps } from './core/configmaps/index.ts';
import { endpoints } from './core/endpoints/index.ts';
import { events } from './core/events/index.ts';
import { limitranges } from './core/limitranges/index.ts';
import { namespaces } from './core/namespaces/index.ts';
import { nodes } from './core/node/index.ts';
import { persistentvolumeclaims } from './core/persistentvolumeclaims/index.ts';
import { persistentvolumes } from './core/persistentvolumes/index.ts';
import { pods } from './core/pods/index.ts';
import { podtemplates } from './core/podtemplates/index.ts';
import { replicationcontrollers } from './core/replicationcontrollers/index.ts';
import { resourcequotas } from './core/resourcequotas/index.ts';
import { secrets } from './core/secrets/index.ts';
import { serviceaccounts } from './core/serviceaccounts/index.ts';
import { services } from './core/services/index.ts';
import type { RegistryDependencies } from './dependencies.ts';
import { endpointslices } from './discovery/endpointslices/index.ts';
import { flowschemas } from './flowcontrol/flowschemas/index.ts';
import { prioritylevelconfigurations } from './flowcontrol/prioritylevelconfigurations/index.ts';
import type { ResourceRegistration } from './generic/strategy.ts';
import { storageversions } from './internal/storageversions/index.ts';
import { ingressclasses } from './networking/ingressclasses/index.ts';
import { ingresses } from './networking/ingresses/index.ts';
import { ipaddresses } from './networking/ipaddresses/index.ts';
import { networkpolicies } from './networking/networkpolicies/index.ts';
import { servicecidrs } from './networking/servicecidrs/index.ts';
import { runtimeclasses } from './node/runtimeclasses/index.ts';
import { poddisruptionbudgets } from './policy/poddisruptionbudgets/index.ts';
import { clusterrolebindings } from './rbac/clusterrolebindings/index.ts';
import { clusterroles } from './rbac/clusterroles/index.ts';
import { rolebindings } from './rbac/rolebindings/index.ts';
import { roles } from './rbac/roles/index.ts';
import { registration } from './registration.ts';
import { deviceclasses } from './resource/deviceclasses/index.ts';
import { devicetaintrules } from './resource/devicetaintrules/index.ts';
import { resourceclaims } from './resource/resourceclaims/index.ts';
import { resourceclaimtemplates } from './resource/resourceclaimtemplates/index.ts';
import { resourcepoolstatusrequests } from './resource/resourcepoolstatusrequests/index.ts';
import { resourceslices } from './resource/resourceslices/index.ts';
import { podgroups } from './scheduling/podgroups/index.ts';
import { priorityclasses } from './scheduling/priorityclasses/index.ts';
import { workloads } from './scheduling/workloads/index.ts';
import { csidrivers } from './storage/csidrivers/index.ts';
import { csinodes } from './storage/csinodes/index.ts';
import { csistoragecapacities } from './storage/csistoragecapacities/index.ts';
import { storageclasses } from './storage/storageclasses/index.ts';
import { volumeattachments } from './storage/volumeattachments/index.ts';
import { volumeattributesclasses } from './storage/volumeattributesclasses/index.ts';
import { storageversionmigrations } from './storagemigration/storageversionmigrations/index.ts';

export { listComponentStatuses } from './core/componentstatuses/index.ts';
export { ServiceAllocationRepair, storageRanges } from './core/services/index.ts';
export { AllocatorMetrics } from './core/services/metrics.ts';
export type { RegistryDependencies } from './dependencies.ts';

export function resourceRegistrations(dependencies: RegistryDependencies): ResourceRegistration[] {
  return [
    registration(bindings),
    registration(componentstatuses),
    registration(configmaps),
    registration(endpoints),
    registration(events(dependencies)),
    registration(limitranges),
    registration(namespaces),
    registration(nodes),
    registration(persistentvolumeclaims),
    registration(persistentvolumes),
    registration(pods),
    registration(podtemplates),
    registration(replicationcontrollers),
    registration(resourcequotas),
    registration(secrets),
    registration(serviceaccounts(dependencies)),
    registration(services(dependencies)),
    registration(mutatingadmissionpolicies(dependencies)),
    registration(mutatingadmissionpolicybindings(dependencies)),
    registration(mutatingwebhookconfigurations),
    registration(validatingadmissionpolicies(dependencies)),
    registration(validatingadmissionpolicybindings(dependencies)),
    registration(validatingwebhookconfigurations),
    registration(customresourcedefinitions),
    registration(apiservices),
    registration(controllerrevisions),
    registration(daemonsets),
    registration(deployments),
    registration(replicasets),
    registration(statefulsets),
    registration(selfsubjectreviews),
    registration(tokenreviews(dependencies)),
    registration(localsubjectaccessreviews(dependencies)),
    registration(selfsubjectaccessreviews(dependencies)),
    registration(selfsubjectrulesreviews(dependencies)),
    registration(subjectaccessreviews(dependencies)),
    registration(horizontalpodautoscalers),
    registration(cronjobs),
    registration(jobs),
    registration(certificatesigningrequests),
    registration(clustertrustbundles),
    registration(podcertificaterequests),
    registration(leasecandidates),
    registration(leases),
    registration(endpointslices),
    registration(flowschemas),
    registration(prioritylevelconfigurations),
    registration(storageversions),
    registration(ingressclasses),
    registration(ingresses),
    registration(ipaddresses),
    registration(networkpolicies),
    registration(servicecidrs),
    registration(runtimeclasses),
    registration(poddisruptionbudgets),
    registration(clusterrolebindings(dependencies)),
    registration(clusterroles(dependencies)),
    registration(rolebindings(dependencies)),
    registration(roles(dependencies)),
    registration(deviceclasses),
    registration(devicetaintrules),
    registration(resourceclaims(dependencies)),
    registration(resourceclaimtemplates),
    registration(resourcepoolstatusrequests),
    registration(resourceslices),
    registration(podgroups),
    registration(priorityclasses),
    registration(workloads),
    registration(csidrivers),
    registration(csinodes),
    registration(csistoragecapacities),
    registration(storageclasses),
    registration(volumeattachments),
    registration(volumeattributesclasses),
    registration(storageversionmigrations),
  ];
}
