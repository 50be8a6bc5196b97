"""Image bytes: taken in, checked, stored under their hash, handed out by expiring links."""

from darkroom.assets.audit import Flaws, audit
from darkroom.assets.blobs import Blobs, Disk, open_blobs
from darkroom.assets.ingest import Ingest, Taken, facts_of
from darkroom.assets.links import EXTENSIONS, Links, small_name
from darkroom.assets.ownership import MARK, Ownership, installation_id
from darkroom.assets.records import (
    USUAL_PURPOSE,
    check_quota,
    count_uploads,
    hand_over,
    keep_upload,
    last_makers,
    makers,
    note_removed,
    remove_of_job,
    stored_by_kind,
    stored_bytes,
    upload_page,
    uploads,
    was_removed,
)
from darkroom.assets.records import add as add_assets
from darkroom.assets.records import get as get_asset
from darkroom.assets.records import get_owned as get_owned_asset
from darkroom.assets.records import of_job as assets_of_job
from darkroom.assets.records import of_jobs as assets_of_jobs
from darkroom.assets.records import owned as owned_assets
from darkroom.assets.records import remove as remove_upload
from darkroom.assets.results import Kept, Results
from darkroom.assets.spool import UPLOAD_BYTES_MAX, Spool, SpoolWriter, process_spool, write_all
from darkroom.assets.sweep import DeadSpools, Strays, UnwantedBlobs, expired_chore
from darkroom.assets.thumbnails import EDGES, PREVIEW_EDGE, THUMBNAIL_EDGE, Thumbnails

__all__ = [
    "EDGES",
    "EXTENSIONS",
    "MARK",
    "PREVIEW_EDGE",
    "THUMBNAIL_EDGE",
    "UPLOAD_BYTES_MAX",
    "USUAL_PURPOSE",
    "Blobs",
    "DeadSpools",
    "Disk",
    "Flaws",
    "Ingest",
    "Kept",
    "Links",
    "Ownership",
    "Results",
    "Spool",
    "SpoolWriter",
    "Strays",
    "Taken",
    "Thumbnails",
    "UnwantedBlobs",
    "add_assets",
    "assets_of_job",
    "assets_of_jobs",
    "audit",
    "check_quota",
    "count_uploads",
    "expired_chore",
    "facts_of",
    "get_asset",
    "get_owned_asset",
    "hand_over",
    "installation_id",
    "keep_upload",
    "last_makers",
    "makers",
    "note_removed",
    "open_blobs",
    "owned_assets",
    "process_spool",
    "remove_of_job",
    "remove_upload",
    "small_name",
    "stored_by_kind",
    "stored_bytes",
    "upload_page",
    "uploads",
    "was_removed",
    "write_all",
]
