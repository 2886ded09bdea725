import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { messageOf, UsageError } from '../base/errors.js';

/** The user that the process runs as. */
export interface Identity {
  /** Runs an action as root: opening sockets. Not after {@link dropRoot}. */
  asRoot<T>(action: () => Promise<T>): Promise<T>;
  /** Gives root up for good. */
  dropRoot(): void;
}

/** Missing in Node's types; Node has it wherever it has setuid. */
interface Initgroups {
  initgroups(user: string, extraGroup: number): void;
}

/** The process stays the user that it is. */
export const OWN_IDENTITY: Identity = { asRoot: (action) => action(), dropRoot: () => undefined };

/**
 * Switches a process that root started to `user`. Files opened from here on belong to that user, and a symbolic link in its folder
 * leads only where that user may go. Root comes back in {@link Identity.asRoot}, until {@link Identity.dropRoot}. Without a user, or
 * if the process runs as that user already, nothing changes.
 * @throws UsageError if there is no such user or group, or the process is neither root nor that user
 */
export function assumeIdentity(user: string | undefined, group: string | undefined): Identity {
  if (user === undefined || isUser(user)) return OWN_IDENTITY;
  if (process.geteuid!() !== 0) {
    throw new UsageError(`server.user is "${user}", and only root can become another user`, {
      hint: `start this as root or as ${user}, or remove server.user`,
    });
  }
  const gid = enter(user, group);
  return {
    asRoot: async (action) => {
      process.seteuid!(0);
      try {
        return await action();
      } finally {
        process.seteuid!(user);
      }
    },
    dropRoot: () => {
      process.seteuid!(0);
      process.setgid!(gid);
      process.setuid!(user);
      if (canBeRoot()) throw new Error(`Root could not be dropped for ${user}`);
    },
  };
}

/** Switches to the user and its groups. Returns the number of its main group. */
function enter(user: string, group: string | undefined): number {
  try {
    process.setegid!(group ?? primaryGroup(user));
    const gid = process.getegid!();
    (process as NodeJS.Process & Initgroups).initgroups(user, gid);
    process.seteuid!(user);
    return gid;
  } catch (error) {
    const what = group === undefined ? `server.user "${user}"` : `server.user "${user}" with server.group "${group}"`;
    throw new UsageError(`${what} cannot be used: ${messageOf(error)}`, {
      hint: 'name a user (and a group) of this machine: useradd --system portledger',
      cause: error,
    });
  }
}

function primaryGroup(user: string): number {
  return Number(execFileSync('id', ['-g', '--', user], { encoding: 'utf8', stdio: 'pipe' }));
}

function isUser(user: string): boolean {
  try {
    return userInfo().username === user;
  } catch {
    return false; // a uid without a name
  }
}

function canBeRoot(): boolean {
  try {
    process.setuid!(0);
    return true;
  } catch {
    return false;
  }
}
