import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { SecurityStore } from '../../../lib';
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

  it('has a client for people that never sends the password and has no scopes', () => {
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      AllowedOAuthFlows: Match.absent(),
      PreventUserExistenceErrors: 'ENABLED',
    });
  });
});

describe('a client for machines', () => {
  it('gets the scopes it is given and no other', () => {
    const template = synth((stack) => {
      new SecurityStore(stack, 'Security').addMachineClient('Scoring', { scopes: ['infer'] });
    });
    const scopes = Object.entries(template.findResources('AWS::Cognito::UserPoolClient'))
      .filter(([id]) => id.includes('Scoring'))
      .map(([, { Properties }]) => JSON.stringify(Properties.AllowedOAuthScopes));
    expect(scopes).toHaveLength(1);
    expect(scopes[0]).toContain('/infer');
    expect(scopes[0]).not.toContain('/admin');
  });

  it('fails when a scope is unknown', () => {
    expect(() =>
      synth((stack) => {
        new SecurityStore(stack, 'Security').addMachineClient('Scoring', { scopes: ['everything'] });
      }),
    ).toThrow(/UNKNOWN_SCOPE.*"everything".*infer/);
  });
});
