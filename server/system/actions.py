"""What whoever keeps the system does on its page."""

from sqlalchemy import select

from server.accounts.models import Person
from server.audit.actions import record
from server.core.errors import Conflict, Invalid
from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import try_again
from server.notifications.actions import Letter, send_again, send_mails
from server.notifications.sms.actions import Text, send_texts
from server.notifications.sms.gateway import is_real
from server.notifications.sms.numbers import mobile_of
from server.system.models import ONLY, Installation
from server.system.schemas import SettingsWrite, TriedAgain, TryAgain
from server.system.settings import Fixed, apply
from server.system.state import MAIL_TRIAL, require_keeper


async def change_settings(tx: Transaction, services: Services, write: SettingsWrite) -> None:
    """Counts from the commit on. Conflict for what the environment says."""
    await require_keeper(tx.session, tx.actor)
    fixed = services.components[Fixed]
    sent = write.model_dump(exclude_unset=True)
    if (fixed.public_url and "public_url" in sent) or (fixed.time_zone and "time_zone" in sent):
        raise Conflict(
            "Thiết lập này do máy chủ quy định (biến môi trường NHIPCAU_…). Sửa ở máy chủ rồi khởi động lại.",
            "The server's environment (NHIPCAU_…) says this. Change it there, then restart.",
        )
    row = await tx.session.get_one(Installation, ONLY, with_for_update=True)
    for name, value in sent.items():
        setattr(row, name, value)
    await tx.session.flush()
    await record(tx, "system.settings-changed", "system", ONLY, **sent)
    tx.after_commit(lambda: apply(services.settings, fixed, row))


async def send_trial_mail(tx: Transaction, services: Services, to: str | None) -> None:
    """To oneself, or to the address given. Invalid without either; Conflict where no mail server is set."""
    await require_keeper(tx.session, tx.actor)
    if services.settings.smtp_url is None:
        raise Conflict(
            "Chưa đặt máy chủ thư: đặt NHIPCAU_SMTP_URL rồi khởi động lại.",
            "No mail server is set: set NHIPCAU_SMTP_URL, then restart.",
        )
    own = await tx.session.scalar(select(Person.email).where(Person.id == tx.actor.person_id))
    address = to or own
    if address is None:
        raise Invalid.fields({"to": ("Nhập địa chỉ thư nhận.", "Type an address to send it to.")})
    await send_mails(
        tx,
        [
            Letter(
                kind=MAIL_TRIAL,
                to_address=address,
                to_name=tx.actor.name,
                subject="Nhịp Cầu: thư thử",
                text=(
                    f"Thư này do {tx.actor.name} gửi từ trang Tình trạng hệ thống để thử máy chủ thư.\n"
                    f"Nhận được thư là máy chủ thư đã dùng được.\n\n{services.settings.url}\n"
                ),
                person_id=tx.actor.person_id,
            )
        ],
    )
    await record(tx, "system.mail-tried", "system", ONLY, to=address)


async def send_trial_sms(tx: Transaction, services: Services, to: str) -> None:
    """To the number given. Invalid for what is none of a mobile telephone; Conflict where no gateway is set."""
    await require_keeper(tx.session, tx.actor)
    if not is_real(services.settings):
        raise Conflict(
            "Chưa đặt cổng tin nhắn: đặt NHIPCAU_SMS_URL rồi khởi động lại.",
            "No gateway for text messages is set: set NHIPCAU_SMS_URL, then restart.",
        )
    number = mobile_of(to)
    if number is None:
        raise Invalid.fields({"to": ("Nhập một số di động.", "Type a mobile number.")})
    await send_texts(
        tx,
        [
            Text(
                kind=MAIL_TRIAL,
                to_number=number,
                to_name=tx.actor.name,
                text="Nhip Cau: tin nhan thu tu trang Tinh trang he thong.",
                person_id=tx.actor.person_id,
            )
        ],
    )
    await record(tx, "system.sms-tried", "system", ONLY, to=number)


async def do_again(tx: Transaction, which: TryAgain) -> TriedAgain:
    await require_keeper(tx.session, tx.actor)
    jobs = await try_again(tx, which.jobs)
    mails = await send_again(tx) if which.mails else 0
    await record(tx, "system.tried-again", "system", ONLY, jobs=len(jobs), mails=mails)
    return TriedAgain(jobs=len(jobs), mails=mails)
