/** Where things are in the app. Links are made here, so that a page can move. */
export const paths = {
  meetings: '/',
  signIn: '/sign-in',
  passwordReset: '/sign-in/reset',
  newMeeting: '/meetings/new',
  newMeetingLike: (id: number) => `/meetings/new?from=${id}`,
  meeting: (id: number) => `/meetings/${id}`,
  editMeeting: (id: number) => `/meetings/${id}/edit`,
  attendance: (id: number) => `/meetings/${id}/attendance`,
  /** The same of people. */
  turnout: (id: number) => `/meetings/${id}/attendance?of=people`,
  /** Who spoke, how long. */
  speeches: (id: number) => `/meetings/${id}/attendance?of=speeches`,
  incidents: (id: number) => `/meetings/${id}/attendance?of=incidents`,
  papers: (id: number) => `/meetings/${id}/papers`,
  /** The reader: of the newest version at the last page read, unless said otherwise. */
  paper: (meeting: number, paper: number, at: { page?: number; version?: number; q?: string } = {}) => {
    const wanted = Object.entries(at).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(wanted.map(([name, value]) => [name, String(value)])).toString();
    return `/meetings/${meeting}/papers/${paper}${query ? `?${query}` : ''}`;
  },
  delegates: (id: number) => `/meetings/${id}/delegates`,
  /** Where a point names its delegates. */
  ownList: (id: number, point: number) => `/nominations/${id}/${point}`,
  letters: (id: number) => `/meetings/${id}/letters`,
  replies: (id: number) => `/meetings/${id}/replies`,
  ballots: (id: number) => `/meetings/${id}/ballots`,
  receipts: (id: number) => `/meetings/${id}/receipts`,
  /** Where a hall's secretary takes attendance. */
  pointPeople: (id: number, point: number) => `/meetings/${id}/points/${point}/people`,
  search: (query = '') => `/search${query && `?q=${encodeURIComponent(query)}`}`,
  /** A delegate's own pages of a meeting, for the phone first. */
  delegate: (id: number) => `/meetings/${id}/delegate`,
  account: '/account',
  setup: '/setup',
  /** How to do one's part; all of them, or one's own. */
  help: (role = '') => (role ? `/help/${role}` : '/help'),
  /** Whether all that the system leans on works. */
  system: '/administration/system',
  administration: '/administration',
  /** The tree of units, and one of it. */
  units: '/administration/units',
  unit: (id: number) => `/administration/units/${id}`,
  people: '/administration/people',
  /** Records that may be of one person. */
  duplicates: '/administration/people/duplicates',
  person: (id: number) => `/administration/people/${id}`,
  newPerson: (unit?: number) => `/administration/people/new${unit ? `?unit=${unit}` : ''}`,
  /** Where spreadsheets come in, of a kind to begin with; and one that was sent in. */
  exchange: (kind?: 'units' | 'points' | 'people') =>
    `/administration/exchange${kind ? `?kind=${kind}` : ''}`,
  importBatch: (id: number) => `/administration/exchange/${id}`,
  /** The audit log, as far as one may read it; of one meeting or person, if given. */
  audit: '/administration/audit',
  /** Who is ready, before the start; and looking at hall after hall. */
  readiness: (id: number) => `/meetings/${id}/readiness`,
  check: (id: number) => `/meetings/${id}/check`,
  /** Rooms of the conference, dark. */
  console: (id: number) => `/meetings/${id}/console`,
  watch: (id: number) => `/meetings/${id}/view`,
  hall: (id: number, point: number) => `/hall/${id}/${point}`,
  /** The same hall's screen of papers alone. */
  hallPapers: (id: number, point: number) => `/hall/${id}/${point}/papers`,
  /** Where a hall's device waits for its conference; and where its code is typed. */
  hallHome: '/hall',
  device: '/device',
  /** Guides to print: for a hall's technician, and for who sets up a machine that is a hall's screen alone. */
  hallGuide: '/device/guide',
  kioskGuide: '/device/kiosk',
  devices: '/administration/devices',
};
