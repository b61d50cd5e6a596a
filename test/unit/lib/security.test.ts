import { RemovalPolicy } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { Access, Gateway, SecurityStore, Serving } from '../../../lib';
import { SCOPES } from '../../../lib/contracts/access';
import { synth } from '../../support/synth';

describe('a security store by default', () => {
  const template = synth((stack) => void new SecurityStore(stack, 'Security'));

  it('keeps a user pool where nobody signs up by himself', () => {
    template.hasResource('AWS::Cognito::UserPool', {
      DeletionPolicy: 'Retain',
      Properties: {
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
        DeletionProtection: 'ACTIVE',
        MfaConfiguration: 'OPTIONAL',
        EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
        Policies: { PasswordPolicy: Match.objectLike({ MinimumLength: 14 }) },
      },
    });
  });

  it('defines every scope once, and a group of the same name', () => {
    const [server] = Object.values(template.findResources('AWS::Cognito::UserPoolResourceServer'));
    expect(server?.Properties.Identifier).toBe('strata');
    expect(server?.Properties.Scopes.map(({ ScopeName }: { ScopeName: string }) => ScopeName)).toEqual([
      ...SCOPES,
    ]);
    const groups = Object.values(template.findResources('AWS::Cognito::UserPoolGroup'));
    expect(new Set(groups.map(({ Properties }) => Properties.GroupName))).toEqual(new Set(SCOPES));
  });

  it('has a client for machines, with a secret and client credentials only', () => {
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      GenerateSecret: true,
      AllowedOAuthFlows: ['client_credentials'],
      AllowedOAuthScopes: Match.arrayWith([Match.objectLike({ 'Fn::Join': Match.anyValue() })]),
    });
  });

  it('gives the client that machines share the scopes to ask and to look, and no other', () => {
    expect(scopesOf(template, 'MachineClient')).toEqual(['infer', 'registry.read']);
  });

  // Two environments of one account and region, from the same code.
  it('has an address for tokens that is of this stack alone', () => {
    const [domain] = Object.values(template.findResources('AWS::Cognito::UserPoolDomain'));
    const label = domain?.Properties.Domain['Fn::Join'][1] as unknown[];
    expect(label).toContainEqual({ 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] });
    const letters = label.filter((part) => typeof part === 'string').join('');
    // The id of a stack ends with a UUID of 36 characters. Source: Cognito API, CreateUserPoolDomain: at most 63.
    expect(letters.length + 36).toBeLessThanOrEqual(63);
    expect(letters).toMatch(/^strata-[a-z0-9-]+$/);
  });

  it('keeps everything that a kept pool needs to be used again', () => {
    const ours = Object.values(template.toJSON().Resources) as { Type: string; DeletionPolicy?: string }[];
    expect(ours.map(({ Type }) => Type)).toContain('AWS::Cognito::UserPoolDomain');
    for (const { Type, DeletionPolicy } of ours) expect([Type, DeletionPolicy]).toEqual([Type, 'Retain']);
  });

  it('lets go of a client that an update replaces, so that the old secret ends', () => {
    for (const client of Object.values(template.findResources('AWS::Cognito::UserPoolClient'))) {
      expect(client.UpdateReplacePolicy).toBe('Delete');
    }
  });

  it('has a client for people that never sends the password and has no scopes', () => {
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      AllowedOAuthFlows: Match.absent(),
      PreventUserExistenceErrors: 'ENABLED',
    });
  });
});

/** Scopes of the client whose logical id holds a text, without the name of the resource server. */
function scopesOf(template: Template, id: string): string[] {
  const [client, ...others] = Object.entries(template.findResources('AWS::Cognito::UserPoolClient'))
    .filter(([logicalId]) => logicalId.includes(id))
    .map(([, { Properties }]) => Properties.AllowedOAuthScopes as { 'Fn::Join': [string, unknown[]] }[]);
  expect(others).toEqual([]);
  return (client ?? []).map((scope) => String(scope['Fn::Join'][1].at(-1)).replace(/^\//, ''));
}

describe('a security store that may go', () => {
  it('takes everything with it', () => {
    const template = synth((stack) => {
      new SecurityStore(stack, 'Security', { removalPolicy: RemovalPolicy.DESTROY });
    });
    const resources = Object.values(template.toJSON().Resources) as { DeletionPolicy?: string }[];
    expect(new Set(resources.map(({ DeletionPolicy }) => DeletionPolicy))).toEqual(new Set(['Delete']));
  });
});

describe('a security store that was kept', () => {
  it('is taken up again: its tokens open the platform, and it takes new clients', () => {
    const template = synth((stack) => {
      const security = SecurityStore.fromAttributes(stack, 'Security', {
        userPoolId: 'eu-west-1_kept',
        machineClientId: 'kept-client',
        tokenEndpoint: 'https://kept.auth.eu-west-1.amazoncognito.com/oauth2/token',
      });
      security.addMachineClient('Scoring', { scopes: ['infer'] });
      expect(security.tokenEndpoint).toContain('kept');
      expect(security.machineClient.userPoolClientId).toBe('kept-client');
      const gateway = new Gateway(stack, 'Gateway', { access: Access.cognito(security.userPool) });
      new Serving(stack, 'Serving', { gateway });
    });
    template.resourceCountIs('AWS::Cognito::UserPool', 0);
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      UserPoolId: 'eu-west-1_kept',
      AllowedOAuthScopes: ['strata/infer'],
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: { STRATA_TOKEN_ISSUER: Match.serializedJson(Match.objectLike({ issuer: ISSUER })) },
      },
    });
  });
});

const ISSUER = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_kept';

describe('a client for machines', () => {
  it('gets the scopes it is given and no other', () => {
    const template = synth((stack) => {
      new SecurityStore(stack, 'Security').addMachineClient('Scoring', { scopes: ['infer'] });
    });
    expect(scopesOf(template, 'Scoring')).toEqual(['infer']);
  });

  it('goes with its line of code, so that its secret ends', () => {
    const template = synth((stack) => {
      new SecurityStore(stack, 'Security').addMachineClient('Scoring');
    });
    const [scoring] = Object.entries(template.findResources('AWS::Cognito::UserPoolClient'))
      .filter(([id]) => id.includes('Scoring'))
      .map(([, resource]) => resource);
    expect(scoring?.DeletionPolicy).toBeUndefined();
  });

  it('that machines share has the scopes that it is given', () => {
    const template = synth((stack) => {
      new SecurityStore(stack, 'Security', { machineScopes: ['admin'] });
    });
    expect(scopesOf(template, 'MachineClient')).toEqual(['admin']);
  });

  it('fails when a scope is unknown', () => {
    expect(() =>
      synth((stack) => {
        new SecurityStore(stack, 'Security').addMachineClient('Scoring', { scopes: ['everything'] });
      }),
    ).toThrow(/UNKNOWN_SCOPE.*"everything".*infer/);
  });
});
