/** The ciphers with keys of their own; formats are upstream's. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import type { Transformer } from './transformer.ts';

const nonceSize = 12;
const tagSize = 16;
const blockSize = 16;
const infoSize = 32;
const secretboxNonceSize = 24;

function tooShort(): Error {
  return new Error('the stored data was shorter than the required size');
}

function gcmName(key: Uint8Array): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  return key.length === 16 ? 'aes-128-gcm' : key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
}

function sealGcm(key: Uint8Array, value: Buffer, aad: string): Buffer {
  const nonce = randomBytes(nonceSize);
  const cipher = createCipheriv(gcmName(key), key, nonce).setAAD(Buffer.from(aad));
  return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
}

function openGcm(key: Uint8Array, data: Buffer, aad: string): Buffer {
  if (data.length < nonceSize + tagSize) throw tooShort();
  const cipher = createDecipheriv(gcmName(key), key, data.subarray(0, nonceSize));
  cipher.setAAD(Buffer.from(aad)).setAuthTag(data.subarray(-tagSize));
  return Buffer.concat([cipher.update(data.subarray(nonceSize, -tagSize)), cipher.final()]);
}

/** nonce, ciphertext, tag. */
export function aesGcm(key: Buffer): Transformer {
  return {
    write: (value, aad) => sealGcm(key, value, aad),
    read: (data, aad) => ({ value: openGcm(key, data, aad), stale: false }),
  };
}

/** iv, ciphertext with PKCS #7 padding; nothing is authenticated. */
export function aesCbc(key: Buffer): Transformer {
  const name = `aes-${key.length * 8}-cbc`;
  return {
    write(value) {
      const iv = randomBytes(blockSize);
      const cipher = createCipheriv(name, key, iv);
      return Buffer.concat([iv, cipher.update(value), cipher.final()]);
    },
    read(data) {
      if (data.length < blockSize) throw tooShort();
      if (data.length % blockSize !== 0) throw new Error('the stored data is not a multiple of the block size');
      const cipher = createDecipheriv(name, key, data.subarray(0, blockSize));
      return { value: Buffer.concat([cipher.update(data.subarray(blockSize)), cipher.final()]), stale: false };
    },
  };
}

/** nonce, box: XSalsa20 and Poly1305. */
export function secretbox(key: Buffer): Transformer {
  return {
    write(value) {
      const nonce = randomBytes(secretboxNonceSize);
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(value)]);
    },
    read(data) {
      if (data.length < secretboxNonceSize + tagSize) throw tooShort();
      const nonce = data.subarray(0, secretboxNonceSize);
      return {
        value: Buffer.from(xsalsa20poly1305(key, nonce).decrypt(data.subarray(secretboxNonceSize))),
        stale: false,
      };
    },
  };
}

/** info, then AES-GCM under a key derived from the seed and that info: a key for each value. */
export function extendedNonceGcm(seed: Buffer): Transformer {
  // HKDF's expansion alone, whose first block is all that an AES-256 key takes: the seed is random already.
  const derive = (info: Buffer): Buffer => createHmac('sha256', seed).update(info).update(Buffer.of(1)).digest();
  return {
    write(value, aad) {
      const info = randomBytes(infoSize);
      return Buffer.concat([info, sealGcm(derive(info), value, aad)]);
    },
    read(data, aad) {
      if (data.length < infoSize) throw tooShort();
      const info = data.subarray(0, infoSize);
      return { value: openGcm(derive(info), data.subarray(infoSize), aad), stale: false };
    },
  };
}
