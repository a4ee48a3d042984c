"""What presenting hands to the live channel."""

from server.core.errors import NotAllowed
from server.live.feature import Call, LiveCommand, LiveFeature, NoData, transactional
from server.live.viewer import Audience
from server.presentation import actions
from server.presentation.laser import LASER, point
from server.presentation.live.entities import (
    COLLECTION,
    LaserSignal,
    PageOffer,
    PagePoint,
    PagePresent,
    PageTurn,
    PageZoom,
    PresentationEntity,
    Presented,
    entities,
)

DESKS: frozenset[Audience] = frozenset({"console", "member"})
_POINT_PRICE = 0.5
"""Twenty a second are taken: a hand moves, and the page sends fifteen."""


async def _present(call: Call, data: PagePresent) -> Presented:
    unseen = await call.services.transactions.run(
        call.actor, lambda tx: actions.present(tx, call.meeting_id, data.paper_id, data.page)
    )
    return Presented(unseen_points=unseen)


async def _point(call: Call, data: PagePoint) -> None:
    """Decided from the live state alone: a pointer comes fifteen times a second."""
    shown = call.entity(COLLECTION, "")
    if shown is None or call.actor.person_id is None or shown["presenter_id"] != call.actor.person_id:
        raise NotAllowed()
    call.services.bus.publish(LASER, {"meeting_id": call.meeting_id, "x": data.x, "y": data.y})


live_feature = LiveFeature(
    name="presentation",
    collections={COLLECTION: PresentationEntity},
    load=entities,
    visible=lambda _collection, _key, _viewer: True,
    signals={"laser": LaserSignal},
    topics={LASER: point},
    commands=(
        LiveCommand(
            "page.present",
            "Shows a page of a paper to everybody; takes over from another presenter only for who conducts.",
            PagePresent,
            _present,
            DESKS,
            reply=Presented,
        ),
        LiveCommand(
            "page.turn",
            "The presenter goes to another page; the zoom ends.",
            PageTurn,
            transactional(lambda tx, call, data: actions.turn(tx, call.meeting_id, data.page)),
            DESKS,
        ),
        LiveCommand(
            "page.zoom",
            "The presenter zooms everybody to a part of the page; null: the whole page.",
            PageZoom,
            transactional(lambda tx, call, data: actions.zoom(tx, call.meeting_id, data.region)),
            DESKS,
        ),
        LiveCommand(
            "page.point",
            "The presenter points: signal `laser`; null ends it.",
            PagePoint,
            _point,
            DESKS,
            price=_POINT_PRICE,
        ),
        LiveCommand(
            "page.stop",
            "Ends the presentation: the presenter; who conducts or operates, anybody's.",
            NoData,
            transactional(lambda tx, call, _data: actions.stop(tx, call.meeting_id)),
            DESKS,
        ),
        LiveCommand(
            "page.offer",
            "Offers to hand over to a person who may present this paper; null takes the offer back.",
            PageOffer,
            transactional(lambda tx, call, data: actions.offer(tx, call.meeting_id, data.person_id)),
            DESKS,
        ),
        LiveCommand(
            "page.accept",
            "Goes on with the presentation that was offered.",
            NoData,
            transactional(lambda tx, call, _data: actions.accept(tx, call.meeting_id)),
            DESKS,
        ),
        LiveCommand(
            "page.take",
            "Who conducts becomes the presenter, at the page that is shown.",
            NoData,
            transactional(lambda tx, call, _data: actions.take(tx, call.meeting_id)),
            DESKS,
        ),
    ),
)
