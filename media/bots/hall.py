"""One simulated hall: signs in, keeps its live channel and its media, raises its hand, comes back from everything."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass

import structlog
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from websockets.exceptions import InvalidHandshake, WebSocketException

from media.bots.live import CommandFailed, LiveChannel, Message, SignInRefused, sign_in
from media.bots.palette import ROOMS
from media.bots.reports import TOPICS
from media.bots.speech import SILENCE, Speech
from media.bots.tracks import CameraTrack, MicrophoneTrack, send_levels

log = structlog.get_logger()

SHORTEST_WAIT, LONGEST_WAIT = 0.3, 3.0
REFUSED_WAIT = 10.0
NOT_SIGNED_IN, NOT_ALLOWED, NO_SUCH_MEETING, REPLACED = 4401, 4403, 4404, 4409
HAND_AFTER = (25.0, 150.0)
"""A lively hall raises its hand after so many seconds, and lowers it after as many if nobody calls it."""


@dataclass(frozen=True)
class Link:
    """A line of the links file."""

    link: str
    meeting_id: int
    point_id: int
    name: str
    unit: str = ""

    @property
    def token(self) -> str:
        return self.link.rstrip("/").rpartition("/")[2]


class TakenOver(Exception):
    """Somebody else represents this hall now, in a browser: the bot leaves it to them."""


class SimulatedHall:
    def __init__(self, server: str, link: Link, index: int, *, lively: bool = False) -> None:
        self._server = server
        self._link = link
        self._index = index
        self._speech = SILENCE
        self._lively = lively
        self._cookie: str | None = None
        self._media: RTCPeerConnection | None = None
        self._camera: CameraTrack | None = None
        self._microphone: MicrophoneTrack | None = None
        self._demand: Message = {}
        self._session = ""
        self._boot = ""
        """Of the media node that answered last."""
        self._renew = asyncio.Event()
        self._own: Message = {}
        """This hall's entity of the collection `points`."""
        self._tasks: set[asyncio.Task[None]] = set()

    def set_speech(self, speech: Speech) -> None:
        """What it says from now on; until then it is silent."""
        self._speech = speech
        if self._microphone is not None:
            self._microphone.set_speech(speech)

    async def run(self) -> None:
        """Until cancelled, or taken over by a person."""
        wait = SHORTEST_WAIT
        try:
            while True:
                try:
                    if self._cookie is None:
                        self._cookie = await sign_in(self._server, self._link.token)
                    if await self._attend(self._cookie):
                        wait = SHORTEST_WAIT
                except TakenOver:
                    log.info("taken over in a browser", hall=self._link.name)
                    return
                except SignInRefused as error:
                    log.warning("not let in", hall=self._link.name, error=str(error))
                    await asyncio.sleep(REFUSED_WAIT)
                except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
                    log.info("server not reached", hall=self._link.name, error=str(error))
                except Exception:
                    # A demonstration runs unattended: whatever goes wrong, the hall comes back.
                    log.exception("hall failed", hall=self._link.name)
                # Spread, so that a dozen halls do not come back in the same instant.
                await asyncio.sleep(wait * random.uniform(0.7, 1.3))  # noqa: S311
                wait = min(wait * 2, LONGEST_WAIT)
        finally:
            await self._close_media()

    async def _attend(self, cookie: str) -> bool:
        """One live channel from its snapshot to its end; False if it ended before the snapshot."""
        path = f"/api/meetings/{self._link.meeting_id}/live?as=hall&point={self._link.point_id}"
        welcomed = False
        async with LiveChannel(self._server, path, cookie) as channel:
            try:
                async for message in channel:
                    if not welcomed:
                        welcomed = True
                        self._start(self._keep_media(channel))
                        if self._lively:
                            self._start(self._raise_hands(channel))
                    self._take(channel, message)
            finally:
                tasks = list(self._tasks)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        if channel.close_code == REPLACED:
            raise TakenOver
        if channel.close_code in (NOT_SIGNED_IN, NOT_ALLOWED, NO_SUCH_MEETING):
            self._cookie = None
        if channel.close_code in (NOT_ALLOWED, NO_SUCH_MEETING):
            raise SignInRefused("the meeting does not let this hall in")
        return welcomed

    def _take(self, channel: LiveChannel, message: Message) -> None:
        match message:
            case {"type": "snapshot", "collections": collections}:
                self._own = collections.get("points", {}).get(str(self._link.point_id), {})
            case {"type": "event", "changes": changes}:
                for change in changes:
                    if change["collection"] == "points" and change["key"] == str(self._link.point_id):
                        self._own = change["value"] or {}
            case {"type": "signal", "kind": "demand", "data": data}:
                self._demand = data
                self._obey()
            case {"type": "signal", "kind": "media-node", "data": {"up": True, "boot": str(boot)}}:
                if boot != self._boot or not self._media_works():
                    self._renew.set()
            case {"type": "signal", "kind": "media-session", "data": {"state": "disconnected", "session": session}}:
                if session == self._session:
                    self._renew.set()
            case {"type": "signal", "kind": "session-replaced"}:
                raise TakenOver
        if self._own.get("presence") == "testing":
            self._own = {**self._own, "presence": "ready"}
            self._start(self._say_ready(channel))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        """Runs `work` beside the live channel, at most until that ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _say_ready(self, channel: LiveChannel) -> None:
        await asyncio.sleep(random.uniform(1, 4))  # noqa: S311
        with contextlib.suppress(CommandFailed):
            await channel.command("hall.ready", {"ready": True})

    def _media_works(self) -> bool:
        return self._media is not None and self._media.connectionState in ("connecting", "connected")

    def _obey(self) -> None:
        if self._camera is not None:
            self._camera.set_demand(self._demand.get("camera", "none"))

    async def _keep_media(self, channel: LiveChannel) -> None:
        """Offers when told to, and again when the connection fails, until it works."""
        while True:
            await self._renew.wait()
            self._renew.clear()
            wait, reason = SHORTEST_WAIT, ""
            while True:
                try:
                    await self._offer(channel)
                    break
                except Exception as error:
                    # The server may refuse, the node be away, and aiortc fails in many ways: the next offer may do.
                    if reason != str(error):
                        reason = str(error)
                        log.info("no media yet", hall=self._link.name, error=reason or repr(error))
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)

    async def _offer(self, channel: LiveChannel) -> None:
        await self._close_media()
        connection = self._media = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        microphone = self._microphone = MicrophoneTrack(self._speech, offset=self._index * 137)
        camera = self._camera = CameraTrack(self._link.name, "ĐIỂM CẦU", ROOMS[self._index % len(ROOMS)])
        self._obey()
        transceivers = {
            "microphone": connection.addTransceiver(microphone, "sendonly"),
            "camera": connection.addTransceiver(camera, "sendonly"),
        }
        send_levels(transceivers["microphone"].sender, microphone)

        def changed() -> None:
            if connection is self._media and connection.connectionState in ("failed", "closed"):
                self._renew.set()

        connection.on("connectionstatechange", changed)
        await connection.setLocalDescription(await connection.createOffer())
        self._session = uuid.uuid4().hex
        reply = await channel.command(
            "media.offer",
            {
                "session": self._session,
                "sdp": connection.localDescription.sdp,
                "publish": {transceiver.mid: name for name, transceiver in transceivers.items()},
                "slots": {},
            },
        )
        self._boot = reply["boot"]
        await connection.setRemoteDescription(RTCSessionDescription(sdp=reply["sdp"], type="answer"))
        log.info("media offered", hall=self._link.name)

    async def _close_media(self) -> None:
        connection, self._media, self._camera, self._microphone = self._media, None, None, None
        if connection is not None:
            await connection.close()

    async def _raise_hands(self, channel: LiveChannel) -> None:
        while True:
            await asyncio.sleep(random.uniform(*HAND_AFTER))  # noqa: S311
            with contextlib.suppress(CommandFailed):
                if self._own.get("floor"):
                    continue
                if self._own.get("hand_at") is None:
                    await channel.command("hand.raise", {"topic": random.choice(TOPICS)})  # noqa: S311
                else:
                    await channel.command("hand.lower", {})
