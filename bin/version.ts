import { readFileSync } from 'node:fs';
import { kubernetesVersion } from '@typernetes/openapi/catalogue';
import { Command, Option } from 'commander';

export function versionCommand(): Command {
  return new Command('version')
    .description('Print the versions of Typernetes, of the Kubernetes API that it serves, and of Node.')
    .addOption(new Option('-o, --output <format>', 'form of the answer').choices(['text', 'json']).default('text'))
    .action((options: { output: string }) => {
      const manifest = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as {
        version: string;
      };
      const versions = {
        typernetes: manifest.version,
        kubernetes: kubernetesVersion.gitVersion,
        node: process.version,
      };
      if (options.output === 'json') console.log(JSON.stringify(versions));
      else for (const [name, version] of Object.entries(versions)) console.log(`${name}: ${version}`);
    });
}
