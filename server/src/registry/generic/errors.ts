/** The one place where a StorageError becomes the StatusError that clients see. */

import type { GroupResource } from '@typernetes/openapi/meta';
import {
  alreadyExists,
  conflict,
  internalError,
  notFound,
  requestEntityTooLarge,
  resourceExpired,
  serverTimeout,
  timeoutError,
} from '@typernetes/openapi/meta';
import { StorageError } from '../../storage/storage.ts';

export const optimisticLockMessage =
  'the object has been modified; please apply your changes to the latest version and try again';
export const listTooOldMessage = 'The resourceVersion for the provided list is too old.';

/** Anything that is no StorageError comes back unchanged. */
export function translateStorageError(
  error: unknown,
  resource: GroupResource,
  name: string,
  operation: string,
): unknown {
  if (!(error instanceof StorageError)) return error;
  switch (error.code) {
    case 'keyExists':
      return alreadyExists(resource, name);
    case 'keyNotFound':
      return notFound(resource, name);
    case 'conflict':
      return conflict(resource, name, optimisticLockMessage);
    case 'compacted':
      return resourceExpired(listTooOldMessage);
    case 'futureRevision': {
      const timeout = timeoutError(error.message, 1);
      const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
      timeout.status.details = { ...timeout.status.details, causes };
      return timeout;
    }
    case 'unavailable':
      return serverTimeout(resource, operation, 2);
    case 'tooLarge':
      return requestEntityTooLarge(error.message);
    case 'untransformable':
      return internalError(error.message);
    default:
      return error.code satisfies never;
  }
}
