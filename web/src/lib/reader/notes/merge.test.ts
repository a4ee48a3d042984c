import { describe, expect, it } from 'vitest';
import { merge, outgoing, same, type Change, type SyncAnswer } from './merge.ts';
import type { Annotation, NoteBody, RemoteAnnotation } from '#lib/papers/annotations.ts';

const body = (text: string): NoteBody => ({ x: 0.5, y: 0.5, text, color: 'yellow' });

function note(id: string, text: string, more: Partial<Annotation> = {}): Annotation {
  const place = { paper_id: 1, version_id: 11, page: 3, written_at: '2026-11-21T07:00:00Z' };
  return { id, ...place, kind: 'note', body: body(text), revision: 0, edits: 1, ...more } as Annotation;
}

/** The server's side of the contract, in memory: who comes later with a stale base is kept as a second note. */
class Server {
  seq = 0;
  readonly rows = new Map<string, RemoteAnnotation>();
  sync(since: number, changes: Change[]): SyncAnswer {
    const kept: SyncAnswer['kept'] = [];
    for (const change of changes) {
      const row = this.rows.get(change.id);
      if (row && same(row.body, change.body)) continue;
      const stale = row && change.base < row.revision && row.body !== null;
      if (stale && change.body === null) continue;
      const id = stale ? `${change.id}-second-${change.base}` : change.id;
      if (stale) kept.push({ id: change.id, kept_as: id });
      const { paper_id, version_id, page, kind, body, written_at } = change;
      const revision = (this.rows.get(id)?.revision ?? 0) + 1;
      const now = { id, paper_id, version_id, page, kind, body, written_at, revision, seq: ++this.seq };
      this.rows.set(id, now as RemoteAnnotation);
    }
    const named = new Set(changes.map(({ id }) => id));
    const news = [...this.rows.values()].filter((row) => row.seq > since || named.has(row.id));
    return { seq: this.seq, more: false, scope: 'all', changes: news, kept, refused: [] };
  }
}

class Device {
  readonly notes = new Map<string, Annotation>();
  seq = 0;
  constructor(readonly server: Server) {}
  write(id: string, text: string | null) {
    const here = this.notes.get(id);
    const written = here ?? note(id, '', { edits: 0 });
    this.notes.set(id, {
      ...written,
      body: text === null ? null : body(text),
      edits: written.edits + 1,
    } as Annotation);
  }
  sync(meanwhile: () => void = () => {}) {
    const sent = outgoing(this.notes.values());
    const answer = this.server.sync(
      this.seq,
      sent.map(({ change }) => change),
    );
    meanwhile();
    const { put, remove } = merge(this.notes, sent, answer);
    for (const one of put) this.notes.set(one.id, one);
    for (const id of remove) this.notes.delete(id);
    this.seq = answer.seq;
  }
  get texts() {
    return [...this.notes.values()].flatMap((one) => (one.body ? [(one.body as NoteBody).text] : [])).sort();
  }
}

describe('merge', () => {
  it('two devices offline write, both return, nothing is lost and both show the same', () => {
    const server = new Server();
    const [phone, tablet] = [new Device(server), new Device(server)];
    phone.write('a', 'chung');
    phone.sync();
    tablet.sync();
    phone.write('a', 'chung, sửa trên điện thoại');
    phone.write('b', 'ghi trên điện thoại');
    tablet.write('a', 'chung, sửa trên máy tính bảng');
    tablet.write('c', 'ghi trên máy tính bảng');
    phone.sync();
    tablet.sync();
    phone.sync();
    const all = [
      'chung, sửa trên máy tính bảng',
      'chung, sửa trên điện thoại',
      'ghi trên máy tính bảng',
      'ghi trên điện thoại',
    ].sort();
    expect(phone.texts).toEqual(all);
    expect(tablet.texts).toEqual(all);
    expect(outgoing(phone.notes.values())).toEqual([]);
  });

  it('keeps what is written while the request is under way, and sends it next', () => {
    const server = new Server();
    const phone = new Device(server);
    phone.write('a', 'một');
    phone.sync(() => phone.write('a', 'một hai'));
    expect(phone.texts).toEqual(['một hai']);
    phone.sync();
    expect([...server.rows.values()].map((row) => (row.body as NoteBody).text)).toEqual(['một hai']);
    expect(phone.notes.get('a')?.edits).toBe(0);
  });

  it('does not overwrite another device with what was written meanwhile', () => {
    const server = new Server();
    const [phone, tablet] = [new Device(server), new Device(server)];
    phone.write('a', 'chung');
    phone.sync();
    tablet.sync();
    tablet.write('a', 'máy tính bảng');
    tablet.sync();
    phone.sync(() => phone.write('a', 'điện thoại'));
    phone.sync();
    expect(phone.texts).toEqual(['máy tính bảng', 'điện thoại']);
  });

  it('deletes on all devices, and forgets what was deleted', () => {
    const server = new Server();
    const [phone, tablet] = [new Device(server), new Device(server)];
    phone.write('a', 'bỏ');
    phone.sync();
    tablet.sync();
    phone.write('a', null);
    phone.sync();
    tablet.sync();
    expect(phone.notes.size + tablet.notes.size).toBe(0);
  });

  it('keeps what the server refuses, and does not send it again and again', () => {
    const local = new Map([['a', note('a', 'giữ')]]);
    const said = { vi: 'Không được', en: 'Not allowed' };
    const refused = [{ id: 'a', code: 'not-readable', ...said }];
    const answer = { seq: 1, more: false, scope: 'all', changes: [], kept: [], refused };
    const { put } = merge(local, outgoing(local.values()), answer);
    expect(put).toMatchObject([{ id: 'a', refused: said, edits: 1 }]);
    expect(outgoing(put)).toEqual([]);
  });
});

describe('outgoing', () => {
  it('sends at most five hundred, oldest first', () => {
    const many = Array.from({ length: 600 }, (_, index) =>
      note(`n${index}`, '', { written_at: new Date(1e12 - index * 1000).toISOString() }),
    );
    const sent = outgoing(many);
    expect(sent).toHaveLength(500);
    expect(sent[0]?.change.id).toBe('n599');
  });
});
