import { m } from '#lib/paraglide/messages.js';
import { fileSize, moment, number } from '#lib/text/format.ts';
import type { SystemState } from './calls.ts';
import { PATIENCE_SECONDS, type ProbeResult } from '#lib/media/probe.ts';

export type Mark = 'good' | 'warning' | 'bad' | 'open' | 'unused' | 'running';

/** One line of the list: how it is, what that means, and what to do. */
export interface Verdict {
  mark: Mark;
  text: string;
  todo?: string;
}

const HOUR_MS = 3_600_000;
const BACKUP_OLD_MS = 48 * HOUR_MS;
const CLOCK_OFF_SECONDS = 5;
const LATE_SECONDS = 300;
/** Of all connections: from here on a crowd that comes back finds no room. */
const NEARLY_ALL = 0.8;
/** So long nobody's page turned and nobody's vote was taken. */
const STALL_SEEN_MS = 1000;
const WRITER_SLOW_MS = 500;
/** Of what was sent: below it speech is repaired without a gap. */
const LOSS_HEARD = 0.03;
/** So many times the reserve is soon used up. */
const LOW_RESERVES = 3;

export function siteVerdict(
  { site }: SystemState,
  at: { origin: string; secure: boolean },
): Verdict & { go?: string } {
  const url = site.public_url;
  const here = at.origin;
  if (url && new URL(url).origin !== here)
    return {
      mark: 'warning',
      text: m.system_site_elsewhere({ here, url }),
      todo: m.system_site_elsewhere_do(),
      go: url,
    };
  if (!here.startsWith('https://'))
    return { mark: 'bad', text: m.system_site_plain({ here }), todo: m.system_site_plain_do() };
  if (!url)
    return { mark: 'warning', text: m.system_site_none({ url: site.url }), todo: m.system_site_none_do() };
  return { mark: 'good', text: m.system_site_good({ url }) };
}

export function mediaVerdict(result: ProbeResult | undefined): Verdict {
  if (!result) return { mark: 'open', text: m.system_media_open() };
  const tcp = result.tcpOffered ? m.system_media_tcp_offered() : m.system_media_tcp();
  if (!result.connected || result.received === 0)
    return {
      mark: 'bad',
      text: `${m.system_media_none({ seconds: PATIENCE_SECONDS })} ${tcp}`,
      todo: m.system_media_none_do({ candidates: result.candidates.join(', ') || '–' }),
    };
  const lossy = result.lost > LOSS_HEARD * (result.received + result.lost);
  const said = m.system_media_good({
    ms: number(result.ms),
    rtt: number(result.roundTripMs ?? 0),
    sent: number(result.sent),
    received: number(result.received),
    lost: number(result.lost),
  });
  return {
    mark: lossy ? 'warning' : 'good',
    text: [lossy ? m.system_media_lossy() : '', said, tcp].filter(Boolean).join(' '),
  };
}

export function nodesVerdict({ nodes, version }: SystemState): Verdict {
  if (nodes.length === 0) return { mark: 'bad', text: m.system_nodes_none(), todo: m.system_nodes_none_do() };
  const text = nodes
    .map(({ name, version, sessions, active }) =>
      active
        ? m.system_nodes_one({ name, version, sessions: number(sessions) })
        : m.system_nodes_spare({ name, version }),
    )
    .join(' ');
  return nodes.every((node) => node.version === version)
    ? { mark: 'good', text }
    : { mark: 'warning', text, todo: m.system_nodes_other({ version }) };
}

export function mailVerdict({ mail }: SystemState): Verdict {
  if (!mail.configured) return { mark: 'warning', text: m.system_mail_none(), todo: m.system_mail_none_do() };
  const trial = mail.trial;
  if (!trial) return { mark: 'open', text: m.system_mail_open({ sender: mail.sender }) };
  if (trial.state === 'sent' || trial.state === 'delivered')
    return { mark: 'good', text: m.system_mail_sent({ to: trial.to, time: moment(trial.at) }) };
  if (trial.state === 'queued' && !trial.error)
    return { mark: 'running', text: m.system_mail_queued({ to: trial.to }) };
  const error = trial.error || m.system_no_error();
  return {
    mark: 'bad',
    text: m.system_mail_failed({ to: trial.to, error }),
    todo: m.system_mail_failed_do(),
  };
}

export function smsVerdict({ sms }: SystemState): Verdict {
  const { gateway, trial } = sms;
  if (!gateway)
    return {
      // Nobody has to have one; what was written down and reached nobody has to be seen.
      mark: sms.filed > 0 ? 'warning' : 'unused',
      text: [m.system_sms_none(), sms.filed > 0 ? m.system_sms_filed({ count: number(sms.filed) }) : '']
        .filter(Boolean)
        .join(' '),
      todo: m.system_sms_none_do(),
    };
  const counts =
    sms.queued + sms.failed > 0
      ? m.system_sms_waiting({ queued: number(sms.queued), failed: number(sms.failed) })
      : '';
  const last = sms.sent_at ? m.system_sms_sent({ gateway, time: moment(sms.sent_at) }) : '';
  if (trial && (trial.state === 'failed' || (trial.state === 'queued' && trial.error)))
    return {
      mark: 'bad',
      text: m.system_sms_trial_failed({ to: trial.to, error: trial.error || m.system_no_error() }),
      todo: m.system_sms_error_do(),
    };
  if (trial?.state === 'queued')
    return { mark: 'running', text: m.system_sms_trial_queued({ to: trial.to }) };
  if (sms.last_error)
    return {
      mark: 'warning',
      text: [m.system_sms_error({ gateway, error: sms.last_error }), counts, last].filter(Boolean).join(' '),
      todo: m.system_sms_error_do(),
    };
  if (!last) return { mark: 'open', text: m.system_sms_open({ gateway }) };
  const tried = trial ? m.system_sms_trial_sent({ to: trial.to, time: moment(trial.at) }) : '';
  return { mark: 'good', text: [last, tried, counts].filter(Boolean).join(' ') };
}

export function providerVerdict({ provider }: SystemState): Verdict {
  const { name, issuer, trial } = provider;
  if (!name) return { mark: 'unused', text: m.system_oidc_none() };
  const last = provider.signed_in_at
    ? m.system_oidc_last({ time: moment(provider.signed_in_at) })
    : m.system_oidc_never();
  if (trial.running) return { mark: 'running', text: m.system_oidc_open({ name, issuer }) };
  if (!trial.last) return { mark: 'open', text: `${m.system_oidc_open({ name, issuer })} ${last}` };
  if (trial.last.problem)
    return {
      mark: 'bad',
      text: `${m.system_oidc_bad({ name, issuer, detail: trial.last.detail || m.system_no_error() })} ${last}`,
      todo: m.system_oidc_bad_do({ address: provider.returns_to }),
    };
  return { mark: 'good', text: `${m.system_oidc_good({ name, issuer })} ${last}` };
}

export function papersVerdict({ papers, isolation }: SystemState): Verdict {
  const last = papers.last;
  if (papers.running) return { mark: 'running', text: m.system_papers_open() };
  if (!last) return { mark: 'open', text: m.system_papers_open() };
  if (last.problem === 'not-installed')
    return {
      mark: 'bad',
      text: m.system_papers_not_installed(),
      todo: m.system_papers_not_installed_do(),
    };
  if (last.problem === 'not-isolated')
    return { mark: 'bad', text: m.system_papers_not_isolated(), todo: m.system_papers_not_isolated_do() };
  if (last.problem)
    return {
      mark: 'bad',
      text: m.system_papers_failed({ detail: last.detail || m.system_no_error() }),
      todo: m.system_papers_failed_do(),
    };
  const text = m.system_papers_good({ office: last.office, recogniser: last.recogniser });
  return isolation === 'bwrap'
    ? { mark: 'good', text }
    : { mark: 'warning', text, todo: m.system_papers_weak({ isolation }) };
}

export function diskVerdict({ disk }: SystemState): Verdict {
  const words = { free: fileSize(disk.free), total: fileSize(disk.total), reserve: fileSize(disk.reserve) };
  if (disk.free < disk.reserve)
    return { mark: 'bad', text: m.system_disk_bad(words), todo: m.system_disk_do() };
  if (disk.free < LOW_RESERVES * disk.reserve)
    return { mark: 'warning', text: m.system_disk_low(words), todo: m.system_disk_do() };
  return { mark: 'good', text: m.system_disk_good(words) };
}

export function databaseVerdict({ database }: SystemState): Verdict {
  const kind = database.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL';
  return {
    mark: 'good',
    text: m.system_database_good({ kind, version: database.version, size: fileSize(database.bytes) }),
  };
}

export function backupVerdict({ backup, now }: SystemState): Verdict {
  const todo = backup.to
    ? m.system_backup_do_again({ to: backup.to })
    : m.system_backup_do({ mark: backup.mark });
  if (backup.error) return { mark: 'bad', text: m.system_backup_failed({ error: backup.error }), todo };
  if (!backup.at) return { mark: 'warning', text: m.system_backup_none(), todo };
  const time = moment(backup.at);
  const old = Date.parse(now) - Date.parse(backup.at) > BACKUP_OLD_MS;
  return old
    ? { mark: 'warning', text: m.system_backup_old({ time }), todo }
    : {
        mark: 'good',
        text: [
          m.system_backup_good({ time }),
          backup.next_at ? m.system_backup_next({ time: moment(backup.next_at) }) : '',
        ]
          .filter(Boolean)
          .join(' '),
      };
}

export function auditVerdict({ audit }: SystemState): Verdict {
  const last = audit.last;
  if (audit.running) return { mark: 'running', text: m.system_audit_open() };
  if (!last) return { mark: 'open', text: m.system_audit_open() };
  if (!last.problem) return { mark: 'good', text: m.system_audit_good() };
  if (last.problem === 'failed')
    return { mark: 'warning', text: m.system_audit_failed({ detail: last.detail || m.system_no_error() }) };
  const entry = last.detail;
  const text = last.problem === 'cut' ? m.system_audit_cut({ entry }) : m.system_audit_altered({ entry });
  return { mark: 'bad', text, todo: m.system_audit_do() };
}

export function proxyVerdict({ site }: SystemState): Verdict {
  const address = site.untrusted_proxy;
  return address
    ? { mark: 'bad', text: m.system_proxy_bad({ address }), todo: m.system_proxy_do({ address }) }
    : { mark: 'good', text: m.system_proxy_good() };
}

/** `off`: seconds that this machine's clock is ahead of the server's, or behind it. */
export function clockVerdict(off: number): Verdict {
  const seconds = number(Math.abs(off), 1);
  return Math.abs(off) > CLOCK_OFF_SECONDS
    ? { mark: 'warning', text: m.system_clock_off({ seconds }), todo: m.system_clock_do() }
    : { mark: 'good', text: m.system_clock_good({ seconds }) };
}

export function loadVerdict({ load }: SystemState): Verdict {
  const words = {
    open: number(load.connections),
    most: number(load.connections_most),
    p99: number(load.writer_p99_ms),
    worst: number(load.writer_worst_ms),
    stall: number(load.loop_worst_ms),
  };
  const refused = load.refused ? m.system_load_refused({ count: number(load.refused) }) : '';
  const said = (text: string) => [text, refused].filter(Boolean).join(' ');
  if (load.connections > NEARLY_ALL * load.connections_most)
    return { mark: 'bad', text: said(m.system_load_full(words)), todo: m.system_load_full_do() };
  if (load.loop_worst_ms > STALL_SEEN_MS || load.writer_p99_ms > WRITER_SLOW_MS)
    return { mark: 'warning', text: said(m.system_load_slow(words)), todo: m.system_load_slow_do() };
  return { mark: 'good', text: said(m.system_load_good(words)) };
}

export function faultsVerdict({ page_faults }: SystemState): Verdict {
  if (page_faults.length === 0) return { mark: 'good', text: m.system_faults_none() };
  const count = number(page_faults.reduce((sum, { times }) => sum + times, 0));
  return { mark: 'warning', text: m.system_faults_some({ count }), todo: m.system_faults_do() };
}

export function jobsVerdict({ jobs, mail }: SystemState): Verdict {
  if (jobs.failed + mail.failed > 0) {
    const said = m.system_jobs_failed({ jobs: number(jobs.failed), mails: number(mail.failed) });
    const last = mail.last_error ? m.system_jobs_last_mail({ error: mail.last_error }) : '';
    const secret = mail.failed_secret
      ? m.system_jobs_secret({ count: number(mail.failed_secret) })
      : undefined;
    return { mark: 'warning', text: [said, last].filter(Boolean).join(' '), todo: secret };
  }
  if (jobs.late_seconds > LATE_SECONDS)
    return {
      mark: 'warning',
      text: m.system_jobs_late({ minutes: number(Math.round(jobs.late_seconds / 60)) }),
      todo: m.system_jobs_late_do(),
    };
  return {
    mark: 'good',
    text: m.system_jobs_good({ waiting: number(jobs.waiting), queued: number(mail.queued) }),
  };
}
