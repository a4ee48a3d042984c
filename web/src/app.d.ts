import type { ErrorBody } from '#lib/api/types.ts';

declare global {
  namespace App {
    interface Error extends Partial<ErrorBody> {
      message: string;
      /** A part of the page did not come: the line, not the page, is at fault. */
      unfetched?: boolean;
    }
  }
}

export {};
