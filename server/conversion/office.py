"""Office files to PDF, by LibreOffice with a profile of this job's own: no macros, no links followed, no Java."""

import subprocess
import zipfile
from pathlib import Path

from server.conversion.inspection import Found
from server.conversion.inspection.archives import scrub
from server.conversion.old_fonts import renew
from server.conversion.refusals import Refused
from server.conversion.spreadsheets import fit

_SECONDS = 300.0
"""A paper of a thousand pages takes one minute; what takes five never ends."""

_SETTINGS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Office.Common/Security/Scripting": (
        ("MacroSecurityLevel", "int", "3"),
        ("DisableMacrosExecution", "boolean", "true"),
        ("BlockUntrustedRefererLinks", "boolean", "true"),
    ),
    "Office.Common/Load": (("UserDefinedSettings", "boolean", "false"),),
    "Office.Writer/Content/Update": (("Link", "int", "2"), ("Field", "boolean", "false")),
    "Office.Calc/Content/Update": (("Link", "int", "2"),),
    "Office.Java/VirtualMachine": (("Enable", "boolean", "false"),),
    "Office.Common/Save/Document": (("AutoSave", "boolean", "false"),),
    "Office.Recovery/RecoveryInfo": (("Enabled", "boolean", "false"), ("SessionData", "boolean", "false")),
    "Office.Common/Misc": (("FirstRun", "boolean", "false"), ("ShowTipOfTheDay", "boolean", "false")),
    "Setup/Office": (("ooSetupInstCompleted", "boolean", "true"),),
}
_OPTIONS = (
    '{"ExportBookmarks":{"type":"boolean","value":"true"},"UseTaggedPDF":{"type":"boolean","value":"false"},'
    '"ReduceImageResolution":{"type":"boolean","value":"true"},"MaxImageResolution":{"type":"long","value":"300"},'
    '"Quality":{"type":"long","value":"85"},"ExportFormFields":{"type":"boolean","value":"false"},'
    '"ExportNotes":{"type":"boolean","value":"false"},"ExportNotesInMargin":{"type":"boolean","value":"false"},'
    '"ExportNotesPages":{"type":"boolean","value":"false"}}'
)
_OPEN_DOCUMENT = {
    "calc_pdf_Export": "ods:calc8",
    "impress_pdf_Export": "odp:impress8",
    "draw_pdf_Export": "odg:draw8",
    "writer_pdf_Export": "odt:writer8",
}
_BINARY = (".doc", ".dot")


class NotInstalled(Exception):
    """LibreOffice is not there: a matter of the machine, not of the file."""


def convert(source: Path, found: Found, folder: Path, pages_max: int) -> tuple[Path, list[str]]:
    """The PDF, in `folder`, and codes of warnings. Raises Refused, NotInstalled."""
    work = folder / "office"
    work.mkdir()
    _write_profile(folder / "office-profile")
    shown = work / f"document.{found.extension}"  # it looks at the name
    if zipfile.is_zipfile(source):
        scrub(source, shown)
    else:
        shown.hardlink_to(source)
    kind = _filter(found.extension)
    warnings: list[str] = []
    open_document = _OPEN_DOCUMENT[kind]
    # What LibreOffice reads from a binary file is looked through as it writes it; workbooks are fitted to their pages.
    if kind == "calc_pdf_Export" or found.old_fonts or shown.suffix in _BINARY:
        (work / "open").mkdir()
        made = _made(shown, open_document, work / "open", folder)
        shown = work / f"document-clean{made.suffix}"
        if scrub(made, shown).reviewed:
            warnings.append("review-removed")
        if found.old_fonts:
            renewed = work / f"document-renewed{made.suffix}"
            if renew(shown, renewed):
                warnings.append("old-fonts")
            shown = renewed
    if kind == "calc_pdf_Export":
        fitted = work / "document-fitted.ods"
        warnings += fit(shown, fitted, pages_max)
        shown = fitted
    return _made(shown, f"pdf:{kind}:{_OPTIONS}", work, folder), warnings


def _made(source: Path, how: str, target: Path, folder: Path) -> Path:
    """What LibreOffice makes of the file, in the folder `target`."""
    command = [
        "soffice",
        f"-env:UserInstallation={(folder / 'office-profile').as_uri()}",
        "--headless",
        "--invisible",
        "--norestore",
        "--nolockcheck",
        "--nodefault",
        "--nofirststartwizard",
        "--nologo",
        "--convert-to",
        how,
        "--outdir",
        str(target),
        str(source),
    ]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_SECONDS)
    except FileNotFoundError as error:
        raise NotInstalled("soffice") from error
    except subprocess.TimeoutExpired as error:  # what it started ends with this process
        raise Refused("time") from error
    made = target / f"{source.stem}.{how.partition(':')[0]}"
    if made.is_file() and made.stat().st_size:
        return made
    said = (done.stdout + done.stderr).lower()
    if b"bad_alloc" in said or done.returncode == -9:
        raise Refused("memory")
    raise Refused("damaged" if b"could not be loaded" in said else "not-converted")


def _filter(extension: str) -> str:
    if extension[:3] in ("xls", "xlt", "ods", "ots"):
        return "calc_pdf_Export"
    if extension[:3] in ("ppt", "pps", "pot", "odp", "otp"):
        return "impress_pdf_Export"
    return "draw_pdf_Export" if extension == "odg" else "writer_pdf_Export"


def _write_profile(profile: Path) -> None:
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse" oor:type="xs:{kind}">'
        f"<value>{value}</value></prop></item>"
        for path, properties in _SETTINGS.items()
        for name, kind, value in properties
    )
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>",
        encoding="utf-8",
    )
