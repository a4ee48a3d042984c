import { expect, it } from 'vitest';
import { candidatesOf } from './probe.ts';

it('reads which ways a node offers', () => {
  const sdp = [
    'v=0',
    'a=candidate:1 1 UDP 2130706431 203.0.113.7 7000 typ host',
    'a=candidate:2 1 udp 2130706430 2001:db8::7 7000 typ host',
    'a=candidate:3 1 tcp 1518280447 203.0.113.7 7000 typ host tcptype passive',
    'a=candidate:1 1 UDP 2130706431 203.0.113.7 7000 typ host',
    '',
  ].join('\r\n');
  expect(candidatesOf(sdp)).toEqual(['udp 203.0.113.7:7000', 'udp 2001:db8::7:7000', 'tcp 203.0.113.7:7000']);
});
