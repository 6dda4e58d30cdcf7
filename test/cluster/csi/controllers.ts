/** What is deployed beside a driver, once in a cluster: makes, grows and attaches volumes as objects ask for it. */
import { Attacher } from './attacher';
import type { Controller } from './controller';
import { Events } from './events';
import { connect } from './kubernetes';
import { Provisioner } from './provisioner';
import { Queue } from './queue';
import { Resizer } from './resizer';

export function startControllers(
  driver: string,
  node: string,
  kubeconfig: string,
  controller: Controller,
): void {
  const clients = connect(kubeconfig);
  const events = new Events(clients, `${driver}_${node}`);
  const resizing = new Queue('resizing', (key) => resizer.resize(key));
  const provisioner = new Provisioner(driver, clients, controller, events, (key) => resizing.add(key));
  const resizer = new Resizer(driver, clients, controller, events, provisioner.watchedClaims);
  provisioner.start();
  new Attacher(driver, clients).start();
}
