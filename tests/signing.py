"""Signed papers: a certificate authority of our own, a leader's certificate, PAdES signatures by pyHanko."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import NumberObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

SIGNER = "Phạm Chủ Trì"


@dataclass(frozen=True)
class Authority:
    root: bytes
    """PEM."""
    key: bytes
    certificate: bytes


@cache
def authority(*, expired: bool = False) -> Authority:
    """`expired`: the leader's certificate is of last year."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Ban Cơ yếu thử nghiệm")
    root = _certificate(root_name, root_name, root_key, root_key, is_authority=True)
    leaf = _certificate(_name(SIGNER), root_name, key, root_key, is_authority=False, expired=expired)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Authority(root.public_bytes(Encoding.PEM), pem, leaf.public_bytes(Encoding.PEM))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool,
    expired: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC) - timedelta(days=400 if expired else 0)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=not is_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(usage, critical=True)
        .sign(by, hashes.SHA256())
    )


def signed(content: bytes, folder: Path, field: str = "Signature1", *, expired: bool = False) -> bytes:
    """The PDF with one signature more. Key files are written to `folder`."""
    with ThreadPoolExecutor(1) as apart:  # pyHanko starts an event loop of its own
        return apart.submit(_signed, content, folder, field, expired).result()


def _signed(content: bytes, folder: Path, field: str, expired: bool) -> bytes:
    made = authority(expired=expired)
    for name, pem in (("root.pem", made.root), ("key.pem", made.key), ("certificate.pem", made.certificate)):
        (folder / name).write_bytes(pem)
    signer = signers.SimpleSigner.load(
        str(folder / "key.pem"), str(folder / "certificate.pem"), ca_chain_files=(str(folder / "root.pem"),)
    )
    assert signer is not None
    writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
    meta = signers.PdfSignatureMetadata(field_name=field, subfilter=fields.SigSeedSubFilter.PADES)
    return bytes(signers.sign_pdf(writer, meta, signer=signer).getvalue())


def changed_after_signing(content: bytes) -> bytes:
    """The same file with its page turned over by an incremental update: what was signed is still there, what is seen
    is something else."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page[pdf_name("/Rotate")] = NumberObject(180)
    writer.update_container(page)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def tampered(content: bytes) -> bytes:
    """The same file with a byte of what was signed turned over."""
    with pikepdf.open(io.BytesIO(content)) as document:
        title = bytes(document.pages[0].obj.Contents.read_raw_bytes())[:40]
    at = content.index(title) + 20
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
