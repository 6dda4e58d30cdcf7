/** What a control worker knows of agents, in memory. */
import type { ControlActivities } from '../../src/activities/control/contract';
import { checkAndSelect, selectHosts } from '../../src/activities/control/select-hosts';
import type { AgentEntry } from '../../src/catalog/contract';

type Placing = Pick<ControlActivities, 'checkSpec' | 'selectHosts' | 'recordAgent' | 'tellSelectors'>;

/** Judges and selects as the real one does, by these agents. */
export function placingBy(agents: AgentEntry[]): Placing {
  const catalog = { agents: () => Promise.resolve([...agents]) };
  return {
    checkSpec: (document, standing) => checkAndSelect(catalog, document, standing),
    selectHosts: (standing) => selectHosts(catalog, standing),
    recordAgent: async (agent) => void agents.push(agent),
    tellSelectors: async () => [],
  };
}
