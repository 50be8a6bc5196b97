"""A spool in a test's folder, and the sink of one attempt that keeps what it is given."""

from pathlib import Path

from darkroom.assets import Spool, SpoolWriter
from darkroom.core.result import SpooledImage


class FolderSink:
    """``partials``: the previews handed over, in order; ``left``: what lies in the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = Spool(folder)
        self.partials: list[tuple[int, bytes]] = []

    def writer(self) -> SpoolWriter:
        return self.spool.result()

    async def partial(self, index: int, image: SpooledImage) -> None:
        self.partials.append((index, image.path.read_bytes()))
        image.path.unlink()

    @property
    def left(self) -> list[Path]:
        return sorted(self.folder.iterdir())


def spooled(spool: Spool, data: bytes) -> SpooledImage:
    writer = spool.upload()
    writer.write(data)
    return writer.finish()
