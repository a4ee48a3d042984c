"""What is wrong with a field, in words for people."""

from collections.abc import Callable
from typing import Any

_Sentences = Callable[[dict[str, Any]], tuple[str, str]]


def _too_short(context: dict[str, Any]) -> tuple[str, str]:
    least = context.get("min_length", 1)
    if context.get("field_type") == "List":
        return f"Cần ít nhất {least} mục.", f"At least {least} needed."
    if least == 1:
        return "Không được để trống.", "Must not be empty."
    return f"Ngắn quá: cần ít nhất {least} ký tự.", f"Too short: at least {least} characters."


def _too_long(context: dict[str, Any]) -> tuple[str, str]:
    most = context.get("max_length")
    if context.get("field_type") == "List":
        return f"Nhiều quá: tối đa {most} mục.", f"Too many: at most {most}."
    return f"Dài quá: tối đa {most} ký tự.", f"Too long: at most {most} characters."


_BY_TYPE: dict[str, _Sentences] = {
    "missing": lambda _: ("Chưa nhập.", "Missing."),
    "string_too_short": _too_short,
    "string_too_long": _too_long,
    "too_short": _too_short,
    "too_long": _too_long,
    "greater_than_equal": lambda context: (
        f"Phải từ {context.get('ge')} trở lên.",
        f"Must be {context.get('ge')} or more.",
    ),
    "greater_than": lambda context: (f"Phải lớn hơn {context.get('gt')}.", f"Must be more than {context.get('gt')}."),
    "less_than_equal": lambda context: (f"Tối đa là {context.get('le')}.", f"Must be {context.get('le')} or less."),
    "control_character": lambda _: (
        "Có ký tự điều khiển không dùng được. Xóa rồi gõ lại.",
        "Contains control characters. Type it again.",
    ),
    "time_out_of_range": lambda _: ("Năm phải từ 2000 đến 2099.", "The year must be from 2000 to 2099."),
    "extra_forbidden": lambda _: ("Ô này không được gửi ở đây.", "Not accepted here."),
    "json_invalid": lambda _: ("Máy chủ không đọc được dữ liệu gửi lên.", "Not valid JSON."),
    "literal_error": lambda _: ("Giá trị không có trong danh sách cho phép.", "Not one of the allowed values."),
    "enum": lambda _: ("Giá trị không có trong danh sách cho phép.", "Not one of the allowed values."),
}

_BY_PREFIX: tuple[tuple[str, tuple[str, str]], ...] = (
    ("datetime", ("Thời gian chưa đúng. Nhập ngày và giờ, kèm múi giờ.", "Not a time with its offset.")),
    ("timezone", ("Thời gian chưa đúng. Nhập ngày và giờ, kèm múi giờ.", "Not a time with its offset.")),
    ("time_", ("Thời gian chưa đúng. Nhập ngày và giờ, kèm múi giờ.", "Not a time with its offset.")),
    ("date", ("Ngày chưa đúng.", "Not a date.")),
    ("int", ("Phải là số nguyên.", "Must be a whole number.")),
    ("string", ("Phải là chữ.", "Must be text.")),
    ("float", ("Phải là số.", "Must be a number.")),
    ("bool", ("Phải là có hoặc không.", "Must be true or false.")),
)


def sentence(error: dict[str, Any]) -> tuple[str, str]:
    """Vietnamese and English for one of pydantic's errors; one of type "said" brings its own."""
    kind = error["type"]
    context = error.get("ctx", {})
    if kind == "said":
        return context["vi"], context["en"]
    if kind in _BY_TYPE:
        return _BY_TYPE[kind](context)
    for prefix, said in _BY_PREFIX:
        if kind.startswith(prefix):
            return said
    return "Giá trị chưa đúng.", "Not a valid value."
