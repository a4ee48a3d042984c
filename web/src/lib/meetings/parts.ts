import type { MeetingRights } from '#lib/api/types.ts';

/** Which parts of a meeting open for whom: a tab that would only refuse is not offered. */
export interface Parts {
  papers: boolean;
  /** Lists and replies. */
  delegates: boolean;
  letters: boolean;
  receipts: boolean;
  attendance: boolean;
  ballots: boolean;
  readiness: boolean;
}

export function partsOf(my: MeetingRights): Parts {
  const leads = my.organise || my.conduct;
  // A hall's own people keep their hall's list; what they may not see of it the page says.
  const hall = my.points.length > 0;
  return {
    papers: my.attend,
    delegates: leads || hall,
    letters: leads,
    receipts: leads || hall,
    attendance: my.oversee || hall,
    ballots: my.oversee,
    readiness: my.oversee,
  };
}
