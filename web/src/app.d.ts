import type { ErrorBody } from '#lib/api/types.ts';

declare global {
  namespace App {
    interface Error extends Partial<ErrorBody> {
      message: string;
    }
  }
}

export {};
