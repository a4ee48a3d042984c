"""The units of Lâm Đồng before the mergers of 2024 and 2025: 12 districts and cities with 142 communes, wards and
townships (111 xã, 18 phường, 13 thị trấn)."""

from dataclasses import dataclass
from typing import Literal

Tongue = Literal["", "co-ho", "churu", "ma"]
"""Whose names are common among a commune's people beside Vietnamese ones."""


@dataclass(frozen=True, slots=True)
class District:
    kind: Literal["Thành phố", "Huyện"]
    name: str
    wards: tuple[str, ...] = ()
    """phường"""
    townships: tuple[str, ...] = ()
    """thị trấn"""
    communes: tuple[str, ...] = ()
    """xã"""
    tongue: Tongue = ""
    local: frozenset[str] = frozenset()
    """Communes where that tongue is spoken."""

    @property
    def committee(self) -> str:
        return f"{'Thành ủy' if self.kind == 'Thành phố' else 'Huyện ủy'} {self.name}"


PROVINCE = "Lâm Đồng"
PROVINCE_CODE = "H36"

PROVINCE_BODIES = (
    ("Ủy ban nhân dân tỉnh Lâm Đồng", "Ủy ban nhân dân tỉnh", "Chánh Văn phòng Ủy ban nhân dân tỉnh"),
    ("Công an tỉnh Lâm Đồng", "Công an tỉnh", "Phó Giám đốc Công an tỉnh"),
    ("Bộ Chỉ huy Quân sự tỉnh Lâm Đồng", "Bộ CHQS tỉnh", "Phó Chính ủy Bộ Chỉ huy Quân sự tỉnh"),
    ("Trường Chính trị tỉnh Lâm Đồng", "Trường Chính trị tỉnh", "Phó Hiệu trưởng Trường Chính trị tỉnh"),
)
"""Name, name on the wall, and the title of who speaks for it. With a bridge point of their
own, beside the main point in Hội trường Tỉnh ủy."""

SECOND_HALLS = ("Liên Nghĩa", "Thị trấn Di Linh")
"""Large townships that sit in two halls: with them, 144 commune points."""

DISTRICTS = (
    District(
        "Thành phố",
        "Đà Lạt",
        wards=tuple(f"Phường {number}" for number in range(1, 13)),
        communes=("Xuân Thọ", "Tà Nung", "Trạm Hành", "Xuân Trường"),
        tongue="co-ho",
        local=frozenset({"Tà Nung"}),
    ),
    District(
        "Thành phố",
        "Bảo Lộc",
        wards=("Phường 1", "Phường 2", "B'Lao", "Lộc Phát", "Lộc Sơn", "Lộc Tiến"),
        communes=("Đam B'ri", "Đại Lào", "Lộc Châu", "Lộc Nga", "Lộc Thanh"),
        tongue="ma",
        local=frozenset({"Đam B'ri"}),
    ),
    District(
        "Huyện",
        "Lạc Dương",
        townships=("Lạc Dương",),
        communes=("Lát", "Đạ Sar", "Đạ Nhim", "Đạ Chais", "Đưng K'Nớ"),
        tongue="co-ho",
        local=frozenset({"Lạc Dương", "Lát", "Đạ Sar", "Đạ Nhim", "Đạ Chais", "Đưng K'Nớ"}),
    ),
    District(
        "Huyện",
        "Đơn Dương",
        townships=("Thạnh Mỹ", "D'Ran"),
        communes=("Đạ Ròn", "Ka Đô", "Ka Đơn", "Lạc Lâm", "Lạc Xuân", "Pró", "Quảng Lập", "Tu Tra"),
        tongue="churu",
        local=frozenset({"Ka Đơn", "Pró", "Tu Tra", "Ka Đô"}),
    ),
    District(
        "Huyện",
        "Đức Trọng",
        townships=("Liên Nghĩa",),
        communes=(
            "Bình Thạnh",
            "Đa Quyn",
            "Đà Loan",
            "Hiệp An",
            "Hiệp Thạnh",
            "Liên Hiệp",
            "N'Thol Hạ",
            "Ninh Gia",
            "Ninh Loan",
            "Phú Hội",
            "Tà Hine",
            "Tà Năng",
            "Tân Hội",
            "Tân Thành",
        ),
        tongue="churu",
        local=frozenset({"Đa Quyn", "Tà Hine", "Tà Năng", "Phú Hội"}),
    ),
    District(
        "Huyện",
        "Lâm Hà",
        townships=("Đinh Văn", "Nam Ban"),
        communes=(
            "Đạ Đờn",
            "Đan Phượng",
            "Đông Thanh",
            "Gia Lâm",
            "Hoài Đức",
            "Liên Hà",
            "Mê Linh",
            "Nam Hà",
            "Phi Tô",
            "Phú Sơn",
            "Phúc Thọ",
            "Tân Hà",
            "Tân Thanh",
            "Tân Văn",
        ),
        tongue="co-ho",
        local=frozenset({"Đạ Đờn", "Phú Sơn", "Phi Tô"}),
    ),
    District(
        "Huyện",
        "Đam Rông",
        communes=("Đạ K'Nàng", "Đạ Long", "Đạ M'Rông", "Đạ Rsal", "Đạ Tông", "Liêng Srônh", "Phi Liêng", "Rô Men"),
        tongue="co-ho",
        local=frozenset({"Đạ K'Nàng", "Đạ Long", "Đạ M'Rông", "Đạ Tông", "Liêng Srônh", "Phi Liêng", "Rô Men"}),
    ),
    District(
        "Huyện",
        "Di Linh",
        townships=("Di Linh",),
        communes=(
            "Bảo Thuận",
            "Đinh Lạc",
            "Đinh Trang Hòa",
            "Đinh Trang Thượng",
            "Gia Bắc",
            "Gia Hiệp",
            "Gung Ré",
            "Hòa Bắc",
            "Hòa Nam",
            "Hòa Ninh",
            "Hòa Trung",
            "Liên Đầm",
            "Sơn Điền",
            "Tam Bố",
            "Tân Châu",
            "Tân Lâm",
            "Tân Nghĩa",
            "Tân Thượng",
        ),
        tongue="co-ho",
        local=frozenset({"Bảo Thuận", "Gia Bắc", "Gung Ré", "Sơn Điền", "Đinh Lạc", "Đinh Trang Thượng", "Tam Bố"}),
    ),
    District(
        "Huyện",
        "Bảo Lâm",
        townships=("Lộc Thắng",),
        communes=(
            "B'Lá",
            "Lộc An",
            "Lộc Bảo",
            "Lộc Bắc",
            "Lộc Đức",
            "Lộc Lâm",
            "Lộc Nam",
            "Lộc Ngãi",
            "Lộc Phú",
            "Lộc Quảng",
            "Lộc Tân",
            "Lộc Thành",
            "Tân Lạc",
        ),
        tongue="ma",
        local=frozenset({"B'Lá", "Lộc Bảo", "Lộc Bắc", "Lộc Lâm", "Lộc Tân"}),
    ),
    District(
        "Huyện",
        "Đạ Huoai",
        townships=("Mađaguôi", "Đạ M'ri"),
        communes=("Đạ Oai", "Đạ Ploa", "Đạ Tồn", "Đoàn Kết", "Hà Lâm", "Mađaguôi", "Phước Lộc"),
        tongue="ma",
        local=frozenset({"Đạ Ploa", "Phước Lộc", "Đoàn Kết"}),
    ),
    District(
        "Huyện",
        "Đạ Tẻh",
        townships=("Đạ Tẻh",),
        communes=("An Nhơn", "Đạ Kho", "Đạ Lây", "Đạ Pal", "Mỹ Đức", "Quảng Trị", "Quốc Oai", "Triệu Hải"),
        tongue="ma",
        local=frozenset({"An Nhơn", "Đạ Pal", "Quốc Oai"}),
    ),
    District(
        "Huyện",
        "Cát Tiên",
        townships=("Cát Tiên", "Phước Cát"),
        communes=("Đồng Nai Thượng", "Đức Phổ", "Gia Viễn", "Nam Ninh", "Phước Cát 2", "Quảng Ngãi", "Tiên Hoàng"),
        tongue="ma",
        local=frozenset({"Đồng Nai Thượng", "Phước Cát 2"}),
    ),
)
