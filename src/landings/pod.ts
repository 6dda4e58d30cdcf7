import type { Host, Runner } from '../hosts/contract';
import type { Landings } from './contract';
export interface PodLandings {
  landings: Landings;
  stop(): Promise<void>;
}
export function openPodLandings(
  _runner: Runner,
  _o: { home: Host; advertisedAddress: string; port: number; containerPort: number },
): Promise<PodLandings> {
  throw new Error('not yet');
}
