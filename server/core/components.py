"""What one application consists of beside its services: one object of each class, found by its class.

A feature asks for its own class and so names nobody above it: hooks that features above fill, caches, sign-in, exports.
"""

from typing import TypeVar, cast

T = TypeVar("T")


class Components:
    """Filled once, when the application is made."""

    def __init__(self, *components: object) -> None:
        self._by_class: dict[type, object] = {}
        for component in components:
            self.put(component)

    def put(self, component: object) -> None:
        """Under its class and those that it derives from; in the place of an earlier one."""
        for kind in type(component).__mro__[:-1]:
            self._by_class[kind] = component

    def __getitem__(self, kind: type[T]) -> T:
        return cast("T", self._by_class[kind])
