"""Signatures in a PDF: who signed, when, whether it is as it was then, whether the chain leads to a root we trust."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from server.conversion.messages import Signature

_MOST = 50
_FIELDS_MAX = 20_000

_SOUND = ("Chữ ký còn nguyên vẹn.", "The signature is intact.")
_ADDED = (
    "Chữ ký còn nguyên vẹn; sau đó chỉ có thêm chữ ký khác.",
    "The signature is intact; only further signatures came after it.",
)
_KEPT = (
    "Chữ ký còn nguyên vẹn; phần thêm vào tệp sau đó không đổi nội dung.",
    "The signature is intact; what was added to the file after it does not change its content.",
)
_CHANGED_AFTER = ("Tệp đã bị sửa sau khi ký.", "The file was changed after it was signed.")
_BROKEN = (
    "Nội dung không khớp với chữ ký: tệp đã bị sửa.",
    "The content does not match the signature: the file was changed.",
)
_UNREADABLE = ("Không đọc được chữ ký này.", "This signature cannot be read.")
_TRUSTED = (" Chứng thư hợp lệ.", " The certificate is trusted.")
_NOT_TRUSTED = (
    " Chứng thư không dẫn tới tổ chức chứng thực được tin cậy.",
    " The certificate does not lead to a trusted authority.",
)
_EXPIRED = (
    " Chứng thư đã hết hạn và không có dấu thời gian nào chứng nhận lúc ký. Hỏi nơi ban hành nếu cần chắc chắn.",
    " The certificate has expired, and no time stamp vouches for the time of signing. Ask its issuer to be sure.",
)
_EXPECTED = (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING)


def validate(source: Path, trust_roots: list[Path] | None) -> list[Signature]:
    """Every signature, oldest first. At least one unreadable one where there are some but none can be parsed."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # it logs every untrusted chain with a stack
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    roots = None if trust_roots is None else [certificate for path in trust_roots for certificate in _load(path)]
    with source.open("rb") as file:
        try:
            reader = PdfFileReader(file, strict=False)
            embedded = list(reader.embedded_regular_signatures)[:_MOST]
        except Exception:  # whatever a broken file makes it raise: it is signed, and that cannot be read
            return [_unreadable()]
        return [_validated(each, roots, last=each is embedded[-1]) for each in embedded] or [_unreadable()]


def _load(path: Path) -> list[x509.Certificate]:
    content = path.read_bytes()
    if not pem.detect(content):
        return [x509.Certificate.load(content)]
    return [x509.Certificate.load(der) for kind, _, der in pem.unarmor(content, multiple=True) if kind == "CERTIFICATE"]


def _validated(embedded: EmbeddedPdfSignature, roots: list[x509.Certificate] | None, *, last: bool) -> Signature:
    # Never fetches anything: there is no network here, and a signature must not make us call an address it names.
    context = ValidationContext(trust_roots=roots or [], allow_fetching=False, revocation_mode="soft-fail")
    try:
        status = validate_pdf_signature(embedded, context)
    except (SignatureValidationError, SigningError, PdfError, ValueError, TypeError, KeyError, AttributeError):
        return _unreadable(_signer(embedded))
    sound = bool(status.intact and status.valid)
    changed = not _covers(status) or _filled_in_later(embedded)
    trusted = bool(status.trusted) if roots is not None else None
    vi, en = _reason(status, sound=sound, changed=changed, last=last)
    if sound and trusted is not None:
        further = _TRUSTED if trusted else _EXPIRED if _has_expired(embedded) else _NOT_TRUSTED
        vi, en = vi + further[0], en + further[1]
    signed_at = _when(status)
    return Signature(
        signer=_signer(embedded),
        signed_at=signed_at.isoformat() if signed_at else None,
        intact=sound,
        covers_whole=not changed,
        trusted=trusted,
        reason_vi=vi,
        reason_en=en,
    )


def _covers(status: PdfSignatureStatus) -> bool:
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return True
    return status.coverage == SignatureCoverageLevel.ENTIRE_REVISION and status.modification_level in _EXPECTED


def _filled_in_later(embedded: EmbeddedPdfSignature) -> bool:
    """Fields of a form may be filled in after signing, and fields be added for further signatures (ISO 32000-1 section
    12.8.2.2), but then the page shows what the signer never saw, unless they are indeed signed."""
    try:
        then = _filled_in(embedded.reader.get_historical_resolver(embedded.signed_revision).root)
        now = _filled_in(embedded.reader.root)
        return then.said != now.said or not now.unsigned.items() <= then.unsigned.items()
    except Exception:  # whatever a broken form makes it raise: nobody can say that it is as it was
        return True


@dataclass(slots=True)
class _Fields:
    said: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """What is in the fields that are for no signatures, and how it is drawn, by their names."""
    unsigned: dict[str, bytes] = field(default_factory=dict)
    """How the fields are drawn that wait for a signature, of those that are."""


def _filled_in(root: generic.DictionaryObject) -> _Fields:
    found = _Fields()
    waiting = [("", "", each) for each in _members(_of(root, "/AcroForm"), "/Fields")]
    while waiting and len(found.said) + len(found.unsigned) < _FIELDS_MAX:
        above, inherited, each = waiting.pop()
        name = f"{above}.{_of(each, '/T')}"
        kind = str(_of(each, "/FT") or inherited)
        waiting += [(f"{name}.{number}", kind, kid) for number, kid in enumerate(_members(each, "/Kids"))]
        drawn = _drawn(_of(_of(each, "/AP"), "/N"))
        if kind != "/Sig":
            found.said[name] = (f"{_of(each, '/V')} {_of(each, '/AS')}", drawn)
        elif drawn and _of(each, "/V") is None:
            found.unsigned[name] = drawn
    return found


def _drawn(look: object) -> bytes:
    if isinstance(look, generic.StreamObject):
        return look.data
    if isinstance(look, generic.DictionaryObject):  # one for each state
        return b"".join(_drawn(_of(look, key)) for key in sorted(look))
    return b""


def _of(holder: object, key: str) -> Any:
    """What stands there, not a reference to it; None where nothing does."""
    if not isinstance(holder, generic.DictionaryObject) or key not in holder:
        return None
    return _resolved(holder.raw_get(key))


def _members(holder: object, key: str) -> list[Any]:
    found = _of(holder, key)
    return [_resolved(each) for each in found] if isinstance(found, generic.ArrayObject) else []


def _resolved(value: Any) -> Any:
    return value.get_object() if isinstance(value, generic.IndirectObject) else value  # type: ignore[no-untyped-call]


def _reason(status: PdfSignatureStatus, *, sound: bool, changed: bool, last: bool) -> tuple[str, str]:
    if not sound:
        return _BROKEN
    if changed:
        return _CHANGED_AFTER
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return _SOUND
    return _KEPT if last else _ADDED


def _when(status: PdfSignatureStatus) -> datetime | None:
    stamped = status.timestamp_validity
    when = stamped.timestamp if stamped is not None and stamped.valid else status.signer_reported_dt
    return when if isinstance(when, datetime) else None


def _has_expired(embedded: EmbeddedPdfSignature) -> bool:
    try:
        ends = embedded.signer_cert.not_valid_after
        return isinstance(ends, datetime) and ends < datetime.now(UTC)
    except Exception:  # a certificate that cannot be parsed
        return False


def _signer(embedded: EmbeddedPdfSignature) -> str:
    try:
        subject = embedded.signer_cert.subject
        named = subject.native.get("common_name") or subject.human_friendly
        return str(named[0] if isinstance(named, list) else named)[:200]
    except Exception:  # a certificate that cannot be parsed
        return ""


def _unreadable(signer: str = "") -> Signature:
    vi, en = _UNREADABLE
    return Signature(
        signer=signer, signed_at=None, intact=False, covers_whole=False, trusted=None, reason_vi=vi, reason_en=en
    )
