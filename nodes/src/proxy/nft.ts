/** Hands scripts to the nft program: one script is one transaction of the kernel. */
import { spawn } from 'node:child_process';

export interface Nft {
  /** Throws with nft's own words when the kernel or nft refuses the script; then nothing of it took effect. */
  apply(script: string): Promise<void>;
}

export class NftProgram implements Nft {
  async apply(script: string): Promise<void> {
    const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    const problems: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => problems.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(script);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        reject(
          error.code === 'ENOENT'
            ? new Error('the nft program is not there: install it with "apt-get install nftables"')
            : error,
        );
      });
      child.once('close', resolve);
    });
    if (code !== 0)
      throw new Error(`nft refused the rules: ${Buffer.concat(problems).toString('utf8').slice(0, 2000).trim()}`);
  }
}
