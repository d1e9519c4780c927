/** --tracing-config-file: apiserver.config.k8s.io TracingConfiguration. */
import { aggregateFieldErrors, type FieldError, invalidValue, path } from '@typernetes/openapi/meta';
import { type ConfigKind, decodeConfig, string, struct } from '../apiserver/structured/config-file.ts';

export interface TracingConfiguration {
  /** Of an OTLP/gRPC collector. */
  endpoint: string;
  samplingRatePerMillion: number;
}

const kind: ConfigKind = {
  group: 'apiserver.config.k8s.io',
  kind: 'TracingConfiguration',
  versions: ['v1', 'v1beta1', 'v1alpha1'],
  schema: struct({ endpoint: string, samplingRatePerMillion: { type: 'integer', format: 'int32' } }),
};

const million = 1_000_000;

/** Throws on what is no valid configuration. */
export function parseTracingConfiguration(text: string): TracingConfiguration {
  const { endpoint = 'localhost:4317', samplingRatePerMillion = 0 } = decodeConfig<Partial<TracingConfiguration>>(
    text,
    kind,
  );
  const errors: FieldError[] = [];
  const rate = path('samplingRatePerMillion');
  if (samplingRatePerMillion < 0)
    errors.push(invalidValue(rate, samplingRatePerMillion, 'sampling rate must be positive'));
  if (samplingRatePerMillion > million)
    errors.push(
      invalidValue(rate, samplingRatePerMillion, 'sampling rate per million must be less than or equal to one million'),
    );
  const scheme = /^([^/]*):\/\//.exec(endpoint)?.[1] ?? 'dns';
  if (!['dns', 'unix', 'unix-abstract'].includes(scheme))
    errors.push(
      invalidValue(
        path('endpoint'),
        endpoint,
        `unsupported scheme: ${scheme}.  Options are none, dns, unix, or unix-abstract.  See https://github.com/grpc/grpc/blob/master/doc/naming.md`,
      ),
    );
  const message = aggregateFieldErrors(errors);
  if (message !== undefined) throw new Error(message);
  return { endpoint, samplingRatePerMillion };
}
