import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAuthenticationConfiguration } from './configuration.ts';

const issuer = { url: 'https://issuer.example.com', audiences: ['a'] };
const claimMappings = { username: { claim: 'sub', prefix: '' } };

function parse(...jwt: object[]): unknown {
  const document = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt };
  return parseAuthenticationConfiguration(JSON.stringify(document), ['https://own.example.com']);
}

test('a good one is taken, of any version, in YAML too', () => {
  parse({ issuer, claimMappings });
  const text =
    'apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthenticationConfiguration\nanonymous:\n  enabled: false\n';
  assert.deepEqual(parseAuthenticationConfiguration(text, []).anonymous, { enabled: false });
});

test('what cannot be read', () => {
  const refused: [text: string, message: RegExp][] = [
    ['', /^empty config data$/],
    ['{"apiVersion":"v1","kind":"Pod"}', /^no kind "Pod" is registered for version "v1"/],
    [
      '{"apiVersion":"apiserver.config.k8s.io/v1","kind":"AuthenticationConfiguration","jwts":[]}',
      /^strict decoding error: unknown field "jwts"$/,
    ],
    [
      '{"apiVersion":"apiserver.config.k8s.io/v1","kind":"AuthenticationConfiguration","jwt":3}',
      /cannot unmarshal number/,
    ],
  ];
  for (const [text, message] of refused) assert.throws(() => parseAuthenticationConfiguration(text, []), { message });
});

const invalid: [title: string, jwt: object[], message: string][] = [
  [
    'no issuer',
    [{ claimMappings }],
    '[jwt[0].issuer.url: Required value, jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required]',
  ],
  [
    'not https',
    [{ issuer: { ...issuer, url: 'http://x' }, claimMappings }],
    'jwt[0].issuer.url: Invalid value: "http://x": URL scheme must be https',
  ],
  [
    'the own issuer',
    [{ issuer: { ...issuer, url: 'https://own.example.com' }, claimMappings }],
    'jwt[0].issuer.url: Invalid value: "https://own.example.com": URL must not overlap with disallowed issuers: [https://own.example.com]',
  ],
  [
    'twice the same',
    [
      { issuer, claimMappings },
      { issuer, claimMappings },
    ],
    'jwt[1].issuer.url: Duplicate value: "https://issuer.example.com"',
  ],
  [
    'several audiences',
    [{ issuer: { ...issuer, audiences: ['a', 'b'] }, claimMappings }],
    'jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
  ],
  [
    'no certificate',
    [{ issuer: { ...issuer, certificateAuthority: 'x' }, claimMappings }],
    'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
  ],
  [
    'no user name',
    [{ issuer, claimMappings: { username: {} } }],
    'jwt[0].claimMappings.username: Required value: claim or expression is required',
  ],
  [
    'no prefix',
    [{ issuer, claimMappings: { username: { claim: 'sub' } } }],
    'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing',
  ],
  [
    'claim and expression',
    [{ issuer, claimMappings: { username: { claim: 'sub', expression: 'claims.sub' } } }],
    'jwt[0].claimMappings.username: Invalid value: "": claim and expression can\'t both be set',
  ],
  [
    'a mail address of which nobody asks whether it is verified',
    [{ issuer, claimMappings: { username: { expression: 'claims.email' } } }],
    'jwt[0].claimMappings.username.expression: Invalid value: "claims.email": claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
  ],
  [
    'extra without a domain',
    [{ issuer, claimMappings: { ...claimMappings, extra: [{ key: 'x', valueExpression: "'1'" }] } }],
    'jwt[0].claimMappings.extra[0].key: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")',
  ],
  [
    'extra of Kubernetes',
    [{ issuer, claimMappings: { ...claimMappings, extra: [{ key: 'a.k8s.io/x', valueExpression: "'1'" }] } }],
    'jwt[0].claimMappings.extra[0].key: Invalid value: "a.k8s.io/x": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use',
  ],
  [
    'a rule that is no condition',
    [{ issuer, claimMappings, claimValidationRules: [{ expression: "'x'" }] }],
    'jwt[0].claimValidationRules[0].expression: Invalid value: "\'x\'": must evaluate to bool',
  ],
  [
    'a user rule without text',
    [{ issuer, claimMappings, userValidationRules: [{ expression: '' }] }],
    'jwt[0].userValidationRules[0].expression: Required value',
  ],
];
for (const [title, jwt, message] of invalid) {
  test(`refused: ${title}`, () => {
    assert.throws(() => parse(...jwt), { message: `invalid authentication configuration: ${message}` });
  });
}

test('an expression that does not compile is shown where it is wrong', () => {
  assert.throws(() => parse({ issuer, claimMappings: { username: { expression: 'claims.' } } }), {
    message:
      /jwt\[0\]\.claimMappings\.username\.expression: Invalid value: "claims\.": compilation failed: ERROR: <input>:1:8/,
  });
});
