"""The number of the web application, which the live channel tells every page."""

from pathlib import Path

from server.edge.build import Build


def test_the_number_of_the_build_is_read_anew_when_it_is_renewed(tmp_path: Path) -> None:
    build = Build(tmp_path)
    assert build.number() == ""
    file = tmp_path / "_app" / "version.json"
    file.parent.mkdir()
    file.write_text('{"version":"1795799509234"}')
    assert build.number() == "1795799509234"
    renewed = tmp_path / "version.json"
    renewed.write_text('{"version":"1795799600000"}')
    renewed.replace(file)
    assert build.number() == "1795799600000"
    # A build under way has not written it yet.
    file.write_text("")
    assert build.number() == "1795799600000"
