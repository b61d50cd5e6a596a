import {
  type AdmissionOutcome,
  type AdmissionPorts,
  admitVersion,
} from '../../core/admission/admit-version.ts';
import { type SweepPorts, sweepPending } from '../../core/admission/sweep-pending.ts';
import { StrataError } from '../../core/errors.ts';

interface OfVersion {
  readonly model: string;
  readonly version: string;
}

/** What the state machine and the schedule ask for. */
export type AdmissionEvent =
  | ({ readonly action: 'admit' } & OfVersion)
  | ({ readonly action: 'fail'; readonly error?: string } & OfVersion)
  | { readonly action: 'sweep' };

export type AdmissionResult = AdmissionOutcome | { readonly swept: number };

export type AdmissionTools = AdmissionPorts & SweepPorts & { readonly pendingLimitMs: number };

/** @throws UnavailableError what `admitVersion` throws: to be tried again */
export async function handleAdmission(
  event: AdmissionEvent,
  tools: AdmissionTools,
): Promise<AdmissionResult> {
  switch (event.action) {
    case 'admit':
      return admitVersion({ model: event.model, version: event.version, actor: ACTOR }, tools);
    case 'fail':
      return giveUp(event, tools);
    case 'sweep':
      return { swept: await sweepPending(tools.pendingLimitMs, tools) };
  }
}

/** Who is named in the events of the registry. */
const ACTOR = 'admission';

async function giveUp(
  { model, version, error = 'unknown' }: OfVersion & { readonly error?: string },
  { registry }: AdmissionTools,
): Promise<AdmissionOutcome> {
  const message =
    `The version could not be checked (${error}), although it was tried more than once. If the model is large, or takes ` +
    'long to run, give admission more memory; otherwise register the model again.';
  try {
    await registry.failVersion({ model, version, actor: ACTOR }, message);
    return { status: 'FAILED_REGISTRATION', message };
  } catch (failure) {
    // Somebody settled or deleted it meanwhile.
    if (failure instanceof StrataError && failure.statusCode < 500) return { status: 'GONE' };
    throw failure;
  }
}
