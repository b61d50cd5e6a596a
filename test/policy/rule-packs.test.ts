import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, Validations } from 'aws-cdk-lib';
import {
  AwsSolutionsChecks,
  HIPAASecurityChecks,
  NIST80053R5Checks,
  PCIDSS321Checks,
  ServerlessChecks,
} from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { afterAll, describe, expect, it } from 'vitest';
import { DataStack, ServiceStack } from '../../lib';
import { TEST_ENV, testApp } from '../support/synth';
import { ACKNOWLEDGEMENTS, type Acknowledgement } from './acknowledgements';

const folder = mkdtempSync(join(tmpdir(), 'strata-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

let runs = 0;

/** Findings of strict synthesis and of the packs on the whole app: `Pack::Rule at/path`. */
function findings(acknowledged: readonly Acknowledgement[]): string[] {
  const outdir = join(folder, String(runs++));
  const app: App = testApp({ '@aws-cdk/core:validateAgainstDefaultRules': true }, outdir);
  const data = new DataStack(app, 'StrataData', { env: TEST_ENV });
  new ServiceStack(app, 'StrataService', { env: TEST_ENV, data });
  Validations.of(app).addPlugins(
    new AwsSolutionsChecks(app),
    new ServerlessChecks(app),
    new HIPAASecurityChecks(app),
    new NIST80053R5Checks(app),
    new PCIDSS321Checks(app),
  );
  for (const { id, at, reason } of acknowledged) {
    const scope = at.split('/').reduce<IConstruct>((node, name) => node.node.findChild(name), app);
    Validations.of(scope).acknowledge({ id, reason });
  }
  try {
    app.synth();
  } catch (error) {
    if (!String(error).startsWith('ValidationFailed')) throw error;
  }
  const { pluginReports } = JSON.parse(
    readFileSync(join(outdir, 'validation-report.json'), 'utf8'),
  ) as Report;
  return pluginReports.flatMap(({ pluginName, violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${pluginName}::${ruleName} ${constructPath}`),
    ),
  );
}

describe('the app', () => {
  const unexplained = findings(ACKNOWLEDGEMENTS);
  const bare = findings([]);

  it('has no finding in a pack, nor in strict validation, without a reason', () => {
    expect(unexplained).toEqual([]);
  });

  it.each(['AwsSolutions', 'Serverless', 'HIPAA.Security', 'NIST.800.53.R5', 'PCI.DSS.321'])(
    'is really looked at by %s: without the reasons there are findings',
    (pack) => {
      expect(bare.filter((finding) => finding.startsWith(`${pack}::`)).length).toBeGreaterThan(1);
    },
  );

  it.each(ACKNOWLEDGEMENTS)('has a finding $id at $at, for which there is a reason', ({ id, at, reason }) => {
    const needing = bare.filter((finding) => finding === `${id} ${at}` || finding.startsWith(`${id} ${at}/`));
    expect(needing).not.toEqual([]);
    expect(reason.length).toBeGreaterThan(40);
  });

  it('has each finding acknowledged once', () => {
    const twice = bare.filter(
      (finding) =>
        ACKNOWLEDGEMENTS.filter(
          ({ id, at }) => finding === `${id} ${at}` || finding.startsWith(`${id} ${at}/`),
        ).length > 1,
    );
    expect(twice).toEqual([]);
  });
});
