/** Every file of promises; each declares its own when it is imported. */
import './admission-custom-resources.ts';
import './admission-policies.ts';
import './admission-webhooks.ts';
import './apply.ts';
import './bad-input.ts';
import './containers.ts';
import './crd-conversion.ts';
import './crd-fields.ts';
import './crd-rules.ts';
import './crds.ts';
import './discovery.ts';
import './lists-and-watches.ts';
import './media-types.ts';
import './network.ts';
import './objects.ts';
import './priority-and-fairness.ts';
import './workloads.ts';
