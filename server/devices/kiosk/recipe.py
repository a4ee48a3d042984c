"""Chromium's policies and flags on a hall's machine, and the script that sets such a machine up.

Policies: https://chromeenterprise.google/policies/. Everything is written so that it holds for this server's address
alone; no other page gets the camera, and none is opened.
"""

import json
import shlex
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from server.core.errors import Invalid

_SCRIPT = Path(__file__).with_name("setup.sh.in")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

FLAGS = (
    "--kiosk",
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--hide-crash-restore-bubble",  # after a power cut nobody is there to press "restore"
    "--disable-session-crashed-bubble",
    "--autoplay-policy=no-user-gesture-required",
    "--check-for-update-interval=31536000",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--password-store=basic",  # no keyring, which would ask for its password
    "--disable-features=Translate,MediaRouter",
    "--lang=vi",
)


class ServerAddressWrong(Invalid):
    code = "server-address-wrong"
    vi = "Địa chỉ máy chủ phải có dạng https://hop.tinh.example, không có phần đường dẫn phía sau."
    en = "The server's address has to look like https://hop.tinh.example, without a path."


def policies(origin: str) -> dict[str, object]:
    """Of Chromium, for this server."""
    parts = urlsplit(origin)
    managed: dict[str, object] = {
        # Camera, microphone, sound: without a question here, and nowhere else.
        "VideoCaptureAllowed": False,
        "VideoCaptureAllowedUrls": [origin],
        "AudioCaptureAllowed": False,
        "AudioCaptureAllowedUrls": [origin],
        "AutoplayAllowlist": [origin],
        "CookiesAllowedForUrls": [origin],
        # Nothing but this server, and no window beside it.
        "URLBlocklist": ["*"],
        "URLAllowlist": [origin],
        "DefaultPopupsSetting": 2,
        "DefaultNotificationsSetting": 2,
        "DefaultGeolocationSetting": 2,
        "DeveloperToolsAvailability": 2,
        "DownloadRestrictions": 3,
        "PrintingEnabled": False,
        "IncognitoModeAvailability": 1,
        "BrowserGuestModeEnabled": False,
        "BrowserAddPersonEnabled": False,
        "ExtensionInstallBlocklist": ["*"],
        "SSLErrorOverrideAllowed": False,
        # Nothing that asks, tells or offers.
        "BrowserSignin": 0,
        "SyncDisabled": True,
        "PasswordManagerEnabled": False,
        "AutofillAddressEnabled": False,
        "AutofillCreditCardEnabled": False,
        "TranslateEnabled": False,
        "SpellcheckEnabled": False,
        "DefaultBrowserSettingEnabled": False,
        "PromotionsEnabled": False,
        "UserFeedbackAllowed": False,
        "MetricsReportingEnabled": False,
        "BackgroundModeEnabled": False,
        "ComponentUpdatesEnabled": False,
    }
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        # A closed network without certificates: browsers give the camera to secure origins only, or to these.
        managed["OverrideSecurityRestrictionsOnInsecureOrigin"] = [origin]
    return managed


def setup_script(server: str) -> str:
    """Of a fresh Debian 12, for `sudo sh`. ServerAddressWrong."""
    origin = origin_of(server)
    return Template(_SCRIPT.read_text(encoding="utf-8")).substitute(
        server=shlex.quote(origin),
        policies=json.dumps(policies(origin), indent=2),
        flags=" \\\n  ".join(shlex.quote(flag) for flag in FLAGS),
    )


def origin_of(server: str) -> str:
    """ "https://hop.tinh.example:8443" of what was typed."""
    parts = urlsplit(server.strip().rstrip("/"))
    try:
        port = parts.port
    except ValueError:
        raise ServerAddressWrong() from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.username:
        raise ServerAddressWrong()
    if not all(sign.isalnum() or sign in ".-:" for sign in parts.hostname):
        raise ServerAddressWrong()
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"
