/** Delegates of a meeting, their personal links, and who asks to be let in. */
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];

export type DelegateList = Schemas['DelegatesOut'];
export type Delegate = Schemas['DelegateOut'];
export type DelegateRole = Delegate['role'];
export type DelegatePoint = DelegateList['points'][number];
/** Somebody of the people's list, or somebody named here for the first time. */
export type NewDelegate = Schemas['DelegatesWrite']['people'][number];
export type DelegateChange = Schemas['DelegatePatch'];
export type ImportReport = Schemas['ImportOut'];
/** What came of moving or taking off many. */
export type ManyReport = Schemas['ManyOut'];
export type LeadingDevice = Schemas['LeadingDevice'];
export type Letters = Schemas['LettersOut'];
export type LinksReport = Schemas['LinksOut'];
export type AccessRequest = Schemas['RequestOut'];
