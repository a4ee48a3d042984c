/**
 * The messages and entities of the live channel, under the names of `server/live/protocol.py`, `server/meetings/live.py`
 * and `server/conference/live.py`; the shapes are generated from those models (`make api`). Moments are ISO 8601 text.
 */
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];

export type MeetingEntity = Schemas['MeetingEntity'];
export type AgendaItemEntity = Schemas['AgendaItemEntity'];
export type UnitEntity = Schemas['UnitEntity'];
export type PointEntity = Schemas['PointEntity'];
export type Place = Schemas['Place'];
export type FloorHolder = Schemas['FloorHolder'];
export type SharedContent = Schemas['SharedContent'];
export type StageEntity = Schemas['StageEntity'];
export type PresentationEntity = Schemas['PresentationEntity'];
export type TurnoutEntity = Schemas['TurnoutEntity'];
export type MessageEntity = Schemas['MessageEntity'];
export type RollCallEntity = Schemas['RollCallEntity'];
export type RollAnswerEntity = Schemas['RollAnswerEntity'];
export type RequestEntity = Schemas['RequestEntity'];
export type QueueEntity = Schemas['QueueEntity'];
export type TurnEntity = Schemas['TurnEntity'];
export type SpokenEntity = Schemas['SpokenEntity'];
export type BallotEntity = Schemas['BallotEntity'];
export type ProgressEntity = Schemas['ProgressEntity'];

export type MeetingStateName = MeetingEntity['state'];
export type Presence = PointEntity['presence'];
export type Layout = StageEntity['layout'];

/** What each collection holds. */
export type Collections = {
  [Name in keyof Schemas['LiveCollections']]-?: NonNullable<Schemas['LiveCollections'][Name]>[string];
};

export type Change = Schemas['Change'];
export type Snapshot = Schemas['Snapshot'];
export type Event = Schemas['Event'];
export type Signal = Schemas['Signal'];
export type Reply = Schemas['Reply'];
export type Pong = Schemas['Pong'];
export type Command = Schemas['Command'];
/** The body of every refusal, here and by HTTP. */
export type ErrorBody = Schemas['ErrorBody'];
export type ServerMessage = Schemas['ServerMessage'];
export type ClientMessage = Schemas['ClientMessage'];
/** Who takes part; a desk only hears that something was changed, see `meetings/changes`. */
export type Audience = Exclude<Snapshot['audience'], 'desk'>;

/** Every command with its data and its reply. */
export type Commands = Schemas['LiveCommands'];
export type CommandName = keyof Commands;
export type Signals = Schemas['LiveSignals'];

/** One participant's line over the last second, as the signals `links` and `link` bear it. */
export type LinkFigures = Signals['link'];
export type LinkRating = LinkFigures['rating'];
export type PictureDemand = Signals['demand']['camera'];
