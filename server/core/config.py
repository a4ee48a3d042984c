"""Settings, from the environment (`NHIPCAU_…`) or a `.env` file. The README's configuration table lists them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.core.setting_forms import (
    Addresses,
    BackupKey,
    BackupPlace,
    BareAddress,
    DatabaseUrl,
    ExistingFolder,
    HostAndPort,
    HostAndPortOrOff,
    HttpUrl,
    ImapUrl,
    MailUrl,
    RateLimit,
    RelayUrl,
    ScannerPlace,
    SiteUrl,
    StoreUrl,
    TimeOfDay,
    TimeZone,
    relay_without_secret,
)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="NHIPCAU_", env_file=".env", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: SiteUrl | None = None
    """What browsers type, e.g. "https://hop.lamdong.example". Default: what an administrator has set, else
    http://host:port."""

    extra_origins: str = ""
    """Other addresses (comma separated) that browsers type: an inner name beside the public one."""

    time_zone: TimeZone | None = None
    """IANA name. Default: what an administrator has set, else Asia/Ho_Chi_Minh."""

    backup_mark: Path | None = None
    """File that the backup touches when it is done; default: `var/last-backup`."""
    backup_to: BackupPlace | None = None
    """Where `nhipcau backup` puts its backups: a folder, or an `obstore` URL ("s3://bucket/prefix")."""
    backup_key: BackupKey | None = None
    """The public key (age) they are encrypted for; its other half, which opens them, is kept elsewhere."""
    backup_at: TimeOfDay | None = None
    """When the server makes one each day, by the wall's clock; default: never by itself."""
    backup_keep: int = Field(default=30, ge=1)
    """Backups that stay; older ones are deleted."""

    var: Path = Path("var")
    """Everything the server writes: database, secrets, run files."""
    database_url: DatabaseUrl | None = None
    """SQLAlchemy URL; default SQLite in `var`. PostgreSQL: postgresql+psycopg://…"""

    database_pool: int = Field(default=20, ge=2)
    """Connections to the database that a process keeps; in a rush half as many more. PostgreSQL has to allow them
    (`max_connections`) for all processes together, and 6 more for each of them that reads beside."""
    threads: int = Field(default=16, ge=2)
    """For files and workbooks, which wait for the disk more than they compute. Password checks have their own."""

    web: Path = Path(__file__).parents[2] / "web" / "build"
    """The built web application."""
    trusted_proxies: Addresses = "127.0.0.1"
    """Addresses (comma separated) whose X-Forwarded-For and -Proto are believed."""

    media_bind: HostAndPort | None = None
    """UDP address of the embedded media node, "host:port"; default: `host` with port 7000."""
    media_advertise: tuple[str, ...] = ()
    """Where browsers reach the media node, "ip" or "ip:port" ("[ip]:port" for IPv6); default: `media_bind`'s own."""
    media_tcp_bind: HostAndPortOrOff | None = None
    """TCP address of the embedded media node, for halls whose line lets no UDP through; default: as `media_bind`, if
    that port is free."""
    media_tcp_advertise: tuple[str, ...] = ()
    """Where browsers reach it; default: as `media_advertise`, with `media_tcp_bind`'s port if that is set."""
    media_embedded: bool = True
    """Start and supervise a media node beside the server. False: nodes are started by hand (`nhipcau node`)."""
    media_secret: str | None = None
    """What the tokens of nodes are made from; default: made once and kept in `var/media.secret`."""
    media_revoked: str = ""
    """Names (comma separated) of nodes whose tokens count no more."""
    media_plain_line: bool = False
    """Nodes on other machines may dial in without TLS: on a network that is trusted as a whole."""

    turn_urls: tuple[RelayUrl, ...] = ()
    """Relays (coturn) for browsers that no port of the node can be reached from: "turn:host:3478?transport=udp",
    "turns:host:443?transport=tcp"."""
    turn_secret: str | None = Field(default=None, validate_default=True)
    """coturn's `static-auth-secret`, which the browsers' credentials are made from."""

    session_days: int = Field(default=30, ge=1)
    hall_session_days: int = Field(default=400, ge=1)
    """How long a hall's device may be switched off; one that is used never has to sign in again. No browser keeps a
    cookie for more than 400 days."""
    login_attempts: RateLimit = "10/minute"
    """For each login name and each address (`limits` notation)."""
    second_factor: Literal["required", "optional"] | None = None
    """Whether administrators need an authenticator app; default: once the public address is https:."""
    second_factor_key: str | None = None
    """What the keys of these apps are encrypted with; default: made once and kept in `var/second-factor.key`."""
    inactive_days: int = Field(default=0, ge=0)
    """An account that nobody has used for so long is closed, a week after an e-mail says so. 0: none is."""
    oidc_issuer: SiteUrl | None = None
    """OpenID provider that people may sign in with: its issuer, as it calls itself."""
    oidc_client_id: str | None = None
    """What this system is called there; without it nobody signs in there."""
    oidc_client_secret: str | None = None
    oidc_name: str = ""
    """Of the provider, on the button; default: its host."""
    oidc_email_trusted: bool = False
    """Its e-mail addresses are its own people's, although it does not say `email_verified`."""
    oidc_second_factor: str = ""
    """Values (comma separated) of `acr` or `amr` that stand for a second factor: "otp,hwk". Without one, administrators
    type a code of their app here, too."""
    argon2_parallel: int = Field(default=2, ge=1)
    """Password checks at the same time: each takes 64 MiB and about 0.1 s."""

    lost_after_seconds: float = 8.0
    """A hall whose live channel is gone this long counts as lost (before, its place is kept silently)."""
    return_after_seconds: float = Field(default=30.0, ge=0)
    """The stage returns to the main point when the hall on it has been lost this long, unless a console has it wait. 0:
    never by itself."""
    log_json: bool = False
    metrics_token: Annotated[str, Field(min_length=16)] | None = None
    """Bearer token for `/metrics` (Prometheus). None: there is no such page."""
    audit_key: str | None = None
    """Key of the audit log's chain; default: made once and kept in `var/audit.key`. Kept elsewhere, it protects the log
    from whoever can write everything in `var`, too."""
    keep_sessions_days: int = Field(default=90, ge=90)
    """Sessions and links after their end, with addresses: the trace of who came from where. The law asks for three
    months of logs at least."""
    keep_requests_days: int = Field(default=90, ge=1)
    """What strangers typed who asked to be let in, rows of imports, failed work: names and telephones."""
    keep_messages_days: int = Field(default=400, ge=90)
    """E-mails, text messages and notices."""
    keep_events_days: int = Field(default=400, ge=90)
    """What went on in a meeting, after its end, and halls' tests; the record of it stays."""
    idle_lock_minutes: int = Field(default=15, ge=0, le=240)
    """The desk of somebody with a role, untouched for so long, locks itself. 0: never."""
    log_stalls_ms: float = Field(default=50.0, gt=0)
    """The event loop standing still for longer is logged, with what held it."""

    storage_url: StoreUrl | None = None
    """Where papers lie (`obstore` URL: "s3://bucket/prefix"); default: the folder `var/papers`."""
    isolated: bool = False
    """Declared by the operator: this system has no way to the Internet, so papers marked secret are let in."""
    upload_max_mb: int = Field(default=200, ge=1)
    disk_reserve_mb: int = Field(default=1024, ge=1)
    """What uploads leave free on the disk, for the database and all else that must go on."""
    conversion_parallel: int = Field(default=1, ge=1)
    """Papers converted at the same time; each takes up to a core and 2 GiB."""
    conversion_memory_mb: int = Field(default=3072, ge=512)
    conversion_seconds: int = Field(default=900, ge=30)
    """Longest time for one paper."""
    conversion_isolation: Literal["bwrap", "network", "none"] = "bwrap"
    """How the programs that open papers are shut in; see `conversion.isolation`. Without bubblewrap they do not run,
    unless one of the weaker ways is chosen here."""
    pack_volume_mb: int = Field(default=512, ge=1)
    """A meeting pack of more is bound in numbered volumes."""
    pages_max: int = Field(default=2000, ge=1)
    clamd: ScannerPlace | None = None
    """Virus scanner: "unix:/run/clamav/clamd.ctl" or "tcp:127.0.0.1:3310". None: files are not scanned."""
    trust_roots: ExistingFolder | None = None
    """Folder of CA certificates (PEM) that signatures in papers are checked against."""

    smtp_url: MailUrl | None = None
    """"smtp://user:password@host:587" or "smtps://…:465". None: no e-mail is sent, links are handed out."""
    mail_from: str = "Nhịp Cầu <khong-tra-loi@localhost>"
    bounce_address: BareAddress | None = None
    """Where e-mails that cannot be delivered come back to; each with a mark of its own before the @, behind a "+". What
    arrives there is piped into `nhipcau bounce`. None: to `mail_from`."""
    bounce_imap_url: ImapUrl | None = None
    """"imaps://user:password@host/INBOX": where that address is read every minute, instead of a pipe."""
    mail_retry_seconds: float = 60.0
    """First pause after a failed delivery; it doubles, at most an hour, eight times."""

    sms_url: HttpUrl | None = None
    """Gateway that text messages are posted to (`notifications.sms.gateway`). None: they are written to files in
    `var/sms`."""
    sms_token: str | None = None
    """Bearer token for it."""
    sms_sender: str = Field(default="", max_length=20)
    """Name that the gateway shows as the sender, registered with the networks."""

    @field_validator("turn_secret")
    @classmethod
    def _secret_of_relays(cls, secret: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("turn_urls") and not secret:
            raise relay_without_secret()
        return secret

    @property
    def second_factor_required(self) -> bool:
        if self.second_factor is None:
            return self.url.startswith("https:")
        return self.second_factor == "required"

    @property
    def url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def last_backup(self) -> Path:
        return self.backup_mark or self.var / "last-backup"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.var.resolve() / 'nhipcau.db'}"

    @property
    def media_address(self) -> str:
        return self.media_bind or f"{self.host}:7000"
