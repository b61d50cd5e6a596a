import { Command, Option } from 'commander';
import { dynamoDb, eventBridge } from '../aws/clients.ts';
import { RegistryEventsBus } from '../aws/registry-events-bus.ts';
import { ACCESS_RULES_ID, RegistryOutbox, type TimeSpan } from '../aws/registry-outbox.ts';
import { InvalidInputError, UnavailableError } from '../core/errors.ts';
import { busEntry, detailType } from '../core/registry/bus-entry.ts';
import { assertSpan, readPastTime } from '../core/registry/past-time.ts';
import type { EventItem } from '../core/registry/registry-items.ts';
import { table } from './table.ts';
import { type AccountTarget, findAccount, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface EventsOptions extends TargetOptions {
  readonly model?: string;
  readonly modelId?: string;
  readonly accessRules?: boolean;
  readonly all?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly type?: readonly string[];
}

interface ReplayOptions extends EventsOptions {
  readonly bus?: string;
  readonly dryRun?: boolean;
}

const DAY = 24 * 60 * 60_000;

export function eventsCommand(terminal: Terminal): Command {
  return new Command('events')
    .description('what happened in the registry, and sending it to listeners again')
    .addCommand(listCommand(terminal))
    .addCommand(replayCommand(terminal));
}

function listCommand(terminal: Terminal): Command {
  return withSelection(new Command('list'))
    .description('list events, the oldest first')
    .option('--from <time>', 'since when, as 2026-03-03T12:00:00Z (default: 24 hours ago)')
    .action(async (options: EventsOptions) => {
      const events = await select(options, await findAccount(options, terminal));
      const text = events.length === 0 ? 'There are no such events.' : eventsTable(events);
      print(terminal, options.json, { events: events.map(({ event }) => event) }, text);
    });
}

function replayCommand(terminal: Terminal): Command {
  return withSelection(new Command('replay'))
    .description('send events to the event bus again, with the ids that they had')
    .requiredOption('--from <time>', 'since when, as 2026-03-03T12:00:00Z')
    .option('--bus <name>', 'name or ARN of another event bus than that of the deployment')
    .option('--dry-run', 'only show which events would be sent')
    .action(async (options: ReplayOptions) => {
      const account = await findAccount(options, terminal);
      const bus = busOf(options, account);
      const events = await select(options, account);
      if (options.dryRun !== true) await send(events, bus, account);
      const done = options.dryRun ? 'would be sent' : 'sent';
      const count = events.length === 1 ? '1 event' : `${events.length} events`;
      const text = [...(events.length === 0 ? [] : [eventsTable(events)]), `${count} ${done} to ${bus}`];
      const sent = events.map(({ event }) => event.id);
      print(terminal, options.json, { bus, dryRun: options.dryRun === true, events: sent }, text.join('\n'));
    });
}

function withSelection(command: Command): Command {
  const others = (name: string) => ['model', 'modelId', 'accessRules', 'all'].filter((each) => each !== name);
  return withTargetOptions(command)
    .addOption(new Option('--model <model>', 'events of this model').conflicts(others('model')))
    .addOption(
      new Option(
        '--model-id <id>',
        'events of the model with this id, also of one that was deleted',
      ).conflicts(others('modelId')),
    )
    .addOption(new Option('--access-rules', 'events of the access rules').conflicts(others('accessRules')))
    .addOption(new Option('--all', 'events of all models that there are, and of the access rules'))
    .option('--type <type...>', 'only these, for example AliasMoved')
    .option('--to <time>', 'until when (default: now)');
}

async function select(options: EventsOptions, { deployment, aws }: AccountTarget): Promise<EventItem[]> {
  const span = spanOf(options, new Date());
  const outbox = new RegistryOutbox(dynamoDb(aws), deployment.registryTable);
  const events: EventItem[] = [];
  for (const id of await idsOf(options, outbox)) events.push(...(await outbox.events(id, span)));
  const { type: types } = options;
  return events
    .filter(({ event }) => types === undefined || types.includes(detailType(event.type)))
    .sort((a, b) => (a.sk < b.sk ? -1 : 1));
}

async function idsOf(
  { model, modelId, accessRules, all }: EventsOptions,
  outbox: RegistryOutbox,
): Promise<string[]> {
  if (all) return outbox.ids();
  if (accessRules) return [ACCESS_RULES_ID];
  if (modelId !== undefined) return [modelId];
  if (model !== undefined) return [await outbox.modelId(model)];
  throw new InvalidInputError(
    'NO_EVENTS_NAMED',
    'Say whose events are meant: --model <model>, --model-id <id>, --access-rules or --all.',
  );
}

function spanOf({ from, to }: EventsOptions, now: Date): TimeSpan {
  const span = {
    from:
      from === undefined ? new Date(now.getTime() - DAY).toISOString() : readPastTime(from, '--from', now),
    to: to === undefined ? now.toISOString() : readPastTime(to, '--to', now),
  };
  assertSpan(span);
  return span;
}

function busOf({ bus }: ReplayOptions, { deployment }: AccountTarget): string {
  const found = bus ?? deployment.eventBus;
  if (found !== undefined) return found;
  throw new InvalidInputError(
    'NO_EVENT_BUS',
    'The deployment has no event bus for its registry; name one with --bus <name>, or deploy the service stack again.',
  );
}

async function send(events: readonly EventItem[], bus: string, { aws }: AccountTarget): Promise<void> {
  const { sent, cause } = await new RegistryEventsBus(eventBridge(aws), bus).send(events.map(busEntry));
  const next = events[sent];
  if (next === undefined) return;
  throw new UnavailableError(
    'EVENTS_NOT_SENT',
    `${sent} of ${events.length} events were sent to ${bus}, then it took no more: ${String(cause)}. ` +
      `Go on with --from ${next.event.time}.`,
    { cause },
  );
}

function eventsTable(events: readonly EventItem[]): string {
  const rows = events.map(({ event }) => {
    const { model: _model, actor: by = '', ...facts } = event.data;
    const details = Object.entries(facts)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ');
    return [event.time, detailType(event.type), event.subject, details, by, event.id];
  });
  return table(['time', 'type', 'of', 'what', 'by', 'id'], rows);
}
