/** Single plugins over objects in memory, with a clock that a test moves. */
import { alwaysDeny } from '../../authorization/always.ts';
import { MemoryObjects } from '../../authorization/testing/memory-objects.ts';
import type { AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { admissionPlugins } from '../plugins/index.ts';
import { admit, type Outcome, type Request } from './attributes.ts';

export class PluginFixture {
  readonly objects = new MemoryObjects();
  time = Date.parse('2030-01-01T00:00:00Z');
  more: Partial<AdmissionDependencies> = {};

  /** Only this one, configured with `configuration` as a file would say it. */
  plugin(name: string, configuration?: object): AdmissionPlugin {
    const dependencies: AdmissionDependencies = {
      registry: this.objects,
      source: this.objects,
      authorizer: alwaysDeny,
      random: () => 0,
      now: () => new Date(this.time),
      ...this.more,
    };
    const names = admissionPlugins(dependencies).map((plugin) => plugin.name);
    const [plugin] = admissionPlugins(dependencies, {
      enable: [name],
      disable: names.filter((each) => each !== name),
      configurations: () => (configuration === undefined ? undefined : JSON.stringify(configuration)),
    });
    if (plugin === undefined) throw new Error(`${name} does not run`);
    return plugin;
  }

  run(plugin: AdmissionPlugin, request: Request): Promise<Outcome> {
    return admit([plugin], request);
  }
}

export function podOf(spec: object = {}, metadata: object = {}): object {
  return { metadata: { name: 'p', ...metadata }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } };
}
