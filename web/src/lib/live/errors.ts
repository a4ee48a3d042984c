import type { ErrorBody } from './types.ts';

/** A command that did not succeed, with the sentence to show in both languages. */
export class CommandError extends Error {
	override name = 'CommandError';
	readonly body: ErrorBody;

	constructor(body: ErrorBody) {
		super(body.en);
		this.body = body;
	}

	get code(): string {
		return this.body.code;
	}
}

/** The line is down, so the command was not sent. */
export const offline = () =>
	new CommandError({
		code: 'offline',
		vi: 'Đang mất kết nối với máy chủ. Lệnh chưa được gửi, hãy thử lại khi có mạng.',
		en: 'The connection to the server is down. Nothing was sent; try again when it is back.',
		details: {}
	});

/** The line broke after the command was sent: whether it took effect shows after reconnecting. */
export const cut = () =>
	new CommandError({
		code: 'cut',
		vi: 'Mất kết nối khi đang thực hiện. Hãy xem lại trạng thái sau khi nối lại.',
		en: 'The connection broke meanwhile. Check the state after it is back.',
		details: {}
	});

/** No answer in time. */
export const late = () =>
	new CommandError({
		code: 'late',
		vi: 'Máy chủ chưa trả lời. Hãy thử lại.',
		en: 'The server did not answer in time. Try again.',
		details: {}
	});
