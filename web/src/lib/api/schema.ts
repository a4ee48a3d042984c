/**
 * The HTTP API's types, in the shape that openapi-typescript writes (`npm run api` makes this file from `openapi.json`).
 */

interface Responds<T> {
  responses: { 200: { headers: { [name: string]: unknown }; content: { 'application/json': T } } };
}
interface Path<T> {
  parameters: { path: T };
}
interface Query<T> {
  parameters: { query?: T };
}
interface Body<T> {
  requestBody: { content: { 'application/json': T } };
}
type Id = Path<{ meeting_id: number }>;
type Schemas = components['schemas'];

export interface paths {
  '/api/session': {
    get: Responds<Schemas['Me']>;
    post: Body<{ login: string; password: string }> & Responds<Schemas['Me']>;
    delete: Responds<unknown>;
  };
  '/api/session/link': {
    post: Body<{ token: string }> & Responds<{ me: Schemas['Me']; next: string }>;
  };
  '/api/session/password': {
    put: Body<{ current: string; new: string }> & Responds<unknown>;
  };
  '/api/sessions': { get: Responds<Schemas['SessionView'][]> };
  '/api/sessions/{session_id}': { delete: Path<{ session_id: number }> & Responds<unknown> };
  '/api/units': { get: Responds<Schemas['Tree']> };
  '/api/people': { get: Query<{ q?: string; unit_id?: number }> & Responds<Schemas['PersonView'][]> };
  '/api/meetings': {
    get: Responds<Schemas['MeetingSummary'][]>;
    post: Body<Schemas['MeetingWrite']> & Responds<Schemas['Meeting']>;
  };
  '/api/meetings/{meeting_id}': {
    get: Id & Responds<Schemas['Meeting']>;
    patch: Id & Body<Schemas['MeetingPatch']> & Responds<Schemas['Meeting']>;
    delete: Id & Responds<unknown>;
  };
  '/api/meetings/{meeting_id}/invite': { post: Id & Responds<Schemas['Meeting']> };
  '/api/meetings/{meeting_id}/withdraw': { post: Id & Responds<Schemas['Meeting']> };
  '/api/meetings/{meeting_id}/open': { post: Id & Responds<Schemas['Meeting']> };
  '/api/meetings/{meeting_id}/start': { post: Id & Responds<Schemas['Meeting']> };
  '/api/meetings/{meeting_id}/end': { post: Id & Responds<Schemas['Meeting']> };
  '/api/meetings/{meeting_id}/reopen': {
    post: Id & Body<{ reason: string }> & Responds<Schemas['Meeting']>;
  };
  '/api/meetings/{meeting_id}/attendance': { get: Id & Responds<Schemas['AttendanceReport']> };
  '/api/health': { get: Responds<{ ok: boolean; node: boolean; version: string }> };
}

export interface components {
  schemas: {
    RoleView: { role: string; unit_id: number; unit_name: string };
    Me: {
      person_id: number | null;
      point_id: number | null;
      name: string;
      title: string;
      unit_id: number | null;
      unit_name: string;
      roles: Schemas['RoleView'][];
      can_plan: boolean;
    };
    SessionView: {
      id: number;
      created_at: string;
      last_seen_at: string;
      user_agent: string;
      current: boolean;
    };
    UnitView: {
      id: number;
      parent_id: number | null;
      name: string;
      short_name: string;
      level: string;
      position: number;
      path: string;
      code: string;
    };
    PointView: {
      id: number;
      unit_id: number;
      name: string;
      short_name: string;
      position: number;
      contact_name: string;
      contact_phone: string;
    };
    Tree: { units: Schemas['UnitView'][]; points: Schemas['PointView'][] };
    PersonView: { id: number; full_name: string; title: string; unit_id: number; unit_name: string };
    MeetingKind: 'hoi-nghi' | 'cuoc-hop' | 'phien-hop' | 'ky-hop' | 'dai-hoi';
    MeetingState: 'draft' | 'invited' | 'open' | 'running' | 'ended';
    MeetingRights: {
      view: boolean;
      organise: boolean;
      conduct: boolean;
      operate: boolean;
      present: boolean;
      points: number[];
    };
    MeetingSummary: {
      id: number;
      kind: Schemas['MeetingKind'];
      title: string;
      state: Schemas['MeetingState'];
      starts_at: string;
      ends_at: string;
      unit_name: string;
      main_point_name: string;
      point_count: number;
      agenda_count: number;
      my: Schemas['MeetingRights'];
    };
    AgendaItemWrite: {
      id: number | null;
      title: string;
      minutes: number;
      presenter_id: number | null;
      presenter_text: string;
    };
    MemberPointWrite: { point_id: number; speaker: string };
    MeetingWrite: {
      kind: Schemas['MeetingKind'];
      title: string;
      description: string;
      unit_id: number;
      starts_at: string;
      ends_at: string;
      main_point_id: number;
      chair_id: number | null;
      secretary_id: number | null;
      agenda: Schemas['AgendaItemWrite'][];
      points: Schemas['MemberPointWrite'][];
    };
    MeetingPatch: Schemas['MeetingWrite'] & { version: number };
    AgendaItemView: Omit<Schemas['AgendaItemWrite'], 'id'> & { id: number; presenter_name: string };
    MemberPointView: Schemas['MemberPointWrite'] & { name: string; unit_id: number };
    Meeting: Omit<Schemas['MeetingWrite'], 'agenda' | 'points'> & {
      id: number;
      state: Schemas['MeetingState'];
      version: number;
      unit_name: string;
      main_point_name: string;
      chair_name: string;
      secretary_name: string;
      created_at: string;
      started_at: string | null;
      ended_at: string | null;
      my: Schemas['MeetingRights'];
      agenda: Schemas['AgendaItemView'][];
      points: Schemas['MemberPointView'][];
    };
    AttendanceGap: { from: string; to: string | null; how: string };
    AttendanceUnit: {
      unit_id: number;
      parent_id: number | null;
      name: string;
      depth: number;
      points: number;
      present: number;
      ever: number;
    };
    AttendancePoint: {
      point_id: number;
      name: string;
      unit_id: number;
      unit_name: string;
      first_in: string | null;
      last_out: string | null;
      present: boolean;
      seconds: number;
      gaps: Schemas['AttendanceGap'][];
    };
    AttendanceReport: {
      generated_at: string;
      totals: { points: number; present: number; late: number; left: number; absent: number };
      units: Schemas['AttendanceUnit'][];
      points: Schemas['AttendancePoint'][];
    };
  };
}
