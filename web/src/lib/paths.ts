/** Where things are in the app. Links are made here, so that a page can move. */
export const paths = {
  meetings: '/',
  signIn: '/sign-in',
  newMeeting: '/meetings/new',
  meeting: (id: number) => `/meetings/${id}`,
  editMeeting: (id: number) => `/meetings/${id}/edit`,
  attendance: (id: number) => `/meetings/${id}/attendance`,
  account: '/account',
  /** Rooms of the conference, dark. */
  console: (id: number) => `/meetings/${id}/console`,
  watch: (id: number) => `/meetings/${id}/view`,
  hall: (id: number, point: number) => `/hall/${id}/${point}`,
};
