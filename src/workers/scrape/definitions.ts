/** Every metric that is made of what the fleet and the catalog tell, but the histogram of durations. */
import type { Definition } from './exposition';

const make =
  (type: Definition['type'], ...common: string[]) =>
  (name: string, help: string, ...labels: string[]): Definition => ({
    name: `tidemark_${name}`,
    type,
    help,
    labels: [...common, ...labels],
  });

const fleet = make('gauge');
const host = make('gauge', 'host');
const relationship = make('gauge', 'relationship');
const target = make('gauge', 'relationship', 'target');
const sum = make('counter', 'relationship');

/** Of the control worker's view of the world. */
export const FLEET = {
  catalogUp: fleet('catalog_up', '1 while the catalog answers.'),
  temporalUp: fleet('temporal_up', '1 while Temporal answers.'),
  checked: fleet(
    'fleet_checked_timestamp_seconds',
    'When Temporal was last asked about all relationships; absent before the first time.',
  ),
  trouble: fleet(
    'fleet_trouble',
    '1 where Temporal could not be asked about them since: somebody may have vanished, or gone on.',
  ),
  relationships: fleet('relationships', 'Relationships by status: up, warn or down.', 'status'),
  agentSeen: host('agent_seen', '1 while an agent polls for work of this host.'),
  agentLastSeen: host(
    'agent_last_seen_timestamp_seconds',
    'When an agent last polled for work of this host.',
  ),
} as const;

/** Of a relationship. */
export const RELATIONSHIP = {
  phase: relationship(
    'relationship_phase',
    '1, with the present phase; there is no series of any other.',
    'phase',
  ),
  paused: relationship('relationship_paused', '1 while it is paused.'),
  reversed: relationship('relationship_reversed', '1 while a target of the spec is the primary.'),
  failedOver: relationship(
    'relationship_failed_over',
    '1 while an old primary is waited for: tidemark reverse makes it a copy.',
  ),
  failedOverAt: relationship(
    'relationship_failed_over_timestamp_seconds',
    'When it failed over; absent otherwise.',
    'primary',
  ),
  waiting: relationship(
    'relationship_waiting',
    '1 while it waits for an approval, for tidemark resume, for a host or for a push; absent otherwise.',
    'for',
  ),
  waitingSince: relationship(
    'relationship_waiting_since_timestamp_seconds',
    'Since when it waits; absent where it does not, and for a host.',
    'for',
  ),
  scheduleStopped: relationship(
    'relationship_schedule_stopped',
    '1 while nothing starts by its schedule, since that is missing or paused in Temporal; absent otherwise.',
    'how',
  ),
  failures: relationship(
    'relationship_consecutive_failures',
    'Syncs that have failed since the last one that did not.',
  ),
  lastSync: relationship('relationship_last_sync_timestamp_seconds', 'When its last sync ended.', 'result'),
  operationStarted: relationship(
    'operation_start_timestamp_seconds',
    'When the operation began that runs.',
    'kind',
  ),
  operationDone: relationship(
    'operation_done_bytes',
    'What the transfers of the running operation have gone through; of the longest running operations alone.',
    'kind',
  ),
  operationSize: relationship(
    'operation_size_bytes',
    'What they have to go through, where that is known; of the same operations.',
    'kind',
  ),
  drillInterval: relationship(
    'drill_interval_seconds',
    'The longest time between two drills by their schedule; absent without one.',
  ),
  drilled: relationship('last_drill_timestamp_seconds', 'When the last drill ended.', 'target', 'result'),
  drillRto: relationship(
    'last_drill_rto_seconds',
    'From its start to a service that answers; absent where none did, or no hook looked.',
    'target',
  ),
} as const;

/** Of a target. */
export const TARGET = {
  status: target(
    'target_status',
    '0 for up, 1 for warn: beyond twice what was promised, its last sync failed, somebody is waited for, or Temporal does not answer; 2 for down: beyond three times, never synced, failed over, or its relationship does not run.',
  ),
  lag: target('lag_seconds', "Age of a target's newest recovery point; absent before the first."),
  objective: target(
    'objective_seconds',
    'How old its newest recovery point may be: by its rpo, or else by the longest time between two ticks; absent without either.',
    'origin',
  ),
  rpo: target('rpo_seconds', 'What that age is promised not to exceed.'),
  rpoMet: target('rpo_met', '1 while the promise is kept; 0 also before the first recovery point.'),
  failed: target('target_last_sync_failed', '1 where the last sync that it was part of failed.'),
  givenUp: target(
    'target_base_given_up',
    '1 where the source keeps no base for it any more, until a sync succeeds.',
  ),
  torn: target('target_torn', '1 where its only copy may be of two states, until a sync succeeds.'),
  leftOut: target(
    'target_left_out_entries',
    'Entries of the source that its newest recovery point does not hold.',
  ),
  points: target('recovery_points', 'Recovery points that the catalog knows of.'),
  oldest: target('oldest_recovery_point_timestamp_seconds', 'When the oldest of them was captured.'),
} as const;

/** Over the whole life of a relationship; they outlive restarts. */
export const SUMS = {
  syncs: sum('syncs_total', 'Syncs that ended.', 'result'),
  seconds: sum('sync_seconds_total', 'What they took, from their start to their record.', 'result'),
  bytes: sum('bytes_sent_total', 'Bytes on the wire, both directions, to all targets.'),
  files: sum('files_changed_total', 'Entries created, changed or deleted at all targets.'),
  missed: sum('missed_ticks_total', 'Ticks of the schedule that fell into a running operation.'),
} as const;
