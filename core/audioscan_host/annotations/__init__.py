"""What people labelled, and the readers of label files, a file per format."""

from audioscan_host.annotations.annotation import Annotation, Role, marked, positive_labels
from audioscan_host.annotations.corrections import corrected
from audioscan_host.annotations.header_table import COLUMNS
from audioscan_host.annotations.reading import files_of, read_annotations
from audioscan_host.annotations.reviewing import read_review

__all__ = [
    "COLUMNS",
    "Annotation",
    "Role",
    "corrected",
    "files_of",
    "marked",
    "positive_labels",
    "read_annotations",
    "read_review",
]
