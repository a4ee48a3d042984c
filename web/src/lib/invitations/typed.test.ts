import { describe, expect, it } from 'vitest';
import { typedPeople } from './typed.ts';

const names = (text: string) => typedPeople(text).map(({ person, fault }) => [person.full_name, fault]);

describe('typedPeople', () => {
  it('reads name, title, e-mail and phone, wherever the last two stand', () => {
    const [line] = typedPeople(
      'Nguyễn Văn An, Ủy viên Ban Thường vụ, Bí thư Huyện ủy, 0912 345 678, an@ld.gov.vn',
    );
    expect(line?.person).toEqual({
      full_name: 'Nguyễn Văn An',
      title: 'Ủy viên Ban Thường vụ, Bí thư Huyện ủy',
      email: 'an@ld.gov.vn',
      phone: '0912 345 678',
    });
  });
  it('reads what is pasted from a table, heading and counting column aside', () => {
    const text = 'STT\tHọ và tên\tChức vụ\n1\tCil Ha Thương\tPhó Chủ tịch\tha@x.vn\n2\tĐinh K’Brọp\t\t';
    expect(typedPeople(text).map(({ person }) => person)).toEqual([
      { full_name: 'Cil Ha Thương', title: 'Phó Chủ tịch', email: 'ha@x.vn', phone: null },
      { full_name: 'Đinh K’Brọp', title: '', email: null, phone: null },
    ]);
  });
  it('takes numbering and forms of address off', () => {
    expect(names('1. Đ/c Trần Thị Bình; Bí thư\n- Ông  Lê   Nam\n2) Bà Võ Lan')).toEqual([
      ['Trần Thị Bình', undefined],
      ['Lê Nam', undefined],
      ['Võ Lan', undefined],
    ]);
  });
  it('parts name and position at a dash, as Party lists write them', () => {
    const people = typedPeople(
      '1. Đ/c Nguyễn Văn Bình - Chánh Văn phòng\nTrần Thị Lan – Phó Ban – Thường trực, 0912 345 678',
    );
    expect(people.map(({ person, fault }) => [person.full_name, person.title, person.phone, fault])).toEqual([
      ['Nguyễn Văn Bình', 'Chánh Văn phòng', null, undefined],
      ['Trần Thị Lan', 'Phó Ban - Thường trực', '0912 345 678', undefined],
    ]);
  });
  it('names an address or a number that is none, and takes it for no position', () => {
    const [line, other, good] = typedPeople(
      'Phạm Văn Đồng, Trưởng ban, sai@@mail, 091\nVõ Lan, 0263.3822.xxx\nLê Nam, 0263 3822 111',
    );
    expect([line?.fault, line?.wrong, line?.person.title]).toEqual(['email', 'sai@@mail', 'Trưởng ban']);
    expect([other?.fault, other?.wrong]).toEqual(['phone', '0263.3822.xxx']);
    expect([good?.fault, good?.person.phone]).toEqual([undefined, '0263 3822 111']);
  });
  it('names the lines without a name, by their number', () => {
    const lines = typedPeople('Nguyễn Văn An\n\nan@x.vn\n12345');
    expect(lines.map(({ line, fault }) => [line, fault])).toEqual([
      [1, undefined],
      [3, 'bad'],
      [4, 'bad'],
    ]);
  });
  it('finds who is there twice, but lets two people of one name and different titles stand', () => {
    const known = [{ full_name: 'Nguyễn Văn An', title: 'Bí thư' }];
    const lines = typedPeople('nguyen van an\nNguyễn Văn An, Chủ tịch\nNguyễn Văn An, chủ tịch', known);
    expect(lines.map(({ fault }) => fault)).toEqual(['twice', undefined, 'twice']);
  });
});
