import type { Tags } from '../registry/tags.ts';
import type { Experiment, Logged, LoggedModel, Metric, Run } from '../registry/tracking-records.ts';

/** Where the files of a run are, as clients name it: below `…/api/2.0/mlflow-artifacts/artifacts/`. */
export function runArtifacts({ experimentId, id }: Pick<Run, 'experimentId' | 'id'>): string {
  return `mlflow-artifacts:/${experimentId}/${id}/artifacts`;
}

export function loggedModelArtifacts({ experimentId, id }: Pick<LoggedModel, 'experimentId' | 'id'>): string {
  return `mlflow-artifacts:/${experimentId}/models/${id}/artifacts`;
}

export function experimentDocument(experiment: Experiment, { tags }: Pick<Logged, 'tags'>): object {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: `mlflow-artifacts:/${experiment.id}`,
    lifecycle_stage: 'active',
    creation_time: experiment.createdAt,
    last_update_time: experiment.lastUpdatedAt,
    tags: pairs(tags),
  };
}

export function runInfoDocument(run: Run): object {
  return {
    run_id: run.id,
    run_uuid: run.id,
    experiment_id: run.experimentId,
    run_name: run.name,
    user_id: run.userId ?? run.author,
    status: run.status,
    start_time: run.startTime,
    ...(run.endTime !== undefined && { end_time: run.endTime }),
    artifact_uri: runArtifacts(run),
    lifecycle_stage: run.isDeleted ? 'deleted' : 'active',
  };
}

export function runDocument(run: Run, logged: Logged): object {
  const documentsOf = (kind: Logged['links'][number]['kind']) =>
    logged.links.filter((link) => link.kind === kind).map(({ document }) => document);
  return {
    info: runInfoDocument(run),
    data: {
      metrics: logged.metrics.map(metricDocument),
      params: pairs(logged.params),
      // The name of a run is a tag of it for clients. Source: MLflow, mlflow.runName.
      tags: pairs({ ...logged.tags, 'mlflow.runName': run.name }),
    },
    inputs: { dataset_inputs: documentsOf('dataset'), model_inputs: documentsOf('model-input') },
    outputs: { model_outputs: documentsOf('model-output') },
  };
}

export function loggedModelDocument(model: LoggedModel, logged: Logged): object {
  return {
    info: {
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdAt,
      last_updated_timestamp_ms: model.lastUpdatedAt,
      artifact_uri: loggedModelArtifacts(model),
      status: model.status,
      ...(model.modelType !== undefined && { model_type: model.modelType }),
      ...(model.sourceRunId !== undefined && { source_run_id: model.sourceRunId }),
      tags: pairs(logged.tags),
    },
    data: { params: pairs(logged.params), metrics: logged.metrics.map(metricDocument) },
  };
}

/** JSON has no numbers that are infinite or none: protobuf writes them as texts. */
export function metricDocument({ key, value, timestamp, step }: Metric): object {
  return { key, value: Number.isFinite(value) ? value : String(value), timestamp, step };
}

function pairs(texts: Tags): { readonly key: string; readonly value: string }[] {
  return Object.entries(texts).map(([key, value]) => ({ key, value }));
}
