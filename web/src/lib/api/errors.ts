import { m } from '#lib/paraglide/messages.js';
import { getLocale } from '#lib/paraglide/runtime.js';
import type { ErrorBody } from './types.ts';

/**
 * A refusal by the server, or the lack of one (`code` "offline": nothing came back). `message` is the sentence to show,
 * in the reader's language; it says what to do next.
 */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: string;
  readonly details: Record<string, unknown>;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(body: ErrorBody, status: number) {
    super(getLocale() === 'vi' ? body.vi : body.en);
    this.code = body.code;
    this.details = body.details ?? {};
    this.status = status;
  }

  /** What is wrong with single fields, by name; empty unless `code` is "invalid". */
  get fields(): Record<string, string> {
    const fields = (getLocale() === 'en' && this.details.fields_en) || this.details.fields;
    return fields && typeof fields === 'object' ? (fields as Record<string, string>) : {};
  }
}

export function offlineError(): ApiError {
  const sentence = m.error_offline();
  return new ApiError({ code: 'offline', vi: sentence, en: sentence, details: {} }, 0);
}

/** Reads a refusal out of a response body; answers that are not ours (a proxy's page) get a plain sentence. */
export function apiError(body: unknown, status: number): ApiError {
  if (isErrorBody(body)) return new ApiError(body, status);
  const sentence =
    status === 502 || status === 503 || status === 504 ? m.error_restarting() : m.error_unknown();
  return new ApiError({ code: 'error', vi: sentence, en: sentence, details: {} }, status);
}

/** The sentence for anything that was thrown. */
export function sentence(thrown: unknown): string {
  return thrown instanceof ApiError ? thrown.message : m.error_unknown();
}

function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === 'object' && body !== null && 'code' in body && 'vi' in body && 'en' in body;
}

/** The server answered, and the answer is that there is nothing (any more) for this person. */
export function isRefusal(thrown: unknown): thrown is ApiError {
  return thrown instanceof ApiError && [401, 403, 404, 410].includes(thrown.status);
}
