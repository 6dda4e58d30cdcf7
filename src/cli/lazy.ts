/** What takes long to load, loaded by the commands that need it alone: `tidemark get` is to answer at once. */
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type * as Template from '../hosts/cluster/template';
import type * as AgentWorker from '../workers/agent';
import type * as ControlWorker from '../workers/control';
import type * as CheckNotify from '../workers/notify/check-file';
import type * as Withdraw from '../workers/withdraw';
import type * as Up from '../up';
import type * as ParseSpec from '../model/parse-spec';
import type * as LocalHost from '../hosts/local';
import type * as Volumes from '../volumes/registry';
import type * as OperationLog from '../client/operation-log';
import type * as TemporalClient from '../client/temporal-client';
import type * as JsonPath from './json-path';
import type * as ProgressBar from './progress-bar';

const load = createRequire(__filename);

export const lazy = {
  yaml: () => load('yaml') as typeof Yaml,
  template: () => load('../hosts/cluster/template') as typeof Template,
  agent: () => load('../workers/agent') as typeof AgentWorker,
  control: () => load('../workers/control') as typeof ControlWorker,
  checkNotify: () => load('../workers/notify/check-file') as typeof CheckNotify,
  withdraw: () => load('../workers/withdraw') as typeof Withdraw,
  up: () => load('../up') as typeof Up,
  parseSpec: () => load('../model/parse-spec') as typeof ParseSpec,
  localHost: () => load('../hosts/local') as typeof LocalHost,
  volumes: () => load('../volumes/registry') as typeof Volumes,
  temporal: () => load('../client/temporal-client') as typeof TemporalClient,
  operationLog: () => load('../client/operation-log') as typeof OperationLog,
  jsonPath: () => load('./json-path') as typeof JsonPath,
  progressBar: () => load('./progress-bar') as typeof ProgressBar,
};
