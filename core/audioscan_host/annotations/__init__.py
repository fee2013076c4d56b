"""What people labelled, and the readers of label files, a file per format."""

from audioscan_host.annotations.annotation import Annotation, Role, positive_labels
from audioscan_host.annotations.corrections import corrected
from audioscan_host.annotations.header_table import COLUMNS
from audioscan_host.annotations.reading import read_annotations

__all__ = ["COLUMNS", "Annotation", "Role", "corrected", "positive_labels", "read_annotations"]
