"""Storage: the same on a folder and on what stands for object storage (in memory)."""

from pathlib import Path

import pytest

from server.core.config import Settings
from server.core.errors import NotFound
from server.core.storage import Storage


@pytest.fixture(params=["folder", "objects"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    url = "memory:///" if request.param == "objects" else None
    return Storage(Settings(var=tmp_path / "var", storage_url=url, _env_file=None))  # type: ignore[call-arg]


async def test_what_is_put_is_got(storage: Storage, tmp_path: Path) -> None:
    await storage.put("a/original", b"mot hai ba")
    assert await storage.get("a/original") == b"mot hai ba"
    await storage.put("a/original", b"khac")
    assert b"".join([piece async for piece in storage.stream("a/original")]) == b"khac"
    assert await storage.size("a/original") == 4
    file = tmp_path / "file"
    file.write_bytes(b"x" * 3_000_000)
    await storage.put("a/file", file)
    assert file.exists()
    await storage.fetch("a/file", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()


async def test_a_whole_folder_goes_in_and_out(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "work" / "pages").mkdir(parents=True)
    for number in range(20):
        (tmp_path / "work" / "pages" / f"{number}-900.webp").write_bytes(b"p" * number)
    (tmp_path / "work" / "reading.pdf").write_bytes(b"pdf")
    assert await storage.put_folder("b", tmp_path / "work") == 190 + 3
    await storage.put("bc/other", b"stays")
    assert await storage.get("b/pages/7-900.webp") == b"p" * 7
    await storage.delete_folder("b")
    await storage.delete_folder("b")
    assert not await storage.exists("b/pages/7-900.webp")
    assert not await storage.exists("b/reading.pdf")
    assert await storage.exists("bc/other")


async def test_what_is_not_there(storage: Storage, tmp_path: Path) -> None:
    for reading in (storage.get("a/none"), storage.fetch("a/none", tmp_path / "x"), anext(storage.stream("a/none"))):
        with pytest.raises(NotFound):
            await reading
    assert await storage.size("a/none") is None


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.hidden", "a/\0", "a b", "a/"])
async def test_keys_never_leave_the_storage(storage: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await storage.put(key, b"")
    with pytest.raises(ValueError, match="not a key"):
        storage.local(key)


async def test_files_of_this_machine_have_a_path(tmp_path: Path) -> None:
    folder = Storage(Settings(var=tmp_path, _env_file=None))  # type: ignore[call-arg]
    await folder.put("a/b", b"1")
    path = folder.local("a/b")
    assert path == tmp_path / "papers" / "a" / "b"
    assert path.read_bytes() == b"1"
    objects = Storage(Settings(var=tmp_path, storage_url="memory:///", _env_file=None))  # type: ignore[call-arg]
    assert objects.local("a/b") is None
