"""Invented people: names as they are borne in Lâm Đồng, drawn by a seeded generator: the same everywhere."""

from random import Random

from server.demo.lam_dong import Tongue

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Phan", "Trương")
_MEN_MIDDLE = ("Văn", "Đình", "Quang", "Hữu", "Minh", "Ngọc", "Xuân", "Công", "Thanh", "Đức")
_MEN = (
    "An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hiếu", "Hòa", "Hùng", "Khánh", "Lâm", "Long", "Nam", "Phong",
    "Phúc", "Quân", "Sơn", "Tâm", "Thắng", "Thành", "Tiến", "Toàn", "Trung", "Tuấn", "Việt", "Vinh",
)  # fmt: skip
_WOMEN_MIDDLE = ("Thị", "Thị Ngọc", "Thị Thu", "Thị Kim", "Thị Minh", "Thị Hồng", "Thị Bích")
_WOMEN = (
    "Anh", "Châu", "Diệp", "Dung", "Giang", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Hương", "Lan", "Liên", "Linh",
    "Mai", "Nga", "Nguyệt", "Nhung", "Oanh", "Phượng", "Quyên", "Tâm", "Thảo", "Thủy", "Trang", "Vân", "Yến",
)  # fmt: skip

_CO_HO_CLANS = ("Cil", "Liêng Hót", "Bon Niêng", "Kơ Să", "Rơ Ông", "Păng Ting", "Lơ Mu", "Bon Yô", "Dà Cát", "Kră Jăn")
_CO_HO_MEN = ("Ha Brông", "Ha Chú", "Ha Kră", "Ha Mu", "Ha Póh", "Ha Sin", "Ha Thuyên", "K'Brèm", "K'Tâm", "Nhun")
_CO_HO_WOMEN = ("K'Bang", "K'Glong", "K'Duyên", "K'Hương", "Ka Lim", "K'Thơm")
_CHURU_CLANS = ("Ma", "Touneh", "Tou Prong", "Jơ Lơng", "Sơ Ao")
_CHURU_MEN = ("Ya Hiêng", "Ya Loan", "Ya Thái", "Han Đăng", "Ha Tiên", "Ya Tuấn", "Drong Bút")
_CHURU_WOMEN = ("Nai Bích", "Nai Hoa", "Ma Thuận", "Nai Lan", "Nai Thủy")
_MA_MEN = ("K'Bảo", "K'Brôn", "K'Dĩnh", "K'Hiền", "K'Lộc", "K'Minh", "K'Tiếu", "K'Vững", "Điểu K'Lộc", "Điểu K'Sơn")
_MA_WOMEN = ("Ka Dim", "Ka Hem", "Ka Lịch", "Ka Mai", "Ka Nhìn", "Ka Rin", "Ka Thoa", "Ka Xuân")


class Names:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  invented names, no secrets

    def vietnamese(self) -> str:
        pick = self._random.choice
        if self._random.random() < 0.4:
            return f"{pick(_FAMILY)} {pick(_WOMEN_MIDDLE)} {pick(_WOMEN)}"
        return f"{pick(_FAMILY)} {pick(_MEN_MIDDLE)} {pick(_MEN)}"

    def of(self, tongue: Tongue) -> str:
        """Half of them in the commune's own tongue."""
        if not tongue or self._random.random() < 0.5:
            return self.vietnamese()
        pick = self._random.choice
        woman = self._random.random() < 0.4
        if tongue == "co-ho":
            return f"{pick(_CO_HO_CLANS)} {pick(_CO_HO_WOMEN if woman else _CO_HO_MEN)}"
        if tongue == "churu":
            return f"{pick(_CHURU_CLANS)} {pick(_CHURU_WOMEN if woman else _CHURU_MEN)}"
        return pick(_MA_WOMEN if woman else _MA_MEN)
