"""The command line: `nhipcau …`. Commands stand in `--help` in the order in which they are named here."""

import typer

from server.cli import administration, backups, machines, serving

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Nhịp Cầu: hội nghị trực tuyến nhiều điểm cầu.")

app.command()(serving.serve)
app.command()(serving.run)
app.command()(serving.openapi)
app.command()(administration.demo)
app.command()(administration.init)
app.command("way-back")(administration.way_back)
app.command()(serving.migrate)
app.command()(administration.audit)
app.command()(administration.doctor)
app.add_typer(backups.backups, name="backup")
app.command()(backups.restore)
app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    machines.node
)
app.command("node-token")(machines.node_token)
app.command()(machines.kiosk)
app.command()(machines.rehearse)
app.command()(administration.bounce)
