"""What comes in while one group is written is the next; each is answered by what became of it, and of it alone."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from server.core.errors import NotAllowed
from server.core.group_commit import GroupCommit

SPOILT = -1
"""The database refuses a group with it."""
REFUSED = -2


class Book:
    """Takes groups of numbers; a number's answer is its tenfold."""

    def __init__(self) -> None:
        self.groups: list[tuple[str, list[int]]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.broken: Exception | None = None

    async def write(self, key: str, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.groups.append((key, list(numbers)))
        await self.open.wait()
        if self.broken is not None:
            raise self.broken
        if SPOILT in numbers:
            raise IntegrityError("insert", {}, Exception("foreign key"))
        return [NotAllowed() if number == REFUSED else number * 10 for number in numbers]

    @property
    def sizes(self) -> list[int]:
        return [len(numbers) for _, numbers in self.groups]


async def test_what_comes_meanwhile_is_the_next_group() -> None:
    book = Book()
    groups = GroupCommit(book.write, most=100)
    book.open.clear()
    first = groups.put("a", 1)
    await asyncio.sleep(0)
    more = [groups.put("a", number) for number in (2, 3, 4)]
    elsewhere = groups.put("b", 9)
    await asyncio.sleep(0)
    assert book.groups == [("a", [1]), ("b", [9])], "another key does not wait"
    book.open.set()
    assert await asyncio.gather(first, *more, elsewhere) == [10, 20, 30, 40, 90]
    assert book.groups[2:] == [("a", [2, 3, 4])]


async def test_a_group_is_no_larger_than_it_may_be_unless_one_alone_is() -> None:
    book = Book()
    groups = GroupCommit(book.write, most=5, size=lambda number: number)
    assert await asyncio.gather(*(groups.put("a", number) for number in (2, 3, 1, 9, 4))) == [20, 30, 10, 90, 40]
    assert [numbers for _, numbers in book.groups] == [[2, 3], [1], [9], [4]]


async def test_a_lone_request_does_not_wait_for_the_period_and_a_rush_does() -> None:
    book, period = Book(), 0.2
    groups = GroupCommit(book.write, most=100, period=period)
    began = asyncio.get_running_loop().time()
    await groups.put("a", 1)
    assert asyncio.get_running_loop().time() - began < period / 2
    await asyncio.gather(*(groups.put("a", number) for number in range(20)))
    assert book.sizes == [1, 20]
    assert asyncio.get_running_loop().time() - began >= period


async def test_what_is_refused_is_refused_alone() -> None:
    book = Book()
    groups = GroupCommit(book.write, most=100)
    answers = await asyncio.gather(*(groups.put("a", each) for each in (1, REFUSED, 2)), return_exceptions=True)
    assert [answers[0], answers[2]] == [10, 20]
    assert isinstance(answers[1], NotAllowed)
    assert book.sizes == [3]


async def test_what_the_database_refuses_is_the_fault_of_one() -> None:
    book = Book()
    groups = GroupCommit(book.write, most=100)
    answers = await asyncio.gather(*(groups.put("a", each) for each in (1, SPOILT, 2)), return_exceptions=True)
    assert [answers[0], answers[2]] == [10, 20]
    assert isinstance(answers[1], IntegrityError)
    assert book.sizes == [3, 1, 1, 1]


async def test_a_database_that_is_away_is_asked_once_for_all() -> None:
    book = Book()
    book.broken = OperationalError("begin", {}, Exception("no connection"))
    groups = GroupCommit(book.write, most=100)
    answers = await asyncio.gather(*(groups.put("a", each) for each in (1, 2, 3)), return_exceptions=True)
    assert answers == [book.broken] * 3
    assert book.sizes == [3]
    book.broken = None
    assert await groups.put("a", 4) == 40


async def test_who_leaves_is_written_all_the_same() -> None:
    book = Book()
    groups = GroupCommit(book.write, most=100)
    here, gone = groups.put("a", 1), groups.put("a", 2)
    gone.cancel()
    assert await here == 10
    assert book.groups == [("a", [1, 2])]


async def test_all_that_waits_is_written_before_it_stops() -> None:
    book = Book()
    groups = GroupCommit(book.write, most=2, period=0.01)
    asked = [groups.put("a", number) for number in range(5)]
    await groups.stop()
    assert [each.result() for each in asked] == [0, 10, 20, 30, 40]


async def test_nobody_waits_for_a_writer_that_was_ended() -> None:
    book = Book()
    book.open.clear()
    before = asyncio.all_tasks()
    groups = GroupCommit(book.write, most=1)
    under_way, waiting = groups.put("a", 1), groups.put("a", 2)
    await asyncio.sleep(0)
    [writer] = asyncio.all_tasks() - before
    writer.cancel()
    for each in (under_way, waiting):
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(each, 5)
