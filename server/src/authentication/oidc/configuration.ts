/** apiserver.config.k8s.io AuthenticationConfiguration: its fields and what must hold of them. */
import { X509Certificate } from 'node:crypto';
import {
  aggregateFieldErrors,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  path,
  required,
} from '@typernetes/openapi/meta';
import {
  boolean,
  type ConfigKind,
  decodeConfig,
  list,
  string,
  struct,
} from '../../apiserver/structured/config-file.ts';
import { certificateBlocks } from '../../certificates/pem-blocks.ts';
import { type Compiled, compileClaimsRule, compileMapping, compileUserRule } from './expressions.ts';

type Path = ReturnType<typeof path>;

export interface JwtAuthenticatorConfig {
  issuer: {
    url: string;
    discoveryURL?: string;
    certificateAuthority?: string;
    audiences: string[];
    audienceMatchPolicy?: string;
    egressSelectorType?: string;
  };
  claimValidationRules?: { claim?: string; requiredValue?: string; expression?: string; message?: string }[];
  claimMappings: {
    username: { claim?: string; prefix?: string; expression?: string };
    groups?: { claim?: string; prefix?: string; expression?: string };
    uid?: { claim?: string; expression?: string };
    extra?: { key: string; valueExpression: string }[];
  };
  userValidationRules?: { expression: string; message?: string }[];
}

export interface AuthenticationConfiguration {
  jwt?: JwtAuthenticatorConfig[];
  anonymous?: { enabled?: boolean; conditions?: { path: string }[] };
}

const mapping = { claim: string, expression: string };
const configKind: ConfigKind = {
  group: 'apiserver.config.k8s.io',
  kind: 'AuthenticationConfiguration',
  versions: ['v1', 'v1beta1', 'v1alpha1'],
  schema: struct({
    jwt: list(
      struct({
        issuer: struct({
          url: string,
          discoveryURL: string,
          certificateAuthority: string,
          audiences: list(string),
          audienceMatchPolicy: string,
          egressSelectorType: string,
        }),
        claimValidationRules: list(
          struct({ claim: string, requiredValue: string, expression: string, message: string }),
        ),
        claimMappings: struct({
          username: struct({ ...mapping, prefix: string }),
          groups: struct({ ...mapping, prefix: string }),
          uid: struct(mapping),
          extra: list(struct({ key: string, valueExpression: string })),
        }),
        userValidationRules: list(struct({ expression: string, message: string })),
      }),
    ),
    anonymous: struct({ enabled: boolean, conditions: list(struct({ path: string })) }),
  }),
};

/** Throws what upstream would refuse to start with. `disallowed`: the issuers of service account tokens. */
export function parseAuthenticationConfiguration(
  text: string,
  disallowed: readonly string[],
): AuthenticationConfiguration {
  const configuration = decodeConfig<AuthenticationConfiguration>(text, configKind);
  checkAuthenticationConfiguration(configuration, disallowed);
  return configuration;
}

export function checkAuthenticationConfiguration(
  configuration: AuthenticationConfiguration,
  disallowed: readonly string[],
): void {
  const message = aggregateFieldErrors(validate(configuration, disallowed));
  if (message !== undefined) throw new Error(`invalid authentication configuration: ${message}`);
}

function validate({ jwt = [], anonymous }: AuthenticationConfiguration, disallowed: readonly string[]): FieldError[] {
  const root = path('jwt');
  const errors: FieldError[] = [];
  if (jwt.length > 64) errors.push(invalidValue(root, jwt.length, 'must have at most 64 items'));
  const seen = { url: new Set<string>(), discoveryURL: new Set<string>() };
  for (const [index, authenticator] of jwt.entries()) {
    const at = root.index(index);
    errors.push(...validateAuthenticator(authenticator, at, disallowed));
    for (const field of ['url', 'discoveryURL'] as const) {
      const value = authenticator.issuer?.[field] ?? '';
      if (field === 'discoveryURL' && value === '') continue;
      if (seen[field].has(value)) errors.push(duplicate(at.child('issuer', field), value));
      seen[field].add(value);
    }
  }
  if (anonymous?.enabled !== true && (anonymous?.conditions ?? []).length > 0) {
    const message = 'enabled should be set to true when conditions are defined';
    errors.push(invalidValue(path('anonymous', 'conditions'), anonymous?.conditions, message));
  }
  return errors;
}

function validateAuthenticator(config: JwtAuthenticatorConfig, at: Path, disallowed: readonly string[]): FieldError[] {
  return [
    ...validateIssuer(config.issuer ?? { url: '', audiences: [] }, at.child('issuer'), disallowed),
    ...validateClaimRules(config, at.child('claimValidationRules')),
    ...validateMappings(config, at.child('claimMappings')),
    ...validateUserRules(config, at.child('userValidationRules')),
  ];
}

function validateIssuer(
  issuer: Partial<JwtAuthenticatorConfig['issuer']>,
  at: Path,
  disallowed: readonly string[],
): FieldError[] {
  const { url = '', discoveryURL = '', audiences = [], audienceMatchPolicy: policy = '' } = issuer;
  const errors: FieldError[] = [];
  if (url === '') errors.push(required(at.child('url'), ''));
  else errors.push(...validateUrl(url, at.child('url'), disallowed));
  if (discoveryURL !== '') {
    const field = at.child('discoveryURL');
    if (url !== '' && url.replace(/\/+$/, '') === discoveryURL.replace(/\/+$/, ''))
      errors.push(invalidValue(field, discoveryURL, 'discoveryURL must be different from URL'));
    errors.push(...validateUrl(discoveryURL, field, []));
  }
  const field = at.child('audiences');
  if (audiences.length === 0) errors.push(required(field, `at least one ${field.toString()} is required`));
  for (const [index, audience] of audiences.entries()) {
    if (audience === '') errors.push(required(field.index(index), ''));
    if (audiences.indexOf(audience) < index) errors.push(duplicate(field.index(index), audience));
  }
  const policyField = at.child('audienceMatchPolicy');
  if (audiences.length > 1 && policy !== 'MatchAny')
    errors.push(invalidValue(policyField, policy, 'audienceMatchPolicy must be MatchAny for multiple audiences'));
  if (audiences.length === 1 && policy !== '' && policy !== 'MatchAny') {
    const message = 'audienceMatchPolicy must be empty or MatchAny for single audience';
    errors.push(invalidValue(policyField, policy, message));
  }
  if (issuer.certificateAuthority)
    errors.push(...validateBundle(issuer.certificateAuthority, at.child('certificateAuthority')));
  const egress = issuer.egressSelectorType ?? '';
  if (!['', 'controlplane', 'cluster'].includes(egress)) {
    const message = 'egress selector must be either controlplane or cluster';
    errors.push(invalidValue(at.child('egressSelectorType'), egress, message));
  }
  return errors;
}

function validateUrl(text: string, at: Path, disallowed: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (message: string): unknown => errors.push(invalidValue(at, text, message));
  if (disallowed.includes(text))
    refuse(`URL must not overlap with disallowed issuers: [${[...disallowed].sort().join(' ')}]`);
  if (!text.startsWith('https:')) refuse('URL scheme must be https');
  if (!URL.canParse(text)) return errors;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') refuse('URL must not contain a username or password');
  if (url.search !== '') refuse('URL must not contain a query');
  if (url.hash !== '') refuse('URL must not contain a fragment');
  return errors;
}

function validateBundle(pem: string, at: Path): FieldError[] {
  try {
    if (certificateBlocks(pem).map((block) => new X509Certificate(block)).length > 0) return [];
  } catch (error) {
    return [invalidValue(at, '<omitted>', (error as Error).message)];
  }
  const message = 'data does not contain any valid RSA or ECDSA certificates';
  return [invalidValue(at, '<omitted>', message)];
}

/** An expression that does not compile, or is not of the type that its place asks for. */
function uncompiled(compiled: Compiled, expression: string, at: Path): FieldError[] {
  return compiled.errors === undefined ? [] : [invalidValue(at, expression, compiled.errors)];
}

function validateClaimRules({ claimValidationRules = [] }: JwtAuthenticatorConfig, at: Path): FieldError[] {
  const seen = new Set<string>();
  return claimValidationRules.flatMap((rule, index): FieldError[] => {
    const { claim = '', expression = '', message = '', requiredValue = '' } = rule;
    const here = at.index(index);
    if (claim !== '' && expression !== '') return [invalidValue(here, claim, "claim and expression can't both be set")];
    if (claim === '' && expression === '') return [required(here, 'claim or expression is required')];
    const [field, value] = claim === '' ? (['expression', expression] as const) : (['claim', claim] as const);
    const [other, text] = claim === '' ? ['requiredValue', requiredValue] : ['message', message];
    const errors: FieldError[] = [];
    if (text !== '') errors.push(invalidValue(here.child(other), text, `may not be specified when ${field} is set`));
    if (seen.has(`${field} ${value}`)) return [...errors, duplicate(here.child(field), value)];
    seen.add(`${field} ${value}`);
    if (claim !== '') return errors;
    return [...errors, ...uncompiled(compileClaimsRule(expression), expression, here.child('expression'))];
  });
}

function validateMappings(
  { claimMappings, claimValidationRules = [] }: JwtAuthenticatorConfig,
  at: Path,
): FieldError[] {
  const mappings: Partial<JwtAuthenticatorConfig['claimMappings']> = claimMappings ?? {};
  const { username = {}, groups = {}, uid = {}, extra = [] } = mappings;
  const errors = [
    ...validatePrefixed(username, at.child('username'), true),
    ...validatePrefixed(groups, at.child('groups'), false),
  ];
  if (uid.claim && uid.expression)
    errors.push(invalidValue(at.child('uid'), '', "claim and expression can't both be set"));
  else if (uid.expression) {
    errors.push(...uncompiled(compileMapping(uid.expression), uid.expression, at.child('uid', 'expression')));
  }
  const seen = new Set<string>();
  for (const [index, { key = '', valueExpression = '' }] of extra.entries()) {
    const here = at.child('extra').index(index);
    errors.push(...validateExtraKey(key, here.child('key')));
    if (seen.has(key)) errors.push(duplicate(here.child('key'), key));
    else if (valueExpression === '') errors.push(required(here.child('valueExpression'), ''));
    else {
      const compiled = compileMapping(valueExpression);
      errors.push(...uncompiled(compiled, valueExpression, here.child('valueExpression')));
    }
    seen.add(key);
  }
  const others = [
    username.expression ?? '',
    ...extra.map(({ valueExpression }) => valueExpression ?? ''),
    ...claimValidationRules.map(({ expression = '' }) => expression),
  ];
  if (selects(username.expression ?? '', 'email') && !others.some((text) => selects(text, 'email_verified'))) {
    const message =
      'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression';
    errors.push(invalidValue(at.child('username', 'expression'), username.expression, message));
  }
  return errors;
}

function selects(expression: string, claim: string): boolean {
  return new RegExp(`\\bclaims\\s*\\.\\s*\\??\\s*${claim}\\b`).test(expression);
}

type Prefixed = JwtAuthenticatorConfig['claimMappings']['username'];

function validatePrefixed({ claim, prefix, expression }: Prefixed, at: Path, isUsername: boolean): FieldError[] {
  if (claim && expression) return [invalidValue(at, '', "claim and expression can't both be set")];
  if (!claim && !expression && isUsername) return [required(at, 'claim or expression is required')];
  if (expression) {
    const field = at.child('prefix');
    const refused =
      prefix === undefined ? [] : [invalidValue(field, prefix, 'may not be specified when expression is set')];
    return [...refused, ...uncompiled(compileMapping(expression), expression, at.child('expression'))];
  }
  if (claim && prefix === undefined)
    return [
      required(
        at.child('prefix'),
        'prefix is required when claim is set. It can be set to an empty string to disable prefixing',
      ),
    ];
  return [];
}

function validateExtraKey(key: string, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const slash = key.indexOf('/');
  const [host, rest] = [key.slice(0, Math.max(slash, 0)), key.slice(slash + 1)];
  if (key === '') errors.push(required(at, ''));
  else if (host === '' || rest === '')
    errors.push(invalidValue(at, key, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  else errors.push(...dns1123Subdomain(host).map((message) => invalidValue(at, host, message)));
  if (key !== key.toLowerCase()) errors.push(invalidValue(at, key, 'must be lowercase'));
  if (/(^|\.)(kubernetes|k8s)\.io$/.test(host))
    errors.push(invalidValue(at, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use'));
  return errors;
}

function validateUserRules({ userValidationRules = [] }: JwtAuthenticatorConfig, at: Path): FieldError[] {
  const rules: { expression?: string }[] = userValidationRules;
  return rules.flatMap(({ expression = '' }, index): FieldError[] => {
    const field = at.index(index).child('expression');
    if (expression === '') return [required(field, '')];
    if (rules.findIndex((rule) => rule.expression === expression) < index) return [duplicate(field, expression)];
    return uncompiled(compileUserRule(expression), expression, field);
  });
}
