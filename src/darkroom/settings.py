"""What an operator can set: a TOML file, environment variables over it, options over both."""

import ipaddress
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from darkroom.core.deployment import Deployment
from darkroom.core.money import parse_dollars
from darkroom.core.price import PPM
from darkroom.core.secret import Secret

INIT_KEY_LENGTH_MIN = 32
_OTEL_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class ConfigError(Exception):
    """The configuration cannot be used; the message is one line that says what to change."""


class DeploymentSettings(BaseModel):
    """A ``[[deployments]]`` table."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")
    provider: str
    base_url: str = ""
    api_key: str = Field(default="", repr=False)
    """``env:NAME``, ``file:/path`` or the key itself."""
    models: list[str] | dict[str, str] = Field(default_factory=list[str])
    """Public names, or a table of public name to the endpoint's own name. Empty: all it can."""
    timeout_s: float = Field(default=600.0, gt=0, le=3_600)
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    price_sheet: str = ""
    """The sheet of the price book by which it charges; empty: its vendor's."""
    price_multiplier: Decimal = Field(default=Decimal(1), ge=0, le=1_000, decimal_places=6)
    """Scales every price of the sheet: ``"0.9"`` is ten per cent off."""
    price_per_image: str = ""
    """Dollars per image instead of the sheet's price: ``"0.04"``; ``"0"`` is free."""
    max_concurrent: int = Field(default=0, ge=0)
    """How many calls may run at once, of all processes together; 0: no limit."""
    requests_per_minute: int = Field(default=0, ge=0)
    """How many calls may start within a minute, of all processes together; 0: no limit."""
    weight: int = Field(default=1, ge=0, le=1_000)
    """Its share of the requests among deployments of the same price."""
    region: str = ""
    options: dict[str, str] = Field(default_factory=dict[str, str])
    """What its provider alone understands."""
    resend_unknown: bool | None = None

    @field_validator("price_per_image")
    @classmethod
    def _dollars(cls, value: str) -> str:
        if value and parse_dollars(value) < 0:
            raise ValueError("must not be negative")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_web(cls, value: str) -> str:
        return _web_address(value)

    def deployment(self) -> Deployment:
        """Raises :class:`ConfigError` when the key cannot be read."""
        models = self.models
        return Deployment(
            id=self.id,
            provider=self.provider,
            base_url=self.base_url,
            api_key=_secret(self.api_key, f"deployment '{self.id}'"),
            models=models if isinstance(models, dict) else {name: name for name in models},
            timeout_s=self.timeout_s,
            connect_timeout_s=self.connect_timeout_s,
            price_sheet=self.price_sheet,
            price_multiplier_ppm=int(self.price_multiplier * PPM),
            price_per_image=parse_dollars(self.price_per_image) if self.price_per_image else None,
            max_concurrent=self.max_concurrent,
            requests_per_minute=self.requests_per_minute,
            weight=self.weight,
            region=self.region,
            options=self.options,
            resend_unknown=self.resend_unknown,
        )


class Settings(BaseSettings):
    """Every option; the environment's twin of ``data_dir`` is ``DARKROOM_DATA_DIR``."""

    model_config = SettingsConfigDict(env_prefix="DARKROOM_", extra="forbid", env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("darkroom")))
    config: Path | None = None
    """The file these settings came from."""
    database_url: str = Field(default="", repr=False)
    """``postgresql://…`` for several processes; default: SQLite in the data folder."""
    storage_url: str = Field(default="", repr=False)
    """``s3://…``, ``gs://…``, ``az://…``; default: ``images`` in the data folder."""
    public_url: str = ""
    """The origin in links; default: the one each client used."""
    trusted_proxies: list[str] = Field(default_factory=lambda: ["127.0.0.1", "::1"])
    """Addresses or networks (CIDR) whose X-Forwarded-Proto and X-Forwarded-For are believed."""
    session_idle_s: int = Field(default=7 * 86_400, ge=60, le=366 * 86_400)
    """A browser that was not used for so long is signed out."""
    session_lifetime_s: int = Field(default=30 * 86_400, ge=60, le=366 * 86_400)
    """A browser is signed out after so long, whatever it did."""
    init_key: str = Field(default="", repr=False)
    """Seeds the first API key, for scripts."""
    default_model: str = "gpt-image-2"
    """A model of the catalogue or an alias; the alias ``default`` stands for it."""
    aliases: dict[str, str] = Field(default_factory=dict[str, str])
    """Names of one's own for models: ``fast``, ``best`` …"""
    job_deadline_s: float = Field(default=900.0, ge=1, le=86_400)
    """How long a job may take in all: every attempt, every pause, and waiting for a free place."""
    economy_deadline_s: float = Field(default=93_600.0, ge=1, le=604_800)
    """The same for jobs of the economy tier, which vendors finish within a day."""
    economy_poll_s: float = Field(default=60.0, gt=0, le=600)
    """How often a vendor is asked at most about such a job, once it has waited for some time."""
    default_dialect: str = "openai"
    """Answers requests of a shared path that look like no dialect's in particular."""
    keepalive_after_s: float = Field(default=50.0, ge=0)
    """An answer that takes longer begins with white space, for proxies; 0: it never does."""
    keepalive_every_s: float = Field(default=15.0, gt=0)
    """How often an answer or stream that is waited for gives a sign of life."""
    link_lifetime_s: int = Field(default=86_400, ge=60)
    files_lifetime_s: int = Field(default=0, ge=0)
    """How long a file of ``/v1/files`` is kept at most; 0: until it is deleted."""
    files_bytes_max: int = Field(default=10_000_000_000, ge=0)
    """What the uploaded files of one account may have in all; 0: no limit."""
    retention_days: int = Field(default=0, ge=0, le=36_500)
    """How long the images of a job are kept after its end; 0: until it is deleted. The job itself
    and its charge stay."""
    retention_attempts_days: int = Field(default=0, ge=0, le=36_500)
    """The same for a job's attempts, but for those that may have been billed for nothing."""
    retention_deliveries_days: int = Field(default=30, ge=0, le=36_500)
    """The same for webhooks that were delivered or given up; 0: for ever."""
    jobs_running_max: int = Field(default=2_000, ge=1)
    jobs_waiting_max: int = Field(default=10_000, ge=1)
    """How many more may wait; further requests are refused with 503."""
    key_requests_per_minute: int = Field(default=0, ge=0, le=100_000)
    """What an API key may ask for that has no limit of its own; 0: no limit. So the next four."""
    key_images_per_minute: int = Field(default=0, ge=0, le=100_000)
    key_bytes_per_minute: int = Field(default=0, ge=0, le=10**12)
    """Of new input images."""
    key_max_concurrent: int = Field(default=0, ge=0, le=100_000)
    """Jobs of one key that wait or run at the same time."""
    key_stored_bytes: int = Field(default=0, ge=0, le=10**15)
    """What all images of a key's account may have before it gets no more."""
    role: Literal["all", "accept"] = "all"
    """``accept``: of several processes this one takes requests, and leaves jobs and webhooks to the
    others."""
    drain_s: float = Field(default=30.0, ge=0)
    """How long running jobs and open answers may take to finish after SIGTERM, in all."""
    dead_after_s: float = Field(default=10.0, ge=1, le=600)
    """A process of several that gives no sign for so long is dead: the others take its jobs."""
    body_timeout_s: float = Field(default=600.0, gt=0)
    """How long the body of a request may take to arrive."""
    body_piece_timeout_s: float = Field(default=30.0, gt=0)
    """How long nothing of it may arrive."""
    body_bytes_per_s_min: int = Field(default=4_096, ge=0)
    """How fast it has to be on average, after that time; 0: however slow."""
    bodies_bytes_max: int = Field(default=192_000_000, ge=1 << 20)
    """Memory for the bodies of all requests that are being read."""
    bodies_wait_s: float = Field(default=5.0, ge=0, le=60)
    """How long a request waits for that before it is refused with 503."""
    connections_max: int = Field(default=4_000, ge=1)
    """How many connections one process has open; further ones are refused with 503."""
    head_timeout_s: float = Field(default=10.0, gt=0)
    """How long the headers of a request may take to arrive."""
    idle_timeout_s: float = Field(default=75.0, gt=0)
    """How long a connection stays open without a request."""
    unread_timeout_s: float = Field(default=60.0, gt=0)
    """How long an answer waits for its reader to take some of it."""
    unread_bytes_max: int = Field(default=128_000_000, ge=0)
    """Memory for answers that nobody reads; the oldest are cut off when it is full."""
    image_url_networks: list[str] = Field(default_factory=list[str])
    """Networks (CIDR) that image URLs may reach although they are not public."""
    webhook_allow_local: bool = False
    """For development: webhooks may go to this machine's loopback over plain http."""
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    access_log: bool = True
    """A line for every request that was answered."""
    metrics: Literal["local", "key", "off"] = "local"
    """Who may read ``/metrics`` without a key: whoever asks from this machine, or nobody."""
    metrics_token: str = Field(default="", repr=False)
    """Lets a scraper in, beside keys with the scope ``admin``: a text, ``env:NAME`` or
    ``file:/path``."""
    otel_endpoint: str = Field(
        default_factory=lambda: os.environ.get(_OTEL_ENDPOINT, ""), repr=False
    )
    """An OpenTelemetry collector (OTLP over HTTP) for traces; default: that variable's value."""
    otel_content: bool = False
    """Traces hold prompts, too."""
    deployments: list[DeploymentSettings] = Field(default_factory=list[DeploymentSettings])

    @field_validator("public_url", "otel_endpoint")
    @classmethod
    def _is_web(cls, value: str) -> str:
        return _web_address(value)

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "postgres://", "sqlite:///")):
            raise ValueError("starts with postgresql:// or sqlite:///")
        return value

    @field_validator("image_url_networks", "trusted_proxies")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for text in value:
            ipaddress.ip_network(text)
        return value

    @field_validator("init_key")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if value and len(value) < INIT_KEY_LENGTH_MIN:
            raise ValueError(f"needs at least {INIT_KEY_LENGTH_MIN} characters")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = config_file(init_settings().get("config"))
        toml = (TomlConfigSettingsSource(settings_cls, file),) if file else ()
        return (init_settings, env_settings, *toml)

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'darkroom.db'}"

    @property
    def resolved_storage_url(self) -> str:
        return self.storage_url or f"file://{self.data_dir / 'images'}"

    def resolved_metrics_token(self) -> Secret:
        """Raises :class:`ConfigError` when it cannot be read."""
        return _secret(self.metrics_token, "metrics_token")

    def resolved_deployments(self) -> list[Deployment]:
        """The configured ones; else OpenAI when its key is in the environment; else the sandbox."""
        if self.deployments:
            ids = [deployment.id for deployment in self.deployments]
            if twice := {name for name in ids if ids.count(name) > 1}:
                raise ConfigError(f"deployment id '{twice.pop()}' is used twice")
            return [deployment.deployment() for deployment in self.deployments]
        if key := os.environ.get("OPENAI_API_KEY"):
            return [Deployment("openai", "openai", api_key=Secret(key))]
        return [Deployment("sandbox", "sandbox")]


def load_settings(options: Mapping[str, Any]) -> Settings:
    """``options`` come from the command line; None values are left out.

    Raises :class:`ConfigError` with one line for the operator.
    """
    given = {name: value for name, value in options.items() if value is not None}
    file = config_file(given.get("config"))
    if file is not None and not file.is_file():
        raise ConfigError(f"config file {file} does not exist; create it or drop --config")
    try:
        settings = Settings(**given)
        settings.data_dir = settings.data_dir.expanduser().absolute()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        source = _source(str(first["loc"][0]) if first["loc"] else "", given, file)
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{source}: {where}: {message}") from error
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from error
    except (ValueError, RuntimeError) as error:
        # TOML, or JSON in the environment, that does not parse; the folder of an unknown user
        raise ConfigError(f"{file or 'environment'}: {error}") from error
    settings.config = file
    return settings


def config_file(chosen: Path | str | None = None) -> Path | None:
    """``chosen``, else ``DARKROOM_CONFIG``, else the usual one if it is there."""
    if chosen := chosen or os.environ.get("DARKROOM_CONFIG"):
        return Path(chosen).expanduser()
    usual = default_config_file()
    return usual if usual.is_file() else None


def default_config_file() -> Path:
    return Path(platformdirs.user_config_dir("darkroom")) / "darkroom.toml"


def _source(name: str, options: Mapping[str, Any], file: Path | None) -> str:
    """Where a setting's value came from, for the one line about what is wrong with it."""
    if name in options:
        return "option --" + name.replace("_", "-")
    variable = f"DARKROOM_{name.upper()}"
    if os.environ.get(variable):
        return f"environment variable {variable}"
    return str(file or "settings")


def _web_address(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise ValueError("starts with https:// or http://")
    return text


def _secret(text: str, owner: str) -> Secret:
    kind, _, rest = text.partition(":")
    if kind == "env":
        if rest not in os.environ:
            raise ConfigError(f"{owner}: environment variable {rest} is not set")
        return Secret(os.environ[rest])
    if kind == "file":
        try:
            return Secret(Path(rest).expanduser().read_text(encoding="utf-8").strip())
        except OSError as error:
            raise ConfigError(f"{owner}: {rest}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{owner}: {rest} is not text") from error
        except (ValueError, RuntimeError) as error:
            raise ConfigError(f"{owner}: {rest!r} cannot be a file: {error}") from error
    return Secret(text)
