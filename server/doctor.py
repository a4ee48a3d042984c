"""What is wrong with this installation, in sentences: looked at from the machine, whether the server runs or not."""

import asyncio
import json
import resource
import shutil
import stat
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from server.backup.unfinished import require_finished
from server.core.config import Settings
from server.core.errors import DomainError
from server.core.services import Services
from server.jobs.models import Job
from server.migrations import require_newest
from server.start_faults import fault_of
from server.system.models import ONLY, Installation
from server.system.settings import Fixed, apply
from server.system.trials import Kind, Outcome, Trials

Grade = Literal["good", "warning", "bad"]

_OLD = timedelta(hours=48)
_LOW_RESERVES = 3
"""So many times the reserve is soon used up."""
_SOCKETS = 16_384
_BUFFERS = 4 * 1024 * 1024
"""What the README tells to set for many halls."""
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    grade: Grade
    vi: str
    en: str


async def examine(services: Services) -> AsyncIterator[Finding]:
    """One after the other, as they are found; the papers' trial takes up to a minute."""
    settings = services.settings
    fault = await asyncio.to_thread(_database_fault, settings)
    if fault is not None:
        yield Finding("bad", fault.vi, fault.en)
    else:
        yield Finding("good", "Cơ sở dữ liệu đúng phiên bản.", "The database is reached, and of this version.")
        async with services.database.read() as session:
            if (row := await session.get(Installation, ONLY)) is not None:
                apply(settings, Fixed.by(settings), row)
    yield _site(settings)
    for finding in (_folder(settings), _disk(settings), await asyncio.to_thread(_server, settings)):
        yield finding
    yield await _mail(settings)
    yield _backup(settings, services.clock())
    for finding in _kernel():
        yield finding
    if fault is None:
        yield await _jobs(services)
        yield await _audit(services)
    yield await _papers(services)


def _database_fault(settings: Settings) -> DomainError | None:
    try:
        require_finished(settings)
        require_newest(settings.database)
    except (DomainError, DBAPIError, OSError) as error:
        if (fault := fault_of(error, settings)) is None:
            raise
        return fault
    return None


def _site(settings: Settings) -> Finding:
    if settings.url.startswith("https://"):
        return Finding("good", f"Địa chỉ công khai là {settings.url}.", f"The public address is {settings.url}.")
    return Finding(
        "bad",
        f"Địa chỉ {settings.url} không phải https://: trình duyệt không cho dùng máy ảnh, micro. Đặt proxy TLS phía "
        "trước, rồi đặt NHIPCAU_PUBLIC_URL hoặc địa chỉ công khai trong phần quản trị.",
        f"The address {settings.url} is not https://: browsers give it neither camera nor microphone. Put a TLS proxy "
        "in front, then set NHIPCAU_PUBLIC_URL, or the public address in the pages.",
    )


def _folder(settings: Settings) -> Finding:
    mode = stat.S_IMODE(settings.var.stat().st_mode)
    if mode & 0o077:
        return Finding(
            "bad",
            f"Thư mục {settings.var} có khóa và dữ liệu mà người khác trên máy đọc được. Chạy: "
            f"chmod 700 {settings.var}",
            f"The folder {settings.var} holds keys and data, and others on this machine can read it. Run: chmod 700 "
            f"{settings.var}",
        )
    return Finding(
        "good", f"Chỉ tài khoản này đọc được {settings.var}.", f"This account alone can read {settings.var}."
    )


def _disk(settings: Settings) -> Finding:
    usage, reserve = shutil.disk_usage(settings.var), settings.disk_reserve_mb * 1024 * 1024
    left = f"{usage.free / 1e9:.1f} / {usage.total / 1e9:.1f} GB"
    if usage.free < _LOW_RESERVES * reserve:
        return Finding(
            "bad" if usage.free < reserve else "warning",
            f"Đĩa của {settings.var} còn {left}; dưới {settings.disk_reserve_mb} MB thì không nhận tệp tải lên. Giải "
            "phóng chỗ hoặc mở rộng đĩa.",
            f"The disk of {settings.var} has {left} left; below {settings.disk_reserve_mb} MB no upload is taken. Free "
            "some room, or make it larger.",
        )
    return Finding("good", f"Đĩa còn {left}.", f"The disk has {left} left.")


def _server(settings: Settings) -> Finding:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host
    at = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    try:
        with urllib.request.urlopen(f"{at}/api/health", timeout=_PATIENCE) as answer:  # noqa: S310
            said = json.load(answer)
    except (OSError, ValueError) as error:
        return Finding(
            "warning",
            f"Máy chủ không trả lời tại {at} ({error}). Nếu phải đang chạy: xem journalctl -u nhipcau.",
            f"No server answers at {at} ({error}). If it should be running: see journalctl -u nhipcau.",
        )
    if not said.get("node"):
        return Finding(
            "bad",
            f"Máy chủ tại {at} chạy nhưng chưa có nút truyền hình nào: không có hình và tiếng. Xem "
            f"{settings.var / 'log' / 'media-node.log'}.",
            f"The server at {at} runs, but no media node has dialled in: there is neither picture nor sound. See "
            f"{settings.var / 'log' / 'media-node.log'}.",
        )
    return Finding("good", f"Máy chủ và nút truyền hình chạy tại {at}.", f"Server and media node are running at {at}.")


async def _mail(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        return Finding(
            "warning",
            "Chưa đặt NHIPCAU_SMTP_URL: không gửi được thư điện tử; liên kết phải sao chép hoặc in ra.",
            "NHIPCAU_SMTP_URL is not set: no e-mail leaves; links have to be copied or printed.",
        )
    parts = urlsplit(settings.smtp_url)
    port = parts.port or (465 if parts.scheme == "smtps" else 587)
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(parts.hostname, port)
        writer.close()
    except (OSError, TimeoutError) as error:
        return Finding(
            "bad",
            f"Không nối được máy chủ thư {parts.hostname}:{port} ({error or 'quá lâu'}). Kiểm tra NHIPCAU_SMTP_URL và "
            "tường lửa.",
            f"The mail server {parts.hostname}:{port} cannot be reached ({error or 'too slow'}). Check "
            "NHIPCAU_SMTP_URL and the firewall.",
        )
    return Finding("good", f"Nối được máy chủ thư {parts.hostname}.", f"The mail server {parts.hostname} is reached.")


def _backup(settings: Settings, now: datetime) -> Finding:
    try:
        last = datetime.fromtimestamp(settings.last_backup.stat().st_mtime, UTC)
    except OSError:
        last = None
    if last is not None and now - last <= _OLD:
        return Finding(
            "good", f"Sao lưu gần nhất: {last:%d/%m/%Y %H:%M} UTC.", f"Last backup: {last:%Y-%m-%d %H:%M} UTC."
        )
    by_itself = settings.backup_to is not None and settings.backup_key is not None and settings.backup_at is not None
    said_vi = "Chưa có bản sao lưu nào." if last is None else f"Sao lưu gần nhất đã cũ: {last:%d/%m/%Y}."
    said_en = "There is no backup." if last is None else f"The last backup is old: {last:%Y-%m-%d}."
    if by_itself:
        return Finding(
            "bad",
            f"{said_vi} Kiểm tra {settings.backup_to} rồi chạy “nhipcau backup”.",
            f"{said_en} See whether {settings.backup_to} can be written to, then run “nhipcau backup”.",
        )
    return Finding(
        "bad",
        f"{said_vi} Chạy “nhipcau backup key”, rồi đặt NHIPCAU_BACKUP_TO, NHIPCAU_BACKUP_KEY và NHIPCAU_BACKUP_AT.",
        f"{said_en} Run “nhipcau backup key”, then set NHIPCAU_BACKUP_TO, NHIPCAU_BACKUP_KEY and NHIPCAU_BACKUP_AT.",
    )


def _kernel() -> list[Finding]:
    low = []
    for name, wanted in (("rmem_max", _BUFFERS), ("wmem_max", _BUFFERS), ("somaxconn", _SOCKETS)):
        file = Path("/proc/sys/net/core") / name
        if file.is_file() and int(file.read_text()) < wanted:
            low.append(f"net.core.{name}={wanted}")
    found = []
    if low:
        found.append(
            Finding(
                "warning",
                f"Nhân hệ điều hành để bộ đệm mạng nhỏ; có nhiều điểm cầu thì chạy: sysctl -w {' '.join(low)}",
                f"The kernel's network buffers are small; for many halls run: sysctl -w {' '.join(low)}",
            )
        )
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < _SOCKETS:
        found.append(
            Finding(
                "warning",
                f"Mỗi tiến trình chỉ được mở {most} tệp và kết nối; hàng nghìn đại biểu cần nhiều hơn (LimitNOFILE).",
                f"A process may open {most} files and sockets only; thousands of delegates need more (LimitNOFILE).",
            )
        )
    return found


async def _jobs(services: Services) -> Finding:
    async with services.database.read() as session:
        failed = await session.scalar(select(func.count()).select_from(Job).where(Job.failed_at.is_not(None))) or 0
    if failed:
        return Finding(
            "warning",
            f"Có {failed} việc nền không làm được. Xem lý do và thử lại ở Quản trị → Tình trạng hệ thống.",
            f"{failed} jobs were given up. Administration → System says why, and tries them again.",
        )
    return Finding("good", "Không có việc nền nào hỏng.", "No job has failed.")


async def _audit(services: Services) -> Finding:
    outcome = await _tried(services, "audit")
    if outcome.problem is None:
        return Finding("good", "Nhật ký kiểm toán nguyên vẹn.", "The audit log is whole.")
    return Finding(
        "bad",
        f"Nhật ký kiểm toán không nguyên vẹn ({outcome.problem}, mục {outcome.detail}). Giữ nguyên máy chủ và các bản "
        "sao lưu, báo ngay người phụ trách an toàn thông tin.",
        f"The audit log is not whole ({outcome.problem}, entry {outcome.detail}). Keep server and backups as they are, "
        "and tell whoever is in charge of security.",
    )


async def _papers(services: Services) -> Finding:
    outcome = await _tried(services, "papers")
    if outcome.problem is None:
        return Finding(
            "good",
            f"Chuyển đổi và nhận dạng tài liệu chạy được ({outcome.office}, {outcome.recogniser}).",
            f"Papers are converted and recognised ({outcome.office}, {outcome.recogniser}).",
        )
    return Finding(
        "bad",
        f"Không chuyển đổi được tài liệu ({outcome.problem}: {outcome.detail}). Cài các gói trong "
        "docker/packages-run.txt; bubblewrap cần được tạo user namespace.",
        f"Papers cannot be converted ({outcome.problem}: {outcome.detail}). Install the packages of "
        "docker/packages-run.txt; bubblewrap must be allowed to make user namespaces.",
    )


async def _tried(services: Services, kind: Kind) -> Outcome:
    return await Trials(services).now(kind)
