/**
 * What comes with a message, checked: anybody can send one from Temporal's UI or CLI, and a workflow
 * that stumbles over it would stand still for ever.
 */
import { ApplicationFailure } from '@temporalio/workflow';
import { encodeFailure } from '../model/failure-wire';
import { parseInnerPath } from '../model/paths';
import type {
  FailoverRequest,
  RestoreRequest,
  ReverseRequest,
  SyncRequest,
  VerifyRequest,
} from '../api/messages';

type Fields = Partial<Record<string, unknown>>;

function malformed(message: string): ApplicationFailure {
  return ApplicationFailure.create(encodeFailure({ type: 'InvalidSpec', message }));
}

function fieldsOf(input: unknown, example: string): Fields {
  if (input === undefined || input === null) return {};
  if (typeof input === 'object' && !Array.isArray(input)) return input;
  throw malformed(`the input must be like ${example}`);
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw malformed(`${name} must be text`);
}

function epochOf(fields: Fields): { epoch?: number } {
  const { epoch } = fields;
  if (epoch === undefined || epoch === null) return {};
  if (typeof epoch === 'number') return { epoch };
  throw malformed('epoch must be a number');
}

function texts(fields: Fields, name: string): string[] | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw malformed(`${name} must be a list of texts`);
}

/** @throws ApplicationFailure `InvalidSpec` */
export function toSyncRequest(input: unknown): SyncRequest {
  const fields = fieldsOf(input, '{"targets": ["beta"]}');
  const [targets, tick] = [texts(fields, 'targets'), text(fields, 'tick')];
  if (tick !== undefined && Number.isNaN(Date.parse(tick))) throw malformed('tick must be an instant');
  return {
    wait: fields.wait === true,
    scheduled: fields.scheduled === true,
    ...(tick !== undefined && { tick }),
    ...(targets && { targets }),
  };
}

/** @throws ApplicationFailure `InvalidSpec` */
export function toVerifyRequest(input: unknown): VerifyRequest {
  const fields = fieldsOf(input, '{"target": "beta"}');
  const [target, pointId] = [text(fields, 'target'), text(fields, 'pointId')];
  return { ...(target && { target }), ...(pointId && { pointId }) };
}

/** @throws ApplicationFailure `InvalidSpec` */
export function toRestoreRequest(input: unknown): RestoreRequest {
  const fields = fieldsOf(input, '{"pointId": "…", "to": {"host": "alpha", "path": "/srv/again"}}');
  const to = fieldsOf(fields.to, '{"to": {"host": "alpha", "path": "/srv/again"}}');
  const [pointId, host, path] = [text(fields, 'pointId'), text(to, 'host'), text(to, 'path')];
  if (!pointId || !host || !path) throw malformed('pointId, to.host and to.path are needed');
  const target = text(fields, 'target');
  const part = text(fields, 'path');
  const inner = part === undefined ? undefined : parseInnerPath(part);
  if (inner && 'problem' in inner) throw malformed(`path ${inner.problem}`);
  return {
    ...{ pointId, to: { host, path }, overwrite: fields.overwrite === true },
    ...(target && { target }),
    ...(inner && { path: inner.path }),
    ...(fields.dryRun === true && { dryRun: true }),
  };
}

/** @throws ApplicationFailure `InvalidSpec` */
export function toFailoverRequest(input: unknown): FailoverRequest {
  const fields = fieldsOf(input, '{"target": "beta", "pointId": "…"}');
  const [target, pointId] = [text(fields, 'target'), text(fields, 'pointId')];
  return {
    ...(target && { target }),
    ...(pointId && { pointId }),
    ...(fields.acceptIncomplete === true && { acceptIncomplete: true }),
    ...epochOf(fields),
  };
}

/** @throws ApplicationFailure `InvalidSpec` */
export function toReverseRequest(input: unknown): ReverseRequest {
  const fields = fieldsOf(input, '{"acceptDiverged": true}');
  return { acceptDiverged: fields.acceptDiverged === true, ...epochOf(fields) };
}

/** @throws ApplicationFailure `InvalidSpec` */
export function toDrillSchedule(input: unknown): string | undefined {
  return text(fieldsOf(input, '{"cron": "0 4 1 * *"}'), 'cron');
}

/** Who approves; @throws ApplicationFailure `InvalidSpec` */
export function toApprover(input: unknown): string {
  return text(fieldsOf(input, '{"by": "your name"}'), 'by') ?? 'unknown';
}
