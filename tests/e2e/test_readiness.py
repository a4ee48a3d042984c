"""Before a conference: a hall tests itself, the board says whom to call, halls are looked at one by one, and the
rehearsal has its record. One story, told in order."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.audit import Audit
from tests.e2e.office import Office
from tests.e2e.people import until

pytestmark = [
    pytest.mark.firefox_on_request,
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]

TEST_MS = 60_000
"""A test takes some fifteen seconds where nobody else wants the machine."""

LOOP = """(() => {
  // Loudspeaker and microphone of one room: what the page plays is what it hears, unless the cable is pulled.
  const connect = AudioNode.prototype.connect;
  const rooms = new Map();
  window.__cable = true;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof MediaStreamAudioDestinationNode && !to.__room && window.__cable) {
      const room = rooms.get(to.context);
      if (room) connect.call(this, room);
    }
    return connect.call(this, to, ...more);
  };
  const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (ask) navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    if (!wanted.audio || wanted.audio.echoCancellation !== false) return stream;
    const source = AudioContext.prototype.createMediaStreamSource;
    AudioContext.prototype.createMediaStreamSource = function (given) {
      AudioContext.prototype.createMediaStreamSource = source;
      const room = this.createMediaStreamDestination();
      room.__room = true;
      connect.call(source.call(this, given), room);
      rooms.set(this, room);
      return source.call(this, room.stream);
    };
    return stream;
  };
})();"""


async def run_own_test(hall: Page) -> None:
    await hall.get_by_test_id("self-test-run").click()
    test = hall.get_by_test_id("self-test")
    await expect(test).not_to_have_attribute("data-phase", "idle")
    await expect(test).to_have_attribute("data-phase", "idle", timeout=TEST_MS)


async def test_halls_test_themselves_and_are_looked_at_one_by_one(office: Office) -> None:
    meeting, lat = office.meetings["open"], office.where.lat_hall.id
    async with office.window("lat") as hall, office.window("chair") as board:
        await hall.add_init_script(LOOP)
        audit, hall_audit = Audit(board), Audit(hall, themes=("dark",))
        await board.goto(f"/meetings/{meeting}/readiness")
        await expect(board.get_by_test_id("readiness-next")).to_contain_text("0 trên 6 điểm cầu đã sẵn sàng")
        cell = board.get_by_test_id("span-wall").locator(f'[data-point="{lat}"]')
        await expect(cell).to_have_attribute("data-state", "absent")
        await audit.look("nobody is in")

        await hall.goto(f"/hall/{meeting}/{lat}")
        await hall.get_by_test_id("enter").click()
        await expect(hall.get_by_test_id("hall")).to_have_attribute("data-media", "connected", timeout=40_000)
        await expect(cell).to_have_attribute("data-state", "testing")
        await hall.evaluate("window.__cable = false")
        await run_own_test(hall)
        result = hall.get_by_test_id("self-test-result")
        await expect(result).to_contain_text("Tự kiểm tra chưa đạt")
        await expect(hall.locator('[data-fault="loop-unheard"]')).to_contain_text("Micro không nghe thấy loa")
        await hall_audit.look("a test that failed")
        await expect(cell).to_have_attribute("data-state", "weak")
        await expect(board.get_by_test_id("ready-calls")).to_contain_text("Tự kiểm tra chưa đạt")
        await hall.evaluate("window.__cable = true")
        await run_own_test(hall)
        await expect(result).to_contain_text("Tự kiểm tra đạt")
        await expect(hall.get_by_test_id("self-test")).to_contain_text(re.compile(r"Đường lên\s*\d"))
        await expect(hall.get_by_test_id("self-test")).to_contain_text(re.compile(r"Đường đi\s*thẳng, UDP"))
        await expect(hall.get_by_test_id("self-test")).to_contain_text(re.compile(r"Mức đạt\s*lên \S+ [km]bit/s", re.I))
        await expect(cell).to_have_attribute("data-state", "testing")
        await cell.click()
        card = board.get_by_test_id("point-card")
        await expect(card).to_contain_text("Tự kiểm tra đạt")
        await card.get_by_label("Ghi chú").fill("Cờ treo lệch")
        await card.get_by_test_id("say-note").click()
        await expect(card).to_contain_text("Phạm Chủ Trì")
        await audit.look("a hall that was opened")

        await board.get_by_test_id("call-through").click()
        check = board.get_by_test_id("call-through")
        await expect(check).to_have_attribute("data-media", "connected", timeout=40_000)
        await expect(board.get_by_test_id("check-name")).to_have_text("Lát")
        picture = "document.querySelector('video[data-slot=\"preview\"]')?.videoWidth > 0"
        await until(lambda: board.evaluate(picture), bool, 30, "the preview shows nothing")
        room_audit = Audit(board, themes=("dark",))
        await room_audit.look("one hall before the operator")
        await board.get_by_test_id("check-passed").click()
        await expect(board.get_by_text("Đã kiểm tra 1 trên 6")).to_be_visible()
        room_audit.verdict()
        await board.get_by_role("link", name="Sẵn sàng").click()
        await expect(cell).to_have_attribute("data-state", "ready")
        await expect(board.get_by_test_id("readiness-next")).to_contain_text("1 trên 6 điểm cầu đã sẵn sàng")
        audit.verdict()
        hall_audit.verdict()


async def test_a_rehearsal_has_its_record(office: Office) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page)
        await page.goto(f"/meetings/{office.meetings['invited']}/readiness")
        await expect(page.get_by_text("Chưa có buổi nào.")).to_be_visible()
        await page.get_by_test_id("open-rooms").click()
        await page.get_by_test_id("confirm").click()
        await expect(page.get_by_test_id("rehearsals")).to_contain_text("đang diễn ra")
        await office.step(page, office.meetings["invited"], "close")
        rows = page.get_by_test_id("rehearsals")
        await expect(rows).to_contain_text("0 trên 6 điểm cầu đã vào, đã đóng phòng")
        await rows.get_by_role("button", name="Xem biên bản").click()
        await expect(rows).to_contain_text("Nguyễn Tổ Chức mở phòng")
        await rows.get_by_label("Loại buổi").select_option(label="Tổng duyệt")
        await rows.get_by_label("Kết luận").fill("Cả sáu nơi vào muộn, gọi trước 60 phút")
        await rows.get_by_role("button", name="Lưu kết luận").click()
        await expect(rows).to_contain_text("Tổng duyệt ·")
        await audit.look("a record")
        audit.verdict()
