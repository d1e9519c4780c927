/** Reading request bodies, bounded. */
import { badRequest, requestEntityTooLarge, StatusError } from '@typernetes/openapi/meta';
import { currentSpan } from '../tracing/index.ts';
import type { RequestContext } from './request-context.ts';

/** Upstream's limit for any body: 3 MiB. */
export const maxBodyBytes = 3 * 1024 * 1024;

export async function readBody(context: RequestContext, limit = maxBodyBytes): Promise<Buffer> {
  const span = currentSpan();
  if (span === undefined) return read(context, limit);
  try {
    const body = await read(context, limit);
    span.event('limitedReadBody succeeded', { len: body.length });
    return body;
  } catch (error) {
    span.event('limitedReadBody failed', { len: 0, err: (error as Error).message });
    throw error;
  }
}

function read(context: RequestContext, limit: number): Promise<Buffer> {
  const { request } = context;
  const tooLarge = () => requestEntityTooLarge(`limit is ${limit}`);
  const { signal } = context;
  return new Promise((resolve, reject) => {
    // Whoever waits here may hold seats: a client that went before it was listened to is not heard of again, and one that
    // sends nothing more is waited for no longer than the request may take.
    const gone = (): void =>
      reject(signal.reason instanceof StatusError ? signal.reason : badRequest('unexpected EOF'));
    if (signal.aborted) {
      gone();
      return;
    }
    signal.addEventListener('abort', gone, { once: true });
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > limit) {
      // The rest is never read: the connection ends with the answer.
      context.response.setHeader('Connection', 'close');
      reject(tooLarge());
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) {
        request.off('data', onData);
        request.pause();
        context.response.setHeader('Connection', 'close');
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    };
    request.on('data', onData);
    request.once('end', () => {
      signal.removeEventListener('abort', gone);
      context.bodyBytes = size;
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
    });
    request.once('error', (error) => reject(badRequest(error.message)));
    request.once('aborted', () => reject(badRequest('unexpected EOF')));
  });
}

/** For messages about bodies that cannot be read: the first bytes, as text where it looks like JSON. */
export function summarizeData(data: Buffer, maxLength = 30): string {
  if (data.length === 0) return '<empty>';
  const cut = data.subarray(0, maxLength);
  const text = data[0] === 0x7b ? cut.toString('utf8') : cut.toString('hex');
  return data.length > maxLength ? `${text} ...` : text;
}
