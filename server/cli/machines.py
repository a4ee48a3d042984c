"""Machines beside the server: media nodes, halls' screens, and a rehearsal that tries this one."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from server.cli.running import plainly
from server.cli.settings import read_settings
from server.conference.secret import NODE_NAME, NodeSecret
from server.devices.kiosk.recipe import ServerAddressWrong, setup_script
from server.rehearsing.command import CannotRehearse, rehearse_here, rehearse_there, serve_stage


def node(context: typer.Context) -> None:
    """Run a media node on this machine (`nhipcau node --help` lists its options)."""
    os.execv(sys.executable, [sys.executable, "-m", "media.node", *context.args])  # noqa: S606


def node_token(name: Annotated[str, typer.Argument(help="As the node is called; letters, digits, . _ -")]) -> None:
    """Print the token of a media node on another machine, for its secret file."""
    if NODE_NAME.fullmatch(name) is None:
        print("Tên gồm chữ không dấu, số, dấu chấm, gạch.  ·  A name has letters, digits, . _ -", file=sys.stderr)
        raise typer.Exit(2)
    settings = read_settings()
    with plainly(settings):
        print(NodeSecret(settings).token(name))


def kiosk(
    server: Annotated[
        str | None, typer.Option(help="As halls type it: https://hop.tinh.example. Default: this one.")
    ] = None,
) -> None:
    """Print the script that turns a fresh Debian 12 machine into a hall's screen (pipe it into `sudo sh`)."""
    try:
        print(setup_script(server or read_settings().url), end="")
    except ServerAddressWrong as error:
        print(f"{error.vi}\n{error.en}", file=sys.stderr)
        raise typer.Exit(2) from None


def rehearse(  # noqa: PLR0917 - options, all of them given by name
    halls: Annotated[int, typer.Option(min=2, max=1000, help="Simulated halls, the main point among them.")] = 161,
    server: Annotated[
        str | None, typer.Option(help="A server that `--serve` runs on another machine: tries the line, too.")
    ] = None,
    serve: Annotated[
        str | None, typer.Option(help="Only serve, at this machine's address, for halls on another one.")
    ] = None,
    plan: Annotated[Path, typer.Option(help="File that `--serve` writes and `--server` reads.")] = Path("plan.json"),
    ports: Annotated[tuple[int, int], typer.Option(help="With `--serve`: HTTP (TCP) and media (UDP).")] = (8100, 7100),
    join_seconds: Annotated[float, typer.Option(min=1, max=600, help="Over which halls come in.")] = 60,
    calls: Annotated[int, typer.Option(min=1, max=200, help="Points that are called in turn.")] = 15,
) -> None:
    """Say whether this machine and its line carry a conference, by simulated halls; the installation is not touched."""
    try:
        if serve is not None:
            work = serve_stage(halls, serve, ports, plan)
        elif server is not None:
            work = rehearse_there(server, plan, join_seconds, calls)
        else:
            work = rehearse_here(halls, join_seconds, calls)
        raise typer.Exit(asyncio.run(work))
    except CannotRehearse as error:
        print(f"{error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        print()
