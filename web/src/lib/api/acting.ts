let acting: string | undefined;

/** Says whose page this is ("person-7"): the server then refuses what is sent under the cookie of somebody else. */
export function actAs(owner: string | undefined): void {
  acting = owner;
}

/**
 * The headers of every request of a page of ours: a foreign page cannot set them, and a page of one person is not taken for
 * another's who has signed in in another window since.
 */
export function ownHeaders(): Record<string, string> {
  return { 'X-Nhipcau': '1', ...(acting ? { 'X-Nhipcau-As': acting } : {}) };
}
