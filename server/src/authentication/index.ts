/** Who asks: certificates, tokens, front proxies and impersonation make a `UserInfo` of a request. */
export type { Authenticator, AuthenticatorResponse, TokenAuthenticator, UserInfo } from './authenticator.ts';
export { type Authentication, type AuthenticationOptions, buildAuthenticator } from './build.ts';
export { impersonate } from './impersonation.ts';
export { ClientCertificateVerifier } from './request/client-certificate.ts';
export { type FrontProxyHeaders } from './request/front-proxy.ts';
export { type AnonymousOptions, allAuthenticated, allUnauthenticated, anonymousUser } from './request/union.ts';
export { reviewedUser, reviewToken, type TokenReviewResult } from './reviews.ts';
export type { ExternalSigner, ExternalSignerOptions } from './service-account/external/signer.ts';
export {
  type TokenIssuer,
  type TokenRequest,
  type TokenRequestOptions,
  tokenIssuer,
} from './service-account/token-request.ts';
export { type IssueRequest, type ServiceAccountTokenOptions, ServiceAccountTokens } from './service-account/tokens.ts';
export { serviceAccountGroups, serviceAccountUsername, splitServiceAccountUsername } from './service-account/user.ts';
