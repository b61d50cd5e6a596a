export const inferPath = (model: string, version?: string) =>
  version === undefined ? `/v2/models/${model}/infer` : `/v2/models/${model}/versions/${version}/infer`;
