/**
 * The messages and entities of the live channel, named as in `server/live/protocol.py`,
 * `server/meetings/live.py` and `server/conference/live.py`. Moments are ISO 8601 text.
 */

export type MeetingStateName = 'draft' | 'invited' | 'open' | 'running' | 'ended';
export type Presence = 'absent' | 'testing' | 'ready' | 'lost';
export type Layout = 'stage' | 'stage-row' | 'grid-2' | 'grid-3' | 'grid-4' | 'content-stage';
export type Audience = 'console' | 'hall' | 'member';
export type PictureDemand = 'none' | 'small' | 'full';
export type LinkRating = 'good' | 'weak' | 'bad';

/** Collection `meeting`, key "". */
export interface MeetingEntity {
  id: number;
  kind: string;
  title: string;
  state: MeetingStateName;
  unit_name: string;
  starts_at: string;
  ends_at: string;
  started_at: string | null;
  ended_at: string | null;
  main_point_id: number;
  chair_name: string;
  secretary_name: string;
  current_item_id: number | null;
}

/** Collection `agenda`, key = id. Time spent now = `spent_seconds` + (now - `since`, if set). */
export interface AgendaItemEntity {
  id: number;
  position: number;
  title: string;
  minutes: number;
  presenter: string;
  state: 'waiting' | 'current' | 'done';
  spent_seconds: number;
  since: string | null;
}

/** Collection `units`, key = id. */
export interface UnitEntity {
  id: number;
  parent_id: number | null;
  name: string;
  short_name: string;
  level: string;
  position: number;
}

/** Collection `points`, key = id. Consoles see all; a hall sees its own only. */
export interface PointEntity {
  id: number;
  unit_id: number;
  name: string;
  short_name: string;
  speaker: string;
  main: boolean;
  presence: Presence;
  since: string;
  weak: boolean;
  floor: boolean;
  hand_at: string | null;
  hand_topic: string;
  contact: string;
}

/** A point as other halls' screens name it. */
export interface Place {
  point_id: number;
  name: string;
  speaker: string;
}

export interface FloorHolder extends Place {
  since: string;
}

export interface SharedContent {
  participant: string;
  name: string;
  since: string;
}

/** Collection `stage`, key "". `tiles[i]` is the picture in every hall's `tile-i` slot. */
export interface StageEntity {
  layout: Layout;
  stage: Place | null;
  floor: FloorHolder[];
  pinned: number[];
  tiles: Place[];
  content: SharedContent | null;
}

/** What each collection holds. */
export interface Collections {
  meeting: MeetingEntity;
  agenda: AgendaItemEntity;
  units: UnitEntity;
  points: PointEntity;
  stage: StageEntity;
}

export interface Change {
  collection: string;
  key: string;
  value: Record<string, unknown> | null;
}

export interface Snapshot {
  type: 'snapshot';
  seq: number;
  now: string;
  participant: string;
  audience: Audience;
  media: boolean;
  collections: Record<string, Record<string, Record<string, unknown>>>;
}

export interface Event {
  type: 'event';
  seq: number;
  at: string;
  kind: string;
  actor: string;
  changes: Change[];
}

export interface Signal {
  type: 'signal';
  kind: string;
  data: Record<string, unknown>;
}

export interface ErrorBody {
  code: string;
  vi: string;
  en: string;
  details: Record<string, unknown>;
}

export interface Reply {
  type: 'reply';
  id: number;
  ok: boolean;
  data: Record<string, unknown>;
  error: ErrorBody | null;
}

export interface Pong {
  type: 'pong';
  now: string;
}

export interface Command {
  type: 'command';
  id: number;
  name: string;
  data: Record<string, unknown>;
}

export type ServerMessage = Snapshot | Event | Signal | Reply | Pong;
export type ClientMessage = Command | { type: 'ping' };

/** One participant's line over the last second, as the signals `links` and `link` bear it. */
export interface LinkFigures {
  rtt_ms?: number | null;
  loss_up: number;
  loss_down: number;
  bitrate_up: number;
  bitrate_down: number;
  audio_level?: number | null;
  fps: number;
  rating: LinkRating;
}
