/** What the node says it runs. */
import { kubernetesVersion } from '@typernetes/openapi/catalogue';

export const kubeletVersion: string = kubernetesVersion.gitVersion;
