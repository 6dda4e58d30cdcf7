/** Each target: how fresh, against what, since which sync. */
import type { RelationshipStatus } from '../../model/status';
import type { RelationshipSummary } from '../../model/summary';
import { formatBytes } from '../../model/units';
import { leftOutText } from '../model/left-out-text';
import { LagBar } from './lag-bar';
import { Badge, Section, Table, When } from './parts';

export function Targets({ summary, status }: { summary: RelationshipSummary; status: RelationshipStatus }) {
  return (
    <Section title="Targets">
      <Table label="Table of targets">
        <thead>
          <tr>
            <th scope="col">Target</th>
            <th scope="col">Status</th>
            <th scope="col">Lag against objective</th>
            <th scope="col">Newest point</th>
            <th scope="col">Size</th>
            <th scope="col">Left out</th>
            <th scope="col">Next sync</th>
          </tr>
        </thead>
        <tbody>
          {summary.targets.map((target) => {
            const bytes = status.targets.find(({ name }) => name === target.name)?.pointBytes;
            return (
              <tr key={target.name}>
                <th scope="row">
                  {target.name}
                  {target.class && <span class="quiet"> {target.class}</span>}
                </th>
                <td>
                  <Badge status={target.status} />
                </td>
                <td class="cell-lag">
                  <LagBar target={target} />
                </td>
                <td>
                  <When at={target.capturedAt} isMoment />
                </td>
                <td>{bytes === undefined ? '–' : formatBytes(bytes)}</td>
                <td>{leftOutText(target.leftOut)}</td>
                <td>
                  <When at={target.nextRun} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </Table>
    </Section>
  );
}
