import { getLocale } from '#lib/paraglide/runtime.js';
import type { ErrorBody } from './types.ts';

/** A command that did not succeed; `message` is the sentence to show, in the reader's language. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly body: ErrorBody;

  constructor(body: ErrorBody) {
    super(getLocale() === 'vi' ? body.vi : body.en);
    this.body = body;
  }

  get code(): string {
    return this.body.code;
  }
}

const local = (code: string, vi: string, en: string) => () => new CommandError({ code, vi, en, details: {} });

/** The line is down, so the command was not sent. */
export const offline = local(
  'offline',
  'Đang mất kết nối với máy chủ. Lệnh chưa được gửi, đồng chí thử lại khi có mạng.',
  'The connection to the server is down. Nothing was sent; try again when it is back.',
);

/** The line broke after the command was sent: whether it took effect shows after reconnecting. */
export const cut = local(
  'cut',
  'Mất kết nối khi đang thực hiện. Đồng chí xem lại trạng thái sau khi nối lại.',
  'The connection broke meanwhile. Check the state after it is back.',
);

/** Whether the server did not refuse: it was not reached, or its answer was not. */
export const unanswered = (failure: unknown): boolean =>
  failure instanceof CommandError && ['offline', 'cut', 'late'].includes(failure.code);

/** No answer in time. */
export const late = local(
  'late',
  'Máy chủ chưa trả lời. Đồng chí thử lại.',
  'The server did not answer in time. Try again.',
);
