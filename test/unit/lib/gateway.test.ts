import { Duration, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as logs from 'aws-cdk-lib/aws-logs';
import { describe, expect, it } from 'vitest';
import { Access, Gateway, type GatewayProps, ModelRegistry, Serving } from '../../../lib';
import { HandlerFunction } from '../../../lib/private/handler-function';
import { flaglessApp, synth, testApp, testStack } from '../../support/synth';

function withGateway(props: GatewayProps = {}): Template {
  return synth((stack) => {
    const gateway = new Gateway(stack, 'Gateway', props);
    const registry = ModelRegistry.fromAttributes(stack, 'Registry', {
      tableName: 'models',
      artifactsBucketName: 'model-files',
    });
    new Serving(stack, 'Serving', { gateway, registry });
  });
}

const handlerIn = (stack: Stack, id = 'Function') =>
  new HandlerFunction(stack, id, {
    handler: 'infer',
    description: 'test',
    memorySize: 256,
    timeout: Duration.seconds(1),
  });

const methods = (template: Template) =>
  Object.values(template.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => Properties);

const ofFunctions = (template: Template) =>
  methods(template).filter(({ Integration }) => Integration.Type !== 'MOCK');

/** Status, challenge and body of the gateway's own answer to an error; undefined where it has none. */
function answerTo(template: Template, type: string) {
  const [response] = Object.values(
    template.findResources('AWS::ApiGateway::GatewayResponse', { Properties: { ResponseType: type } }),
  );
  return (
    response && {
      status: response.Properties.StatusCode,
      challenge: response.Properties.ResponseParameters?.['gatewayresponse.header.WWW-Authenticate'],
      body: JSON.parse(response.Properties.ResponseTemplates['application/json']),
    }
  );
}

const withTokens = () =>
  withGateway({ access: Access.oidc({ issuer: 'https://login.example.com', audience: ['strata'] }) });

describe('a gateway by default', () => {
  const template = withGateway();

  it('is regional and takes any body as bytes', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['REGIONAL'] },
      BinaryMediaTypes: ['*/*'],
    });
  });

  it('asks for AWS signatures on every method', () => {
    // The prefixes of inference and of the exchange, each with and without a rest.
    expect(ofFunctions(template)).toHaveLength(4);
    for (const method of ofFunctions(template)) expect(method.AuthorizationType).toBe('AWS_IAM');
  });

  it('lets API Gateway call the alias, with one permission for each whole prefix', () => {
    const permissions = Object.values(template.findResources('AWS::Lambda::Permission'));
    expect(permissions).toHaveLength(2);
    for (const { Properties } of permissions)
      expect(JSON.stringify(Properties.FunctionName)).toContain('Live');
    for (const method of ofFunctions(template))
      expect(JSON.stringify(method.Integration.Uri)).toContain('Live');
  });

  it('limits the rate of requests', () => {
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      MethodSettings: Match.arrayWith([
        Match.objectLike({ ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000, DataTraceEnabled: false }),
      ]),
      AccessLogSetting: Match.absent(),
    });
  });

  it('needs no log role in the account', () => {
    template.resourceCountIs('AWS::ApiGateway::Account', 0);
  });

  it.each([
    ['MISSING_AUTHENTICATION_TOKEN', '401', 'UNAUTHENTICATED'],
    ['INVALID_SIGNATURE', '401', 'UNAUTHENTICATED'],
    ['EXPIRED_TOKEN', '401', 'UNAUTHENTICATED'],
    ['ACCESS_DENIED', '403', 'PERMISSION_DENIED'],
    ['DEFAULT_4XX', undefined, 'UNAUTHENTICATED'],
    ['UNSUPPORTED_MEDIA_TYPE', '404', 'ENDPOINT_NOT_FOUND'],
    ['RESOURCE_NOT_FOUND', '404', 'ENDPOINT_NOT_FOUND'],
    ['REQUEST_TOO_LARGE', '413', 'REQUEST_TOO_LARGE'],
    ['THROTTLED', '429', 'REQUEST_LIMIT_EXCEEDED'],
    ['INTEGRATION_TIMEOUT', '504', 'DEADLINE_EXCEEDED'],
  ])('answers %s with status %s and a body that every client reads', (type, status, code) => {
    const answer = answerTo(template, type);
    expect(answer?.status).toBe(status);
    expect(Object.keys(answer?.body)).toEqual(['error', 'error_code', 'message', 'request_id']);
    expect(answer?.body).toMatchObject({
      error_code: code,
      error: answer?.body.message,
      request_id: '$context.requestId',
    });
    expect(answer?.challenge).toBe(status === '401' ? "'AWS4-HMAC-SHA256'" : undefined);
    expect(answer?.body.message).not.toMatch(/token|scope|Bearer/);
  });

  it('answers what nothing is mounted on without asking who calls, and without a function', () => {
    const open = methods(template).filter(({ AuthorizationType }) => AuthorizationType === 'NONE');
    const root = { 'Fn::GetAtt': [expect.stringContaining('Gateway'), 'RootResourceId'] };
    const proxies = Object.entries(template.findResources('AWS::ApiGateway::Resource'))
      .filter(
        ([, { Properties }]) => Properties.PathPart === '{proxy+}' && 'Fn::GetAtt' in Properties.ParentId,
      )
      .map(([id]) => ({ Ref: id }));
    expect(proxies).toHaveLength(1);
    expect(open.map(({ ResourceId }) => ResourceId)).toEqual(expect.arrayContaining([root, ...proxies]));
    expect(open).toHaveLength(2);
    for (const { HttpMethod, Integration, MethodResponses } of open) {
      expect([HttpMethod, Integration.Type]).toEqual(['ANY', 'MOCK']);
      expect(MethodResponses).toEqual([{ StatusCode: '404' }]);
      // Bytes have no template: both ways they are text here, and any other type of body is an error of its own.
      expect(Integration).toMatchObject({ PassthroughBehavior: 'NEVER', ContentHandling: 'CONVERT_TO_TEXT' });
      expect(Integration.IntegrationResponses).toMatchObject([
        { StatusCode: '404', ContentHandling: 'CONVERT_TO_TEXT' },
      ]);
      const body = JSON.parse(Integration.IntegrationResponses[0].ResponseTemplates['application/json']);
      expect(body).toEqual(answerTo(template, 'UNSUPPORTED_MEDIA_TYPE')?.body);
    }
  });
});

describe('a gateway with settings', () => {
  it.each([
    ['UNAUTHORIZED', '401', 'UNAUTHENTICATED'],
    ['ACCESS_DENIED', '403', 'PERMISSION_DENIED'],
    ['AUTHORIZER_CONFIGURATION_ERROR', '500', 'INTERNAL'],
    ['AUTHORIZER_FAILURE', '503', 'TEMPORARILY_UNAVAILABLE'],
    ['DEFAULT_4XX', undefined, 'BAD_REQUEST'],
  ])('that takes tokens answers %s with status %s, and speaks of tokens only', (type, status, code) => {
    const answer = answerTo(withTokens(), type);
    expect(answer?.status).toBe(status);
    expect(answer?.body.error_code).toBe(code);
    expect(answer?.challenge).toBe(status === '401' ? "'Bearer'" : undefined);
    expect(answer?.body.message).not.toContain('AWS');
  });

  it('that takes tokens has no answers about signatures, nor one that takes signatures about tokens', () => {
    for (const type of ['INVALID_SIGNATURE', 'EXPIRED_TOKEN', 'MISSING_AUTHENTICATION_TOKEN'])
      expect(answerTo(withTokens(), type)).toBeUndefined();
    for (const type of ['UNAUTHORIZED', 'AUTHORIZER_FAILURE'])
      expect(answerTo(withGateway(), type)).toBeUndefined();
  });

  it('verifies tokens with the alias of a function, and reuses the decision for the time given', () => {
    const template = synth((stack) => {
      const pool = new cognito.UserPool(stack, 'Pool');
      const access = Access.cognito(pool, {
        clients: [pool.addClient('Client')],
        cacheTtl: Duration.seconds(60),
      });
      new Serving(stack, 'Serving', { gateway: new Gateway(stack, 'Gateway', { access }) });
    });
    template.hasResourceProperties('AWS::ApiGateway::Authorizer', {
      Type: 'TOKEN',
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerResultTtlInSeconds: 60,
      AuthorizerUri: Match.objectLike({
        'Fn::Join': ['', Match.arrayWith([{ Ref: Match.stringLikeRegexp('Live') }])],
      }),
    });
    expect(ofFunctions(template)).toHaveLength(4);
    for (const method of ofFunctions(template)) expect(method.AuthorizationType).toBe('CUSTOM');
    const issuer = Object.values(template.findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Environment?.Variables?.STRATA_TOKEN_ISSUER)
      .find(Boolean);
    expect(JSON.stringify(issuer)).toContain('https://cognito-idp.eu-west-1.amazonaws.com/');
    expect(JSON.stringify(issuer)).toContain('clientIds');
  });

  it('tells the authorizer which scopes open what is mounted on it, layers of others among it', () => {
    const template = synth((stack) => {
      const access = Access.cognito(new cognito.UserPool(stack, 'Pool'));
      const gateway = new Gateway(stack, 'Gateway', { access });
      new Serving(stack, 'Serving', { gateway });
      gateway.mount('reports', handlerIn(stack).live, { scopes: ['audit.read', 'registry.read'] });
      gateway.mount('admin/v1', handlerIn(stack, 'Other').live);
    });
    const variables = Object.values(template.findResources('AWS::Lambda::Function')).map(
      ({ Properties }) => Properties.Environment?.Variables ?? {},
    );
    const told = variables.flatMap(({ STRATA_PREFIX_SCOPES }) => STRATA_PREFIX_SCOPES ?? []);
    expect(told.map((text) => JSON.parse(text))).toEqual([
      {
        'strata/v1/exchange': ['infer'],
        v2: ['infer', 'registry.read'],
        reports: ['audit.read', 'registry.read'],
        'admin/v1': [],
      },
    ]);
  });

  it('writes access logs where it is told to', () => {
    const template = synth((stack) => {
      const gateway = new Gateway(stack, 'Gateway', { accessLogGroup: new logs.LogGroup(stack, 'Logs') });
      new Serving(stack, 'Serving', { gateway });
    });
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      AccessLogSetting: { DestinationArn: Match.anyValue(), Format: Match.stringLikeRegexp('requestId') },
    });
  });

  it.each([
    ['with the flags of the CDK', testApp],
    ['without', flaglessApp],
  ])('deploys the API anew when its authorizer changes, %s', (_flags, app) => {
    const deploymentOf = (cacheTtl: Duration) => {
      const stack = testStack(app());
      const access = Access.oidc({ issuer: 'https://login.example.com', audience: ['strata'], cacheTtl });
      new Gateway(stack, 'Gateway', { access }).mount('v2', handlerIn(stack).live);
      return Object.keys(Template.fromStack(stack).findResources('AWS::ApiGateway::Deployment'));
    };
    const before = deploymentOf(Duration.minutes(5));
    expect(before).toHaveLength(1);
    expect(deploymentOf(Duration.minutes(5))).toEqual(before);
    expect(deploymentOf(Duration.minutes(1))).not.toEqual(before);
  });

  it('takes keys from the address that the issuer names', () => {
    const template = withGateway({
      access: Access.oidc({ issuer: 'https://login.example.com/', audience: ['strata'] }),
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          STRATA_TOKEN_ISSUER: JSON.stringify({
            issuer: 'https://login.example.com/',
            jwksUri: 'https://login.example.com/.well-known/jwks.json',
            audience: ['strata'],
            scopeClaims: [{ claim: 'scope', prefix: '' }],
          }),
        },
      },
    });
  });
});

describe('a gateway fails', () => {
  const gatewayWithFunction = () => {
    const stack = testStack();
    return { gateway: new Gateway(stack, 'Gateway'), handler: handlerIn(stack) };
  };

  it('when a prefix is taken', () => {
    const { gateway, handler } = gatewayWithFunction();
    gateway.mount('v2', handler.live);
    expect(() => gateway.mount('v2', handler.live)).toThrow(/PREFIX_TAKEN.*"v2"/);
  });

  it.each(['v2/models', 'strata/v1', 'strata/v1/exchange/more'])(
    'when %j and a prefix that is taken lie in one another',
    (prefix) => {
      const { gateway, handler } = gatewayWithFunction();
      gateway.mount('v2', handler.live);
      gateway.mount('strata/v1/exchange', handler.live);
      expect(() => gateway.mount(prefix, handler.live)).toThrow('PREFIX_TAKEN');
      expect(() => gateway.mount('v2x', handler.live)).not.toThrow();
    },
  );

  it('when a scope is none that a token can have', () => {
    const { gateway, handler } = gatewayWithFunction();
    expect(() => gateway.mount('v2', handler.live, { scopes: ['infer', 'fly'] })).toThrow(
      /UNKNOWN_SCOPE.*"fly"/,
    );
  });

  it.each(['', '/v2', 'v2/', 'v2/{id}', 'V2', 'a//b'])('when a prefix is written %j', (prefix) => {
    const { gateway, handler } = gatewayWithFunction();
    expect(() => gateway.mount(prefix, handler.live)).toThrow('INVALID_PREFIX');
  });

  it('when nothing is mounted on it', () => {
    expect(() => synth((stack) => void new Gateway(stack, 'Gateway'))).toThrow('nothing is mounted');
  });

  it('when an issuer is not https', () => {
    expect(() => Access.oidc({ issuer: 'http://login.example.com', audience: ['a'] })).toThrow(
      'INVALID_ISSUER',
    );
  });

  it('when tokens for any audience would do', () => {
    expect(() => Access.oidc({ issuer: 'https://login.example.com', audience: [] })).toThrow(
      'AUDIENCE_MISSING',
    );
  });

  it('when decisions would be reused for longer than API Gateway can', () => {
    const cacheTtl = Duration.hours(2);
    expect(() => Access.oidc({ issuer: 'https://a.example.com', audience: ['a'], cacheTtl })).toThrow(
      'CACHE_TTL_TOO_LONG',
    );
  });
});
