/** Objects that kube-apiserver has stored as protobuf, as the JSON that this server stores. */
import { encodeForStorage, protobufSerializer } from '@typernetes/openapi/codec';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { type Plain, startsWith, type Transformer } from './transformer.ts';

const magic = Buffer.from('k8s\0', 'latin1');

function decoded(plain: Plain): Plain {
  if (!startsWith(plain.value, magic)) return plain;
  const { object } = protobufSerializer.decode(plain.value, { strict: false });
  return { value: encodeForStorage(object as KubernetesObject), stale: plain.stale };
}

export function withProtobuf(transformer: Transformer): Transformer {
  return {
    write: (value, key) => transformer.write(value, key),
    read(value, key) {
      const plain = transformer.read(value, key);
      return plain instanceof Promise ? plain.then(decoded) : decoded(plain);
    },
  };
}

/** Where nothing is encrypted. */
export const plainProtobuf = withProtobuf({
  write: (value) => value,
  read: (value) => ({ value, stale: false }),
});
