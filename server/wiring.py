"""The server's table of contents: the routers, and what runs beside them while the server is up."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import of_units as accounts_of_units
from server.accounts.actions import merging as accounts_merging
from server.accounts.dormancy import dormancy_job, nightly
from server.accounts.hooks import AccountHooks
from server.accounts.live import live_feature as people_live
from server.accounts.openid.routes import router as openid
from server.accounts.password_reset import password_reset_job
from server.accounts.post_changes import daily_turn, post_changes_job
from server.accounts.routes import router as accounts
from server.attendance.people import anonymised as attendance_anonymised
from server.attendance.people import leave_by_reply, totals
from server.attendance.people import live as turnout
from server.attendance.people import merging as attendance_merging
from server.attendance.people.events import delegates_changed
from server.attendance.people.routes import router as attendance_of_people
from server.attendance.people.totals_cache import TotalsCache
from server.attendance.routes import router as attendance
from server.audit.routes import router as audit
from server.backup.jobs import backup_job
from server.backup.jobs import nightly as nightly_backup
from server.ballots import actions as ballots_following
from server.ballots import anonymised as ballots_anonymised
from server.ballots.keeping import sweeping_keys
from server.ballots.live import live_feature as ballots_live
from server.ballots.live import load as ballots_entities
from server.ballots.routes import casting
from server.ballots.routes import router as ballots
from server.conference.live.feature import entities as conference_entities
from server.conference.membership import points_removed
from server.conference.nodes.routes import router as media_nodes
from server.conference.routes import router as conference
from server.core.components import Components
from server.core.services import Services
from server.devices.actions import hall_opened
from server.devices.routes import router as devices
from server.edge.health import router as health
from server.edge.page_faults import router as page_faults
from server.exchange.actions import person_anonymised as import_rows_anonymised
from server.exchange.jobs import exchange_job
from server.exchange.routes import router as exchange
from server.invitations import anonymised as invitations_anonymised
from server.invitations import merging as invitations_merging
from server.invitations.copying import copy_job, meeting_copied
from server.invitations.delegates import points_removed as delegates_without_hall
from server.invitations.devices import came_by_link
from server.invitations.entry_routes import router as door
from server.invitations.hooks import DelegateListHooks, ReplyHooks
from server.invitations.links import send_job
from server.invitations.nominations.jobs import look_job, write_job
from server.invitations.nominations.routes import router as nominations
from server.invitations.official import attaching
from server.invitations.official.printing import print_job
from server.invitations.official.routes import router as letters
from server.invitations.replies.reminders import remind_job
from server.invitations.replies.routes import router as replies
from server.invitations.routes import router as invitations
from server.invitations.sms.actions import sms_invite_job
from server.invitations.sms.routes import router as sms
from server.jobs.workers import JobKind, beside
from server.live.feature import LiveFeature
from server.meetings import anonymised as meetings_anonymised
from server.meetings import merging as meetings_merging
from server.meetings import of_units as meetings_of_units
from server.meetings.announcements import attaching as announcement_files
from server.meetings.announcements.jobs import announce_job
from server.meetings.feeds.routes import router as calendar
from server.meetings.hooks import Follower, MeetingHooks
from server.meetings.leaders import led_by
from server.meetings.live.commands import live_feature
from server.meetings.planning import of_units as plans_of_units
from server.meetings.planning.routes import router as planning
from server.meetings.planning.series import follow_job, make_job
from server.meetings.planning.series_end import end_job
from server.meetings.role_routes import router as roles
from server.meetings.routes import router as meetings
from server.notifications.bounce_mailbox import reading_bounces
from server.notifications.crew import Crew, crewed
from server.notifications.delivery import mail_job
from server.notifications.hooks import MailHooks
from server.notifications.routes import router as notifications
from server.notifications.sms.delivery import sms_job
from server.organisations.hooks import OrganisationHooks
from server.organisations.routes import router as organisations
from server.papers import anonymised as papers_anonymised
from server.papers import meeting_hooks as papers_following
from server.papers import merging as papers_merging
from server.papers import substitutes as papers_of_substitutes
from server.papers.delivery.routes import router as take_away
from server.papers.hooks import PaperHooks
from server.papers.live import entities as papers_entities
from server.papers.live import live_feature as documents_live
from server.papers.notices import tell_job
from server.papers.packs.binding import pack_job
from server.papers.processing import small_version_job, version_job
from server.papers.routes import router as documents
from server.papers.storage_cleanup import sweeping
from server.papers.uploads.receiving import clearing
from server.papers.uploads.routes import router as uploads
from server.presentation.actions import paper_renewed, paper_withdrawn, readers_changed
from server.presentation.live.commands import live_feature as presentation
from server.readiness import rehearsals
from server.readiness.papers import ReadingFigures
from server.readiness.reminding import remind_job as remind_technicians_job
from server.readiness.routes import router as readiness
from server.reading import anonymised as reading_anonymised
from server.reading import merging as reading_merging
from server.reading.live import live_feature as reading_live
from server.reading.opened import people_who_opened
from server.reading.routes import router as reading
from server.retention import daily, retention_job
from server.speaking import anonymised as speaking_anonymised
from server.speaking.routes import router as speaking
from server.system.routes import router as system
from server.system.routes import watching
from server.system.trials import running as trials

ROUTERS: list[APIRouter] = [
    # Tried in this order: first what thousands ask for at once.
    take_away,
    documents,
    attendance_of_people,
    casting,
    reading,
    health,
    page_faults,
    accounts,
    openid,
    devices,
    organisations,
    meetings,
    roles,
    planning,
    calendar,
    conference,
    speaking,
    ballots,
    readiness,
    attendance,
    invitations,
    nominations,
    replies,
    letters,
    sms,
    door,
    notifications,
    media_nodes,
    uploads,
    exchange,
    audit,
    system,
    watching,
]
"""Routes are looked for in this order, so what thousands call within minutes comes first."""

LIVE: list[LiveFeature] = [
    live_feature,
    people_live,
    documents_live,
    turnout.live_feature,
    ballots_live,
    reading_live,
    presentation,
]
"""What the live channel carries beside the conference's own part."""


def components() -> Components:
    """Of a new application: what features below call of features above, and what transactions keep for the next."""
    return Components(
        MeetingHooks(
            [
                Follower(conference_entities, points_removed),
                Follower(
                    papers_entities,
                    items_going=papers_following.items_going,
                    edited=papers_following.edited,
                    deleting=papers_following.deleting,
                ),
                Follower(None, delegates_without_hall, copied=meeting_copied),
                Follower(turnout.entities),
                Follower(
                    ballots_entities,
                    items_going=ballots_following.items_going,
                    stepped=ballots_following.meeting_stepped,
                ),
                Follower(None, stepped=rehearsals.meeting_stepped),
            ]
        ),
        AccountHooks(
            led=[led_by],
            came_by_link=[came_by_link],
            hall_opened=[hall_opened],
            anonymised=[
                meetings_anonymised.person_anonymised,
                invitations_anonymised.person_anonymised,
                papers_anonymised.person_anonymised,
                reading_anonymised.person_anonymised,
                attendance_anonymised.person_anonymised,
                speaking_anonymised.person_anonymised,
                ballots_anonymised.person_anonymised,
                import_rows_anonymised,
            ],
            person_uses=[
                accounts_merging.person_uses,
                meetings_merging.person_uses,
                papers_merging.person_uses,
                reading_merging.person_uses,
                attendance_merging.person_uses,
            ],
            merging=[
                meetings_merging.person_merging,
                papers_merging.person_merging,
                reading_merging.person_merging,
            ],
            merged=[attendance_merging.person_merged, invitations_merging.person_merged],
        ),
        OrganisationHooks(
            unit_uses=[accounts_of_units.unit_uses, meetings_of_units.unit_uses, plans_of_units.unit_uses],
            point_uses=[accounts_of_units.point_uses, meetings_of_units.point_uses],
            people_handed_over=[accounts_of_units.people_handed_over],
            plans_handed_over=[plans_of_units.plans_handed_over],
            unit_ended=[accounts_of_units.unit_ended],
        ),
        DelegateListHooks([delegates_changed]),
        MailHooks({attaching.KIND: attaching.attach, announcement_files.KIND: announcement_files.attach}),
        Crew(),
        ReplyHooks(absent=[leave_by_reply.absence_told], replaced=[papers_of_substitutes.person_replaced]),
        PaperHooks([people_who_opened], [paper_withdrawn], [readers_changed], [paper_renewed]),
        TotalsCache(),
        ReadingFigures(),
    )


JOBS: list[JobKind] = [
    mail_job,
    sms_job,
    sweeping,
    version_job,
    small_version_job,
    clearing,
    pack_job,
    send_job,
    print_job,
    sms_invite_job,
    remind_job,
    write_job,
    look_job,
    copy_job,
    announce_job,
    make_job,
    follow_job,
    end_job,
    remind_technicians_job,
    tell_job,
    retention_job,
    post_changes_job,
    dormancy_job,
    password_reset_job,
    exchange_job,
    backup_job,
]
"""Work that outlives requests."""

BESIDE: list[Callable[[Services], AbstractAsyncContextManager[None]]] = [
    crewed,
    reading_bounces,
    beside(JOBS),
    daily,
    daily_turn,
    nightly,
    nightly_backup,
    sweeping_keys,
    trials,
]
"""Entered in this order when the server starts, left in the reverse order when it stops."""

PREPARED: list[Callable[[AsyncSession], Awaitable[None]]] = [totals.prepare]
"""Statements that are long to lay out; before the server listens."""
