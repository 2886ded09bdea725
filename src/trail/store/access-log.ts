import { randomBytes } from 'node:crypto';
import { type Micros, toSqlTime } from '../../base/time.js';
import { knexOf, type TrailConnection } from './database.js';

/** A question: who asked what, when. */
export interface Access {
  readonly at: Micros;
  readonly user: string;
  readonly host: string;
  /** In words: `report ip 10.0.0.7 --at now`. */
  readonly question: string;
}

/** Records a question before it is answered; returns its id. */
export async function noteAccess(db: TrailConnection, access: Access): Promise<Buffer> {
  const id = randomBytes(16);
  await knexOf(db)('access_log').insert({
    access_id: id,
    at: toSqlTime(access.at),
    os_user: access.user.slice(0, 255),
    host: access.host.slice(0, 255),
    question: access.question.slice(0, 1024),
    exit_code: null,
  });
  return id;
}

/** Records the exit code of an answer. */
export async function noteAnswer(db: TrailConnection, id: Buffer, exitCode: number): Promise<void> {
  await knexOf(db)('access_log').where('access_id', id).update({ exit_code: exitCode });
}
