"""Image bytes: taken in, checked, stored under their hash, handed out by expiring links."""

from darkroom.assets.blobs import Blobs, open_blobs
from darkroom.assets.ingest import Ingest, Taken, facts_of
from darkroom.assets.links import EXTENSIONS, Links
from darkroom.assets.records import add as add_assets
from darkroom.assets.records import get as get_asset
from darkroom.assets.records import get_owned as get_owned_asset
from darkroom.assets.records import of_job as assets_of_job
from darkroom.assets.records import of_jobs as assets_of_jobs
from darkroom.assets.records import remove as remove_upload
from darkroom.assets.records import uploads
from darkroom.assets.results import Kept, Results
from darkroom.assets.spool import UPLOAD_BYTES_MAX, Spool, SpoolWriter, process_spool

__all__ = [
    "EXTENSIONS",
    "UPLOAD_BYTES_MAX",
    "Blobs",
    "Ingest",
    "Kept",
    "Links",
    "Results",
    "Spool",
    "SpoolWriter",
    "Taken",
    "add_assets",
    "assets_of_job",
    "assets_of_jobs",
    "facts_of",
    "get_asset",
    "get_owned_asset",
    "open_blobs",
    "process_spool",
    "remove_upload",
    "uploads",
]
