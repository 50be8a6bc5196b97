"""The composition root: builds every part from the settings and joins them."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from darkroom.assets import (
    Blobs,
    DeadSpools,
    Disk,
    Ingest,
    Links,
    Results,
    Spool,
    Strays,
    Thumbnails,
    UnwantedBlobs,
    expired_chore,
    installation_id,
    open_blobs,
    process_spool,
)
from darkroom.catalog import Catalog, PriceBook
from darkroom.core.dialect import Dialect
from darkroom.core.drain import Drain
from darkroom.core.ids import new_id
from darkroom.core.observer import Observer
from darkroom.core.secret import Secret
from darkroom.db import (
    Chore,
    Database,
    DatabaseInUse,
    ReadOnly,
    Schema,
    SchemaMismatch,
    TimedDatabase,
    installation_value,
    open_database,
    schema_of,
)
from darkroom.dialects.apiframe import ApiframeDialect
from darkroom.dialects.evolink import EvoLinkDialect
from darkroom.dialects.openai import OpenAIDialect
from darkroom.dialects.responses import ResponsesDialect
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher, WebhookSender
from darkroom.jobs import (
    Dispatch,
    Economy,
    EmbeddedEngine,
    History,
    JobEngine,
    Jobs,
    Kept,
    Pricing,
    Runner,
    retention_chores,
)
from darkroom.providers.registry import provider_class
from darkroom.routing import CallLimits, Limits, Route, Router, SharedHealth, SharedLimits
from darkroom.settings import ConfigError, Settings
from darkroom.telemetry import hide
from darkroom.telemetry.lag import LoopLag
from darkroom.telemetry.metrics import Metrics
from darkroom.telemetry.observers import Observers
from darkroom.upkeep import Keeper
from darkroom.webhooks import Delivering, Messages, Rules, Webhooks, Worker, deliveries_chore

if TYPE_CHECKING:
    from darkroom.telemetry.traces import Providers, Traces

log = structlog.get_logger(__name__)


_WEBHOOK_DRAIN_S = 5.0
_WEBHOOK_DRAIN_MIN_S = 0.5


def utc_today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Services:
    """What the doors work with."""

    settings: Settings
    database: Database
    blobs: Blobs
    spool: Spool
    ingest: Ingest
    links: Links
    thumbnails: Thumbnails
    router: Router
    rebuilt: Callable[[Settings], Router]
    """A router with the deployments of other settings. Raises :class:`ConfigError`."""
    dispatch: Dispatch
    pricing: Pricing
    engine: JobEngine
    drain: Drain
    """When everything has to end once the server stops."""
    jobs: Jobs
    history: History
    webhooks: Webhooks
    dialects: tuple[Dialect, ...]
    key_pepper: Secret
    """Mixed into the digests by which API keys are looked up."""
    metrics: Metrics
    keeper: Keeper
    """Removes what is no longer needed."""
    traces: "Traces | None"
    """None when no collector is configured."""


@asynccontextmanager
async def running(
    settings: Settings,
    today: Callable[[], date] = utc_today,
    otel: "Providers | None" = None,
) -> AsyncGenerator[Services, None]:
    """Open everything, work, and drain at the end. ``today`` decides on prices and retirement;
    ``otel`` takes the traces, else the collector of the settings, if there is one.

    Raises :class:`ConfigError`, :class:`~darkroom.db.DatabaseInUse`, or ``OSError`` for a data
    folder that cannot be written.
    """
    _hide(settings)
    async with AsyncExitStack() as stack:
        fetcher = PublicFetcher(
            AddressGuard(settings.image_url_networks), any_port=bool(settings.image_url_networks)
        )
        stack.push_async_callback(fetcher.close)
        egress = HttpEgress(fetcher)
        stack.push_async_callback(egress.close)
        router = build_router(settings, egress, today)
        pricing = Pricing(PriceBook.load(), today)
        Disk().make_folder(settings.data_dir)
        metrics, traces = Metrics(), _traces(settings, otel, stack)
        observer = Observers([metrics] if traces is None else [metrics, traces])
        database = await _timed_database(settings, observer, stack)
        spool = process_spool(settings.data_dir / "spool", alone=not _many_processes(settings))
        blobs = _blobs(settings)
        links = Links(await _secret(database, "link_key"), settings.link_lifetime_s)
        ingest = Ingest(spool, blobs, fetcher, database, links)
        engine = _engine(settings, database)
        drain, owner = Drain(settings.drain_s), new_id()
        limits = await _limits(settings, database, owner, stack)
        dispatch = _dispatch(settings, router, limits)
        await _shared_health(database, dispatch, stack)
        runner = Runner(database, dispatch, ingest, Results(spool, blobs), owner=owner)
        dialects, rules = _dialects(settings), Rules(settings.webhook_allow_local)
        services = Services(
            settings=settings,
            database=database,
            blobs=blobs,
            spool=spool,
            ingest=ingest,
            links=links,
            thumbnails=Thumbnails(spool, blobs, database),
            router=router,
            rebuilt=lambda changed: build_router(changed, egress, today),
            dispatch=dispatch,
            pricing=pricing,
            engine=engine,
            drain=drain,
            jobs=Jobs(database, dispatch, pricing, ingest, engine, rules),
            history=History(database),
            webhooks=Webhooks(database, dialects, rules),
            dialects=dialects,
            key_pepper=await _secret(database, "key_pepper"),
            metrics=metrics,
            keeper=Keeper(database, owner, build_chores(settings, database, blobs)),
            traces=traces,
        )
        worker = _webhook_worker(services, rules, stack)
        _told(observer, runner, services, worker)
        _beside(services, stack)
        # after the engine: it tells what that ended with
        stack.push_async_callback(lambda: worker.close(_webhook_drain_s(drain)))
        stack.push_async_callback(engine.close)
        await engine.open(runner.run)
        if settings.role == "all":
            await worker.open()
        yield services


def _hide(settings: Settings) -> None:
    """What the settings hold of secrets appears in no log line."""
    password = urlsplit(settings.database_url).password or ""
    hide(settings.init_key, settings.resolved_metrics_token(), password)


def _beside(services: Services, stack: AsyncExitStack) -> None:
    """What goes on without being asked for."""
    lag = LoopLag(services.metrics.loop_lag.observe)
    stack.push_async_callback(lag.close)
    lag.open()
    stack.push_async_callback(services.keeper.close)
    services.keeper.open()


def _told(observer: Observer, runner: Runner, services: Services, worker: Worker) -> None:
    runner.observer = observer
    services.jobs.observer = observer
    services.keeper.observer = observer
    worker.observer = observer


def _traces(settings: Settings, otel: "Providers | None", stack: AsyncExitStack) -> "Traces | None":
    if otel is None and settings.otel_endpoint:
        from darkroom.telemetry.exporting import ExporterMissing, exporting  # [otel] extra

        try:
            exports = exporting(settings.otel_endpoint)
        except ExporterMissing as error:
            why = "otel_endpoint needs the packages of the extra [otel]; install darkroom[otel]"
            if "otel_endpoint" in settings.model_fields_set:
                raise ConfigError(why) from error
            log.warning("traces_off", why=why)  # the variable may be meant for others
            return None
        stack.push_async_callback(asyncio.to_thread, exports.close)
        otel = exports.providers
    if otel is None:
        return None
    from darkroom.telemetry.traces import Traces

    return Traces(otel, content=settings.otel_content)


def build_chores(settings: Settings, database: Database, blobs: Blobs) -> tuple[Chore, ...]:
    """What is removed by and by; bytes last, when nothing names them any more."""
    longest_s = max(settings.job_deadline_s, settings.economy_deadline_s)
    kept = Kept(settings.retention_days, settings.retention_attempts_days, settings.link_lifetime_s)
    days = settings.retention_deliveries_days
    return (
        expired_chore(database, int(longest_s * 1000)),
        *retention_chores(database, kept),
        *((deliveries_chore(database, days),) if days else ()),
        DeadSpools(settings.data_dir / "spool"),
        Strays(database, blobs),
        UnwantedBlobs(database, blobs),
    )


def build_dialects() -> tuple[Dialect, ...]:
    """Every inbound wire format; the first one also answers for paths that belong to none."""
    return (OpenAIDialect(), ApiframeDialect(), EvoLinkDialect(), ResponsesDialect())


def _dialects(settings: Settings) -> tuple[Dialect, ...]:
    dialects = build_dialects()
    names = [dialect.name for dialect in dialects]
    if settings.default_dialect not in names:
        raise ConfigError(f"default_dialect is one of {', '.join(names)}")
    return dialects


def build_router(
    settings: Settings, egress: HttpEgress, today: Callable[[], date] = utc_today
) -> Router:
    """Every deployment bound to its provider. Raises :class:`ConfigError`."""
    routes: list[Route] = []
    catalog = Catalog.load()
    for listed in settings.resolved_deployments():
        hide(listed.api_key)
        unknown = [name for name in listed.models if catalog.get(name) is None]
        if unknown:
            raise ConfigError(f"deployment '{listed.id}': unknown model '{unknown[0]}'")
        try:
            provider = provider_class(listed.provider)
            deployment = replace(listed, base_url=listed.base_url or provider.default_base_url)
            routes.append(Route(deployment, provider(deployment, egress)))
        except (LookupError, ValueError) as error:
            raise ConfigError(f"deployment '{listed.id}': {error.args[0]}") from error
    router = Router(catalog, routes, today, settings.default_model, settings.aliases)
    _check_names(settings, catalog, router)
    return router


def _check_names(settings: Settings, catalog: Catalog, router: Router) -> None:
    """Every alias leads to a model, and hides none. Raises :class:`ConfigError`."""
    if not router.knows_model(settings.default_model):
        raise ConfigError(f"default_model '{settings.default_model}' is not in the catalogue")
    for name, model in settings.aliases.items():
        if catalog.get(name) is not None:
            raise ConfigError(f"aliases: '{name}' is a model's own name; choose another")
        if not router.knows_model(name):
            raise ConfigError(f"aliases: '{name}' stands for '{model}', which is no model")


async def migrated(settings: Settings) -> Schema:
    """Bring the schema up to date, and nothing else. Raises like :func:`running`."""
    Disk().make_folder(settings.data_dir)
    database = await _database(settings, upgrading=True)
    try:
        if _many_processes(settings):
            from darkroom.jobs.engine.distributed import make_queue  # [postgres] extra

            await asyncio.to_thread(make_queue, settings.database_url)
        return await database.read(schema_of)
    finally:
        await database.close()


@asynccontextmanager
async def stored(
    settings: Settings, *, read_only: bool = False
) -> AsyncGenerator[tuple[Database, Blobs]]:
    """Database and images alone, for a command that looks after them. Raises like :func:`running`.

    ``read_only``: a server may be at work; nothing changes, not even the schema.
    """
    if read_only:
        database: Database = ReadOnly(settings.resolved_database_url)
    else:
        database = await _database(settings)
    try:
        yield database, _blobs(settings)
    finally:
        await database.close()


async def _timed_database(
    settings: Settings, observer: Observer, stack: AsyncExitStack
) -> TimedDatabase:
    database = TimedDatabase(await _database(settings), observer)
    stack.push_async_callback(database.close)
    await installation_id(database)  # it says since when: before the first image
    return database


async def _database(settings: Settings, *, upgrading: bool = False) -> Database:
    try:
        return await open_database(settings.resolved_database_url, upgrading=upgrading)
    except (DatabaseInUse, OSError):
        raise
    except SchemaMismatch as error:
        raise ConfigError(str(error)) from error
    except Exception as error:
        # What a driver raises is known to db alone; its first line says what is wrong.
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ConfigError(f"the database cannot be opened: {reason}") from error


def _blobs(settings: Settings) -> Blobs:
    try:
        return open_blobs(settings.resolved_storage_url)
    except OSError:
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ConfigError(f"storage_url cannot be used: {reason}") from error


def _dispatch(settings: Settings, router: Router, limits: CallLimits) -> Dispatch:
    dispatch = Dispatch(router, limits=limits, deadline_s=settings.job_deadline_s)
    dispatch.economy = Economy(settings.economy_deadline_s, settings.economy_poll_s)
    return dispatch


async def _shared_health(database: Database, dispatch: Dispatch, stack: AsyncExitStack) -> None:
    health = SharedHealth(database, dispatch.health)
    stack.push_async_callback(health.close)
    await health.open()


async def _limits(
    settings: Settings, database: Database, owner: str, stack: AsyncExitStack
) -> CallLimits:
    if not _many_processes(settings):
        return Limits()
    shared = SharedLimits(database, owner, lease_s=2 * settings.dead_after_s)
    stack.push_async_callback(shared.close)
    await shared.open()
    return shared


def _webhook_drain_s(drain: Drain) -> float:
    """What is left of the server's time, and enough for a quick receiver when nothing is."""
    return min(_WEBHOOK_DRAIN_S, max(_WEBHOOK_DRAIN_MIN_S, drain.left_s))


def _engine(settings: Settings, database: Database) -> JobEngine:
    works = settings.role == "all"
    if _many_processes(settings):
        from darkroom.jobs.engine.distributed import ProcrastinateEngine  # [postgres] extra

        return ProcrastinateEngine(
            database,
            settings.database_url,
            running_max=settings.jobs_running_max if works else 0,
            drain_s=settings.drain_s,
            dead_after_s=settings.dead_after_s,
            waiting_max=settings.jobs_waiting_max,
        )
    if not works:
        raise ConfigError(f"role '{settings.role}' needs processes that work: set database_url")
    return EmbeddedEngine(
        database,
        running_max=settings.jobs_running_max,
        drain_s=settings.drain_s,
        waiting_max=settings.jobs_waiting_max,
    )


def _webhook_worker(services: Services, rules: Rules, stack: AsyncExitStack) -> Worker:
    settings = services.settings
    if rules.allow_local:
        log.warning(
            "webhook_allow_local",
            danger="webhooks may reach this machine over plain http: for development only",
        )
    sender = WebhookSender(allow_local=rules.allow_local)
    stack.push_async_callback(sender.close)
    messages = Messages(services.dialects, services.jobs.get, services.links.url)
    alone = not _many_processes(settings)
    drain_s = min(settings.drain_s, _WEBHOOK_DRAIN_S)
    delivering = Delivering(sender, messages, rules, alone=alone, drain_s=drain_s)
    return Worker(services.database, delivering)


def _many_processes(settings: Settings) -> bool:
    return settings.database_url.startswith("postgres")


async def _secret(database: Database, name: str) -> Secret:
    """A random secret that all processes of the installation share, made at the first start."""
    fresh = secrets.token_hex(32)
    secret = Secret(await database.write(lambda tx: installation_value(tx, name, fresh)))
    hide(secret)
    return secret
