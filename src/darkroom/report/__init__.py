"""The HTML report: what was asked, what came, and what each image cost, in one file."""

from darkroom.report.pictures import FULL, Pictures
from darkroom.report.runs import Run, RunFile
from darkroom.report.writing import LANGUAGES, Style, write_report, write_with

__all__ = [
    "FULL",
    "LANGUAGES",
    "Pictures",
    "Run",
    "RunFile",
    "Style",
    "write_report",
    "write_with",
]
