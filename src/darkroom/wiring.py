"""The composition root: builds every part from the settings and joins them."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from darkroom.assets import Blobs, Ingest, Links, Results, Spool, open_blobs, process_spool
from darkroom.catalog import Catalog, PriceBook
from darkroom.core.dialect import Dialect
from darkroom.core.ids import new_id
from darkroom.core.secret import Secret
from darkroom.db import Database, DatabaseInUse, installation_value, open_database
from darkroom.dialects.openai import OpenAIDialect
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.jobs import EmbeddedEngine, JobEngine, Jobs, Pricing, Runner
from darkroom.providers.registry import provider_class
from darkroom.routing import Route, Router
from darkroom.settings import ConfigError, Settings


@dataclass(frozen=True, slots=True)
class Services:
    """What the doors work with."""

    settings: Settings
    database: Database
    blobs: Blobs
    spool: Spool
    ingest: Ingest
    links: Links
    router: Router
    pricing: Pricing
    jobs: Jobs
    dialects: tuple[Dialect, ...]
    key_pepper: Secret
    """Mixed into the digests by which API keys are looked up."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[Services, None]:
    """Open everything, work, and drain at the end.

    Raises :class:`ConfigError`, :class:`~darkroom.db.DatabaseInUse`, or ``OSError`` for a data
    folder that cannot be written.
    """
    async with AsyncExitStack() as stack:
        egress = HttpEgress()
        stack.push_async_callback(egress.close)
        router = build_router(settings, egress)
        pricing = Pricing(PriceBook.load(), _today)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = await _database(settings)
        stack.push_async_callback(database.close)
        fetcher = PublicFetcher(
            AddressGuard(settings.image_url_networks), any_port=bool(settings.image_url_networks)
        )
        stack.push_async_callback(fetcher.close)
        spool = process_spool(settings.data_dir / "spool", alone=not _many_processes(settings))
        blobs = _blobs(settings)
        ingest = Ingest(spool, blobs, fetcher, database)
        engine = _engine(settings, database)
        runner = Runner(database, router, ingest, Results(spool, blobs), owner=new_id())
        services = Services(
            settings=settings,
            database=database,
            blobs=blobs,
            spool=spool,
            ingest=ingest,
            links=Links(await _secret(database, "link_key"), settings.link_lifetime_s),
            router=router,
            pricing=pricing,
            jobs=Jobs(database, router, pricing, ingest, engine),
            dialects=build_dialects(settings.default_model),
            key_pepper=await _secret(database, "key_pepper"),
        )
        stack.push_async_callback(engine.close)
        await engine.open(runner.run)
        yield services


def build_dialects(default_model: str) -> tuple[Dialect, ...]:
    """Every inbound wire format; the first one also answers for paths that belong to none."""
    return (OpenAIDialect(default_model),)


def build_router(settings: Settings, egress: HttpEgress) -> Router:
    """Every deployment bound to its provider. Raises :class:`ConfigError`."""
    routes: list[Route] = []
    catalog = Catalog.load()
    if catalog.get(settings.default_model) is None:
        raise ConfigError(f"default_model '{settings.default_model}' is not in the catalogue")
    for listed in settings.resolved_deployments():
        try:
            provider = provider_class(listed.provider)
        except LookupError as error:
            raise ConfigError(f"deployment '{listed.id}': {error.args[0]}") from error
        unknown = [name for name in listed.models if catalog.get(name) is None]
        if unknown:
            raise ConfigError(f"deployment '{listed.id}': unknown model '{unknown[0]}'")
        deployment = replace(listed, base_url=listed.base_url or provider.default_base_url)
        routes.append(Route(deployment, provider(deployment, egress)))
    return Router(catalog, routes, _today)


async def _database(settings: Settings) -> Database:
    try:
        return await open_database(settings.resolved_database_url)
    except (DatabaseInUse, OSError):
        raise
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


def _engine(settings: Settings, database: Database) -> JobEngine:
    if _many_processes(settings):
        from darkroom.jobs.engine.distributed import ProcrastinateEngine  # [postgres] extra

        return ProcrastinateEngine(
            settings.database_url,
            running_max=settings.jobs_running_max,
            drain_s=settings.drain_s,
            dead_after_s=settings.dead_after_s,
        )
    return EmbeddedEngine(database, running_max=settings.jobs_running_max, drain_s=settings.drain_s)


def _many_processes(settings: Settings) -> bool:
    return settings.database_url.startswith("postgres")


async def _secret(database: Database, name: str) -> Secret:
    """A random secret that all processes of the installation share, made at the first start."""
    fresh = secrets.token_hex(32)
    return Secret(await database.write(lambda tx: installation_value(tx, name, fresh)))


def _today() -> date:
    return datetime.now(UTC).date()
