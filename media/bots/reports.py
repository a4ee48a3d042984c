"""What the simulated halls say: reports as a hall gives them to the chair, in whole sentences."""

from __future__ import annotations

OPENING = "Kính thưa đồng chí chủ trì, kính thưa các đồng chí dự họp tại các điểm cầu. Điểm cầu {name} xin báo cáo."
CLOSING = "Điểm cầu {name} xin hết. Trân trọng cảm ơn các đồng chí."
BODIES: tuple[str, ...] = (
    "Về phát triển kinh tế, sáu tháng đầu năm địa phương đã hoàn thành phần lớn các chỉ tiêu được giao. "
    "Diện tích rau và hoa công nghệ cao tiếp tục tăng, giá bán ổn định, bà con yên tâm sản xuất.",
    "Về phòng, chống hạn, các hồ chứa trên địa bàn đang giữ trên bảy mươi phần trăm dung tích. "
    "Chúng tôi đã nạo vét kênh mương, phân lịch tưới luân phiên và không để diện tích nào bị mất trắng.",
    "Về chuyển đổi số, toàn bộ thủ tục hành chính đã được tiếp nhận qua bộ phận một cửa. "
    "Tỷ lệ hồ sơ giải quyết đúng hạn đạt chín mươi tám phần trăm, người dân đánh giá tốt.",
    "Về quản lý, bảo vệ rừng, lực lượng kiểm lâm cùng các hộ nhận khoán tuần tra thường xuyên. "
    "Từ đầu năm đến nay không xảy ra cháy rừng, số vụ vi phạm giảm rõ rệt so với cùng kỳ.",
    "Về xây dựng nông thôn mới, nhân dân đã hiến đất và góp công mở rộng đường liên thôn. "
    "Chúng tôi phấn đấu hoàn thành hai tiêu chí còn lại về môi trường và nhà ở trong quý bốn.",
    "Về giáo dục và y tế, trường lớp đã sẵn sàng cho năm học mới, trạm y tế có đủ bác sĩ. "
    "Chúng tôi kiến nghị tỉnh hỗ trợ thêm kinh phí sửa chữa điểm trường ở thôn xa.",
)
TOPICS: tuple[str, ...] = (
    "Xin báo cáo thêm về nguồn vốn",
    "Kiến nghị về nước tưới",
    "Ý kiến về dự thảo nghị quyết",
    "Xin góp ý phần nhiệm vụ, giải pháp",
    "Báo cáo tiến độ giải ngân",
    "Đề xuất hỗ trợ điểm trường",
)


def report(name: str, index: int) -> list[str]:
    """Sentences that the hall `name` speaks; `index` chooses which report."""
    first, second = BODIES[index % len(BODIES)], BODIES[(index + 2) % len(BODIES)]
    return [OPENING.format(name=name), first, second, CLOSING.format(name=name)]
