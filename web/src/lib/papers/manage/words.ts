import { m } from '#lib/paraglide/messages.js';
import { fold } from '#lib/text/fold.ts';
import { number } from '#lib/text/format.ts';
import { shownDate } from '#lib/text/typed.ts';
import type { Guess, Library, Paper, Version } from './types.ts';

/** "Báo cáo", "Tờ trình" …; kinds unknown here are shown as they are. */
export function kindWord(kind: string): string {
  const words: Record<string, () => string> = {
    'to-trinh': m.papers_kind_to_trinh,
    'bao-cao': m.papers_kind_bao_cao,
    'du-thao': m.papers_kind_du_thao,
    'nghi-quyet': m.papers_kind_nghi_quyet,
    'quyet-dinh': m.papers_kind_quyet_dinh,
    'ke-hoach': m.papers_kind_ke_hoach,
    'chuong-trinh': m.papers_kind_chuong_trinh,
    'thong-bao': m.papers_kind_thong_bao,
    'huong-dan': m.papers_kind_huong_dan,
    'cong-van': m.papers_kind_cong_van,
    'bien-ban': m.papers_kind_bien_ban,
    'giay-moi': m.papers_kind_giay_moi,
    'phat-bieu': m.papers_kind_phat_bieu,
    'phu-luc': m.papers_kind_phu_luc,
    'tham-khao': m.papers_kind_tham_khao,
    khac: m.papers_kind_khac,
  };
  return words[kind]?.() ?? kind;
}

export function urgencyWord(urgency: string): string {
  const words: Record<string, () => string> = {
    '': m.papers_urgency_none,
    khan: m.papers_urgency_khan,
    'thuong-khan': m.papers_urgency_thuong_khan,
    'hoa-toc': m.papers_urgency_hoa_toc,
  };
  return words[urgency]?.() ?? urgency;
}

/** Where a version stands in its conversion: "Đang nhận dạng chữ, trang 3/12", else in percent. */
export function workWords(version: Version): string {
  if (version.state === 'queued') return m.papers_stage_queued();
  const stages: Record<string, () => string> = {
    scan: m.papers_stage_scan,
    inspect: m.papers_stage_inspect,
    convert: m.papers_stage_convert,
    straighten: m.papers_stage_straighten,
    ocr: m.papers_stage_ocr,
    clean: m.papers_stage_clean,
    text: m.papers_stage_text,
    pictures: m.papers_stage_pictures,
  };
  const [name = '', page] = version.stage.split(' ');
  const stage = stages[name]?.() ?? m.papers_stage_working();
  if (page) return m.papers_stage_page({ stage, page, pages: version.page_count });
  return m.papers_stage_percent({ stage, percent: Math.round(version.progress * 100) });
}

/** "Báo cáo 418-BC/TU, 15/11/2026, Tỉnh ủy Lâm Đồng": what is known of a paper besides its title. */
export function factsOf(of: Pick<Guess, 'kind' | 'number' | 'issued_on' | 'issuer' | 'urgency'>): string {
  const kind = of.kind ? kindWord(of.kind) : '';
  const parts = [
    [of.number && of.kind === 'khac' ? '' : kind, of.number].filter(Boolean).join(' '),
    of.issued_on ? shownDate(of.issued_on) : '',
    of.issuer,
    of.urgency ? urgencyWord(of.urgency) : '',
  ];
  return parts.filter(Boolean).join(', ');
}

/**
 * What was read off the first page and is worth offering: only what nobody has filled in yet. A title counts as not filled in
 * while it is still the file's name. Null: nothing to offer.
 */
export function offer(paper: Paper): Guess | null {
  const version = paper.pending?.guess ? paper.pending : paper.version;
  const guess = version?.guess;
  if (!guess) return null;
  const stem = version.file_name.replace(/\.[^.]+$/, '');
  const open: Record<string, boolean> = {
    title: fold(paper.title) === fold(stem),
    kind: paper.kind === 'khac',
    number: paper.number === '',
    issued_on: paper.issued_on === null,
    issuer: paper.issuer === '',
    urgency: paper.urgency === '',
  };
  const news = Object.fromEntries(
    Object.entries(guess).filter(
      ([field, value]) => value && open[field] && value !== paper[field as keyof Guess],
    ),
  );
  return Object.keys(news).length > 0 ? (news as Guess) : null;
}

export interface Standing {
  total: number;
  working: number;
  /** Refused or failed: somebody has to do something. */
  stuck: number;
  ready: number;
}

export function standingOf(papers: readonly Paper[]): Standing {
  const inState = (...states: string[]) =>
    papers.filter(({ pending }) => pending && states.includes(pending.state));
  return {
    total: papers.length,
    working: inState('queued', 'working').length,
    stuck: inState('refused', 'failed').length,
    ready: papers.filter((paper) => paper.version && !paper.recalled_at).length,
  };
}

/** One sentence: how the papers stand and what to do next. */
export function libraryWords(library: Library): string {
  const { total, working, stuck, ready } = standingOf(library.papers);
  if (total === 0) return m.papers_next_none();
  if (stuck > 0)
    return m.papers_next_stuck({ stuck: number(stuck), ready: number(ready), total: number(total) });
  if (working > 0)
    return m.papers_next_working({ working: number(working), ready: number(ready), total: number(total) });
  const recalled = library.papers.filter(({ recalled_at }) => recalled_at).length;
  return recalled > 0
    ? m.papers_next_recalled({ ready: number(ready), recalled: number(recalled) })
    : m.papers_next_ready({ total: number(total) });
}

/** "6 tài liệu" */
/** "12 trang" */
export const pagesCount = (count: number): string => m.papers_pages({ count: number(count) });

export const papersCount = (count: number): string => m.papers_count({ count: number(count) });
