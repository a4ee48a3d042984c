"""A crowd at the door is accepted many in a turn of the loop, from one queue of one socket."""

import asyncio
import errno
import socket

import pytest
import uvloop

from server.edge.listening import watched

CROWD = 400


async def _turns_until_accepted(listener: socket.socket) -> int:
    loop = asyncio.get_running_loop()
    accepted = 0

    class Accepted(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            nonlocal accepted
            accepted += 1

    servers = [await loop.create_server(Accepted, sock=each, backlog=CROWD) for each in watched(listener)]
    crowd = []
    for _ in range(CROWD):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
        crowd.append(client)
    turns = 0
    while accepted < CROWD:
        await asyncio.sleep(0)
        turns += 1
    for client in crowd:
        client.close()
    for server in servers:
        server.close()
        await server.wait_closed()
    return turns


def test_a_crowd_is_accepted_in_few_turns_of_the_loop_that_serves() -> None:
    with socket.socket() as listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        listener.bind(("127.0.0.1", 0))
        assert runner.run(asyncio.wait_for(_turns_until_accepted(listener), 30)) < CROWD / 8


def test_a_port_that_is_watched_is_nobody_else_s_and_free_again_once_all_is_closed() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        address = listener.getsockname()
        doors = watched(listener)
        doors[-1].listen()
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, option, 1)
                with pytest.raises(OSError) as refused:  # noqa: PT011 - its number is asked below
                    other.bind(address)
                assert refused.value.errno == errno.EADDRINUSE
        for each in doors:
            each.close()
        with socket.socket() as other:
            other.bind(address)
