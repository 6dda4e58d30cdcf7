import type { HostActivities } from '../contract';
import type { AgentContext } from './context';
import { Doors } from './doors';
import { Exclusive } from './exclusive';
import { makeMakeRoom } from './keep-points';
import { makeLooks } from './look-into-points';
import { makePrepare } from './prepare';
import { makePublish } from './publish';
import { makeRestore } from './restore';
import { makeDrill, makeSwitch } from './switch';
import { makeTransfer } from './transfer';
import { makeVerify } from './verify';

/** All activities of one host's agent. */
export function makeHostActivities(context: AgentContext): HostActivities {
  const exclusive = new Exclusive();
  const doors = new Doors(context);
  return {
    ...makePrepare(context, exclusive),
    ...makeTransfer(context, exclusive, doors),
    ...makePublish(context, exclusive, doors),
    ...makeMakeRoom(context, exclusive),
    ...makeVerify(context, doors),
    ...makeRestore(context, doors),
    ...makeLooks(context),
    ...makeSwitch(context, exclusive, doors),
    ...makeDrill(context),
  };
}
