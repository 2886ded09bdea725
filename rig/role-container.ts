import { GenericContainer } from 'testcontainers';
import type { Dockerode } from './docker.js';
import { LABEL, SERVICE_LABEL } from './networks.js';
import type { Service } from './topology.js';

/** Matches `NAME:PATH`, not a path alone (a volume without a name). */
export function isNamed(volume: string): boolean {
  return !volume.startsWith('/');
}

/** A container as compose.yaml describes it. GenericContainer lacks several networks, fixed addresses, devices and sysctls. */
export class RoleContainer extends GenericContainer {
  readonly #docker: Dockerode;
  readonly #rig: string;
  readonly #networks: [string, string | undefined][];
  readonly #service: string;

  /** @param host id of the container whose network it shares */
  constructor(docker: Dockerode, rig: string, service: Service, host: string | undefined) {
    super(service.image);
    this.#docker = docker;
    this.#rig = rig;
    this.#service = service.name;
    this.#networks = Object.entries(service.networks);
    const [first] = this.#networks;
    this.withName(`${rig}-${service.name}`)
      .withCommand(service.command)
      .withEnvironment(service.environment)
      .withLabels({ [LABEL]: rig, [SERVICE_LABEL]: service.name })
      .withAddedCapabilities(...service.cap_add)
      .withNetworkMode(host === undefined ? `${rig}-${first![0]}` : `container:${host}`);
    Object.assign(this.hostConfig, {
      Init: true,
      Sysctls: service.sysctls,
      Devices: service.devices.map((path) => ({ PathOnHost: path, PathInContainer: path, CgroupPermissions: 'rwm' })),
      Binds: service.volumes.filter(isNamed).map((volume) => `${rig}-${volume}`),
    });
    this.createOpts.Volumes = Object.fromEntries(
      service.volumes.filter((volume) => !isNamed(volume)).map((path) => [path, {}]),
    );
    if (host === undefined)
      this.createOpts.NetworkingConfig = { EndpointsConfig: { [`${rig}-${first![0]}`]: this.#endpoint(first![1]) } };
  }

  /** Older engines accept only one network when a container is created. */
  protected override async containerCreated(id: string): Promise<void> {
    for (const [network, address] of this.#networks.slice(1)) {
      const EndpointConfig = this.#endpoint(address);
      await this.#docker.getNetwork(`${this.#rig}-${network}`).connect({ Container: id, EndpointConfig });
    }
  }

  #endpoint(address: string | undefined) {
    return { Aliases: [this.#service], ...(address === undefined ? {} : { IPAMConfig: { IPv4Address: address } }) };
  }
}
