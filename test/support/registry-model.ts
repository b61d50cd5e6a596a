/**
 * MLflow's registry as plain arrays: what the server is compared with. An answer is the code of an error, or what a client
 * would read. What is wrong with a request by itself is found before what it is about is looked for.
 */
export type Answer = { readonly error: string } | { readonly value: unknown };

interface Version {
  number: number;
  source: string;
  stage: string;
  status: string;
  description: string;
  tags: Record<string, string>;
  isSettled: boolean;
}

interface Model {
  name: string;
  description: string;
  tags: Record<string, string>;
  last: number;
  versions: Version[];
  aliases: Map<string, number>;
}

const STAGES = ['None', 'Staging', 'Production', 'Archived'];
const INVALID = 'INVALID_PARAMETER_VALUE';
const MISSING = 'RESOURCE_DOES_NOT_EXIST';
const EXISTS = 'RESOURCE_ALREADY_EXISTS';
const CONFLICT = 'RESOURCE_CONFLICT';
const PROMPT = 'mlflow.prompt.is_prompt';

class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export class RegistryModel {
  #models: Model[] = [];

  do(work: () => unknown): Answer {
    try {
      return { value: work() };
    } catch (error) {
      if (error instanceof Refused) return { error: error.code };
      throw error;
    }
  }

  createModel(name: string, tags: Record<string, string>, description: string): unknown {
    if (badName(name)) throw new Refused(INVALID);
    if (this.#models.some((model) => model.name === name)) throw new Refused(EXISTS);
    const model: Model = { name, description, tags: { ...tags }, last: 0, versions: [], aliases: new Map() };
    this.#models.push(model);
    return shown(model);
  }

  getModel(name: string): unknown {
    return shown(this.#find(name));
  }

  updateModel(name: string, description: string): unknown {
    const model = this.#find(name);
    model.description = description;
    return shown(model);
  }

  renameModel(name: string, newName: string): unknown {
    if (badName(newName)) throw new Refused(INVALID);
    const model = this.#find(name);
    if (this.#models.some((other) => other !== model && other.name === newName)) throw new Refused(EXISTS);
    model.name = newName;
    return shown(model);
  }

  deleteModel(name: string): unknown {
    const model = this.#find(name);
    this.#models = this.#models.filter((other) => other !== model);
    return {};
  }

  setModelTag(name: string, key: string, value: string): unknown {
    this.#find(name).tags[key] = value;
    return {};
  }

  deleteModelTag(name: string, key: string): unknown {
    delete this.#find(name).tags[key];
    return {};
  }

  createVersion(name: string, source: string): unknown {
    const model = this.#find(name);
    const isPrompt = model.tags[PROMPT] === 'true';
    model.last += 1;
    const version: Version = {
      number: model.last,
      source,
      stage: 'None',
      status: isPrompt ? 'READY' : 'PENDING_REGISTRATION',
      description: '',
      tags: {},
      isSettled: false,
    };
    model.versions.push(version);
    return shownVersion(version);
  }

  getVersion(name: string, number: number): unknown {
    const model = this.#find(name);
    const version = versionOf(model, number);
    return { ...shownVersion(version), aliases: aliasesOf(model, number) };
  }

  updateVersion(name: string, number: number, description: string): unknown {
    const version = versionOf(this.#find(name), number);
    version.description = description;
    return shownVersion(version);
  }

  deleteVersion(name: string, number: number): unknown {
    const model = this.#find(name);
    const version = versionOf(model, number);
    model.versions = model.versions.filter((other) => other !== version);
    model.aliases = new Map([...model.aliases].filter(([, to]) => to !== number));
    return {};
  }

  transition(name: string, number: number, text: string, archive: boolean): unknown {
    const stage = STAGES.find((each) => each.toLowerCase() === text.toLowerCase());
    if (stage === undefined) throw new Refused(INVALID);
    if (archive && (stage === 'None' || stage === 'Archived')) throw new Refused(INVALID);
    const model = this.#find(name);
    const version = versionOf(model, number);
    for (const other of model.versions) {
      if (archive && other !== version && other.stage === stage) other.stage = 'Archived';
    }
    version.stage = stage;
    return shownVersion(version);
  }

  setVersionTag(name: string, number: number, key: string, value: string): unknown {
    versionOf(this.#find(name), number).tags[key] = value;
    return {};
  }

  deleteVersionTag(name: string, number: number, key: string): unknown {
    delete versionOf(this.#find(name), number).tags[key];
    return {};
  }

  /** Ours, not MLflow's: a version becomes READY, or fails, once. */
  settle(name: string, number: number, status: string): unknown {
    const version = versionOf(this.#find(name), number);
    // A text was READY without being admitted.
    const isText = version.status === 'READY' && !version.isSettled;
    if (version.status === status && !isText) return {};
    if (version.status !== 'PENDING_REGISTRATION') throw new Refused(CONFLICT);
    version.status = status;
    version.isSettled = true;
    return {};
  }

  setAlias(name: string, alias: string, number: number): unknown {
    if (badAlias(alias)) throw new Refused(INVALID);
    const model = this.#find(name);
    // Ours, not MLflow's: what is not READY cannot be served by any name.
    if (versionOf(model, number).status !== 'READY') throw new Refused(CONFLICT);
    model.aliases.set(alias, number);
    return {};
  }

  deleteAlias(name: string, alias: string): unknown {
    if (badAlias(alias)) throw new Refused(INVALID);
    this.#find(name).aliases.delete(alias);
    return {};
  }

  getByAlias(name: string, alias: string): unknown {
    const model = this.#find(name);
    if (alias === 'latest') {
      const newest = model.versions.at(-1);
      if (newest === undefined) throw new Refused(MISSING);
      return newest.number;
    }
    const number = model.aliases.get(alias);
    if (number === undefined) throw new Refused(INVALID);
    return number;
  }

  latestVersions(name: string, stage: string | undefined): unknown {
    const newest = newestOfStages(this.#find(name));
    return newest
      .filter((version) => stage === undefined || version.stage === stage)
      .map(({ number }) => number);
  }

  searchModels(text: string, owner: string | undefined, prompts: boolean, max: number): unknown {
    const found = this.#models
      .filter(({ tags }) => (tags[PROMPT] === 'true') === prompts)
      .filter(({ name }) => name.includes(text))
      .filter(({ tags }) => owner === undefined || (tags['owner'] !== undefined && tags['owner'] !== owner))
      .map(({ name }) => name)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return { names: found, pages: Math.max(1, Math.ceil(found.length / max)) };
  }

  searchVersions(name: string, least: number): unknown {
    const model = this.#models.find((each) => each.name === name && each.tags[PROMPT] !== 'true');
    const numbers = (model?.versions ?? []).map(({ number }) => number).filter((number) => number >= least);
    return numbers.sort((a, b) => b - a);
  }

  #find(name: string): Model {
    const model = this.#models.find((each) => each.name === name);
    if (model === undefined) throw new Refused(MISSING);
    return model;
  }
}

function badName(name: string): boolean {
  return name.trim() === '' || /[/:]/.test(name) || name === '.' || name === '..' || name === 'stats';
}

function badAlias(alias: string): boolean {
  return !/^[\w-]+$/.test(alias) || /^latest$/i.test(alias) || /^v?\d+$/i.test(alias);
}

function versionOf(model: Model, number: number): Version {
  const version = model.versions.find((each) => each.number === number);
  if (version === undefined) throw new Refused(MISSING);
  return version;
}

function newestOfStages(model: Model): Version[] {
  return STAGES.flatMap((stage) => model.versions.filter((version) => version.stage === stage).at(-1) ?? []);
}

function aliasesOf(model: Model, number: number): string[] {
  return [...model.aliases]
    .filter(([, to]) => to === number)
    .map(([alias]) => alias)
    .sort();
}

function shown(model: Model): unknown {
  return {
    name: model.name,
    description: model.description,
    tags: { ...model.tags },
    aliases: Object.fromEntries([...model.aliases].map(([alias, to]) => [alias, String(to)])),
    latest: newestOfStages(model).map(shownVersion),
  };
}

function shownVersion({ number, isSettled: _isSettled, ...version }: Version): object {
  return { ...version, tags: { ...version.tags }, version: String(number) };
}
