/** --token-auth-file: `token,user,uid,"group1,group2"` a line. */
import { createHash } from 'node:crypto';
import type { TokenAuthenticator, UserInfo } from '../authenticator.ts';

export function tokenFileAuthenticator(text: string, file: string): TokenAuthenticator {
  const users = new Map<string, UserInfo>();
  for (const record of parseCsv(text)) {
    const [token = '', name = '', uid = '', groups = ''] = record;
    if (record.length < 3) {
      throw new Error(
        `token file '${file}' must have at least 3 columns (token, user name, user uid), found ${record.length}`,
      );
    }
    if (token === '') continue;
    users.set(digest(token), { name, uid, groups: groups === '' ? [] : groups.split(',') });
  }
  return {
    async authenticateToken(token) {
      const user = users.get(digest(token));
      return user === undefined ? undefined : { user };
    },
  };
}

/** Looking up a digest tells nothing about how much of a guessed token was right. */
function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** RFC 4180; blank lines are skipped. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let field = '';
  let quoted = false;
  const endRecord = (): void => {
    record.push(field);
    if (record.length > 1 || field !== '') records.push(record);
    record = [];
    field = '';
  };
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[index + 1] === '"') field += text.charAt(++index);
      else quoted = false;
    } else if (character === '"' && field === '') quoted = true;
    else if (character === ',') {
      record.push(field);
      field = '';
    } else if (character === '\n') endRecord();
    else if (character !== '\r') field += character;
  }
  if (quoted) throw new Error('a quoted field does not end');
  if (field !== '' || record.length > 0) endRecord();
  return records;
}
