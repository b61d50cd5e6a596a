import { Command } from 'commander';
import { dynamoDb } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import type { RegisteredModel } from '../core/registry/model-version.ts';
import { callApi } from './api.ts';
import { asCalledHere } from './own-name.ts';
import { byteSize, table } from './table.ts';
import { type AccountTarget, findTarget, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

export function modelsCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('models'))
    .description('list the registered models; with --endpoint, their names only')
    .action(async (options: TargetOptions) => {
      const target = await findTarget(options, terminal);
      if (target.account !== undefined) {
        const models = await readModels(target.account);
        print(
          terminal,
          options.json,
          { models },
          orNone(models.length, () => versionsTable(models), terminal),
        );
        return;
      }
      const token = await target.token(['registry.read']);
      const answer = await callApi({ endpoint: target.endpoint, token, path: '/v2/models' });
      const names = (JSON.parse(answer) as { models: string[] }).models;
      const models = names.map((name) => ({ name }));
      print(
        terminal,
        options.json,
        { models },
        orNone(names.length, () => names.join('\n'), terminal),
      );
    });
}

async function readModels({ deployment, aws }: AccountTarget): Promise<RegisteredModel[]> {
  const registry = new RegistryTable(dynamoDb(aws), deployment.registryTable);
  const models: RegisteredModel[] = [];
  for (const name of await registry.modelNames()) {
    models.push(await registry.model(name));
  }
  return models;
}

function orNone(count: number, list: () => string, { environment }: Terminal): string {
  return count === 0
    ? asCalledHere(
        'No model is registered yet; `strata register <file> --name <model>` adds one.',
        environment,
      )
    : list();
}

function versionsTable(models: readonly RegisteredModel[]): string {
  const rows = models.flatMap(({ name, versions, aliases }) =>
    versions.map(({ version, status, artifact, createdAt }) => [
      name,
      version,
      aliasesOf(aliases, version),
      status,
      artifact ? byteSize(artifact.size) : '',
      artifact?.digest.slice(0, 12) ?? '',
      createdAt,
    ]),
  );
  return table(['model', 'version', 'aliases', 'status', 'size', 'sha256', 'created'], rows);
}

function aliasesOf(aliases: RegisteredModel['aliases'], version: string): string {
  return Object.entries(aliases)
    .filter(([, target]) => target === version)
    .map(([alias]) => alias)
    .join(', ');
}
