from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathParameter

from server.accounts.dependencies import AskingBrowser, SignInDesk
from server.audit.log import AuditLog
from server.core.actor import Actor
from server.core.fields import Id, Line
from server.core.qr import svg
from server.devices import actions, queries, slips
from server.devices.codes import address_of, shown
from server.devices.kiosk.recipe import setup_script
from server.devices.limits import CodeLimits
from server.devices.schemas import (
    CodeMade,
    CodeUse,
    CodeWrite,
    DeviceOut,
    DevicePage,
    DeviceReport,
    DeviceWrite,
    OwnDevice,
    SheetWrite,
    Show,
)
from server.edge.attachments import attachment
from server.edge.build import Build
from server.edge.dependencies import AppServices, CurrentActor, OptionalActor, ReadSession, Write, component
from server.edge.exports import AppExports
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.edge.session_cookie import session_token, set_session_cookie

PDF = "application/pdf"

router = APIRouter(prefix="/api", tags=["devices"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]
Served = Annotated[Build, Depends(component(Build))]
Tries = Annotated[CodeLimits, Depends(component(CodeLimits))]
Log = Annotated[AuditLog, Depends(component(AuditLog))]


@router.post("/device")
async def use_code(
    *,
    use: CodeUse,
    browser: AskingBrowser,
    desk: SignInDesk,
    services: AppServices,
    tries: Tries,
    log: Log,
    served: Served,
    response: Response,
) -> OwnDevice:
    """This browser belongs to the code's point from now on."""
    await tries.trying(browser.address)
    try:
        async with services.database.read() as session:
            code, hall = await queries.code_for(session, services.settings, use.code, services.clock())
    except queries.CodeWrong:
        await tries.missed(browser.address)
        log.refused(Actor(address=browser.address), "device-code-wrong", "device")
        raise
    async with services.transactions(replace(hall, address=browser.address)) as tx:
        await actions.use_code(tx, code)
        token = await desk.as_hall(tx, browser, hall, replace=use.replace)
        await actions.set_up(tx, token, code)
        said = (await queries.own(tx.session, token, tx.now, served.number())).said
    set_session_cookie(response, token, services.settings)
    return said


@router.post("/device/report")
async def report(
    *,
    said: DeviceReport,
    request: Request,
    actor: OptionalActor,
    services: AppServices,
    served: Served,
    response: Response,
) -> OwnDevice:
    """A hall's page says how it is, and hears what it is: also a browser that is a point's device no longer, or never
    was."""
    token, now = session_token(request.cookies, services.settings), services.clock()
    async with services.database.read() as session:
        own = await queries.own(session, token, now, served.number())
    if own.device_id is None or own.last_seen_at is None or actor is None or not token:
        return own.said
    news = (actor.address[:45], said.build, said.camera, said.microphone) != own.known
    if news or now - own.last_seen_at >= actions.HEARD_AGAIN:
        async with services.transactions(actor) as tx:
            await actions.heard(tx, services.settings, own.device_id, said)
    # Browsers count a cookie's age from when it was last set.
    set_session_cookie(response, token, services.settings)
    return own.said


@router.get("/device/kiosk.sh", response_class=Response, responses={200: {"content": {"text/x-shellscript": {}}}})
async def kiosk_script(services: AppServices) -> Response:
    """Sets a fresh Debian machine up as a hall's screen of this server. There is no secret in it."""
    return Response(setup_script(services.settings.url), media_type="text/x-shellscript; charset=utf-8")


@router.get("/devices")
async def devices(
    *,
    actor: CurrentActor,
    session: ReadSession,
    services: AppServices,
    served: Served,
    unit_id: Annotated[Id | None, Query()] = None,
    q: Annotated[Line, Query(max_length=100)] = "",
    show: Show = "all",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> DevicePage:
    """Points and their devices, branch by branch."""
    return await queries.page(
        session,
        actor,
        services.clock(),
        served.number(),
        unit_id=unit_id,
        q=q,
        show=show,
        limit=limit,
        offset=offset,
    )


@router.patch("/devices/{device_id}")
async def edit_device(device_id: RowId, write: DeviceWrite, tx: Write, served: Served) -> DeviceOut:
    await actions.edit(tx, device_id, write)
    return await queries.device(tx.session, device_id, tx.now, served.number())


@router.delete("/devices/{device_id}", status_code=204)
async def take_away(device_id: RowId, tx: Write) -> None:
    """The point from the device: it is signed out at once."""
    await actions.take_away(tx, device_id)


@router.post("/device-codes", status_code=201, dependencies=[Once])
async def make_code(write: CodeWrite, tx: Write, services: AppServices) -> CodeMade:
    settings = services.settings
    code_id, code, expires_at = await actions.make_code(
        tx, settings, write.point_id, part=write.part, name=write.name, days=write.days
    )
    address = address_of(settings, code)
    return CodeMade(id=code_id, code=shown(code), address=address, qr=svg(address), expires_at=expires_at)


@router.delete("/device-codes/{code_id}", status_code=204)
async def void_code(code_id: RowId, tx: Write) -> None:
    """Nobody can use it any more."""
    await actions.void_code(tx, code_id)


@router.post("/device-codes/sheet.pdf", response_class=Response, responses={200: {"content": {PDF: {}}}})
async def sheet(write: SheetWrite, actor: CurrentActor, services: AppServices, exports: AppExports) -> Response:
    """New codes, each on a page of A4 to be sent to its point. They are kept nowhere: a sheet that is lost is made
    anew, and the codes before count no more."""
    async with services.transactions(actor) as tx:
        made = await actions.make_sheet(tx, services.settings, write)
    content = await exports.make(actor, slips.pdf, *slips.sheet(services.settings, made, write.part))
    return attachment(content, PDF, "phieu-cai-dat-diem-cau.pdf")
