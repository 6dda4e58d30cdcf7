/** gRPC on Unix sockets: which method of CSI, and of the kubelet's registration, is whose. */
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { kubernetesFolder } from '../paths';
import type { Controller } from './controller';
import { log } from './log';
import type { NodeService } from './node-service';
import { Refusal } from './refusal';

type Method = (request: never) => Promise<object>;
type Methods = Record<string, Method>;

const VERSION = '1.0.0';

function loadServices(file: string, ...names: string[]): grpc.GrpcObject {
  const options = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true };
  const loaded = grpc.loadPackageDefinition(loadSync(join(kubernetesFolder(), file), options));
  return names.reduce((object, name) => object[name] as grpc.GrpcObject, loaded);
}

function serviceOf(loaded: grpc.GrpcObject, name: string): grpc.ServiceDefinition {
  return (loaded[name] as grpc.ServiceClientConstructor).service;
}

/** Each call is logged, with how it ended. */
function implement(methods: Methods): grpc.UntypedServiceImplementation {
  const calls = Object.entries(methods).map(([name, method]) => {
    const call: grpc.handleUnaryCall<never, object> = ({ request }, answer) => {
      const since = performance.now();
      const told = `${name} ${JSON.stringify(request)}`;
      method(request).then(
        (value) => {
          log(`${told}: ${Math.round(performance.now() - since)} ms`);
          answer(null, value);
        },
        (error: Error) => {
          log(`${told} failed: ${error.message}`);
          answer({
            code: error instanceof Refusal ? error.code : grpc.status.INTERNAL,
            message: error.message,
          });
        },
      );
    };
    return [name, call] as const;
  });
  return Object.fromEntries(calls) as grpc.UntypedServiceImplementation;
}

async function listen(socket: string, services: [grpc.ServiceDefinition, Methods][]): Promise<void> {
  mkdirSync(dirname(socket), { recursive: true });
  rmSync(socket, { force: true });
  const server = new grpc.Server();
  for (const [service, methods] of services) server.addService(service, implement(methods));
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}

const rpc = (types: readonly string[]) => ({ capabilities: types.map((type) => ({ rpc: { type } })) });

function identity(driver: string): Methods {
  return {
    GetPluginInfo: async () => ({ name: driver, vendor_version: VERSION }),
    GetPluginCapabilities: async () => ({ capabilities: [{ service: { type: 'CONTROLLER_SERVICE' } }] }),
    Probe: async () => ({ ready: { value: true } }),
  };
}

function controllerMethods(controller: Controller): Methods {
  return {
    ControllerGetCapabilities: async () => rpc(controller.capabilities),
    CreateVolume: controller.createVolume.bind(controller),
    DeleteVolume: controller.deleteVolume.bind(controller),
    ControllerExpandVolume: controller.expandVolume.bind(controller),
    ValidateVolumeCapabilities: async ({ volume_capabilities }: { volume_capabilities: object[] }) => ({
      confirmed: { volume_capabilities },
    }),
    CreateSnapshot: controller.createSnapshot.bind(controller),
    DeleteSnapshot: controller.deleteSnapshot.bind(controller),
    ListSnapshots: controller.listSnapshots.bind(controller),
  };
}

function nodeMethods(node: NodeService, nodeId: string): Methods {
  return {
    NodeGetInfo: async () => ({ node_id: nodeId }),
    NodeGetCapabilities: async () => rpc(node.capabilities),
    NodePublishVolume: node.publish.bind(node),
    NodeUnpublishVolume: node.unpublish.bind(node),
    NodeExpandVolume: node.expand.bind(node),
    NodeGetVolumeStats: node.stats.bind(node),
  };
}

export interface Served {
  driver: string;
  nodeId: string;
  /** Of the kubelet, as both see it. */
  kubeletFolder: string;
  node: NodeService;
  /** On the node that has it. */
  controller: Controller | undefined;
}

/** Serves the driver, then tells the kubelet of it, which looks into the folder of registrations by itself. */
export async function serve({ driver, nodeId, kubeletFolder, node, controller }: Served): Promise<void> {
  const csi = loadServices('csi.proto', 'csi', 'v1');
  const registration = loadServices('api.proto', 'pluginregistration');
  const endpoint = join(kubeletFolder, 'plugins', driver, 'csi.sock');
  await listen(endpoint, [
    [serviceOf(csi, 'Identity'), identity(driver)],
    [serviceOf(csi, 'Node'), nodeMethods(node, nodeId)],
    ...(controller
      ? [
          [serviceOf(csi, 'Controller'), controllerMethods(controller)] satisfies [
            grpc.ServiceDefinition,
            Methods,
          ],
        ]
      : []),
  ]);
  const registrar: Methods = {
    GetInfo: async () => ({ type: 'CSIPlugin', name: driver, endpoint, supported_versions: [VERSION] }),
    NotifyRegistrationStatus: async () => ({}),
  };
  const socket = join(kubeletFolder, 'plugins_registry', `${driver}-reg.sock`);
  await listen(socket, [[serviceOf(registration, 'Registration'), registrar]]);
  log(`serving ${endpoint}`);
}
