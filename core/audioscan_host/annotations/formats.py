"""The formats of label files that are read, in the order in which they are asked."""

from audioscan_host.annotations.aoef import is_aoef, read_aoef
from audioscan_host.annotations.audacity import is_audacity, read_audacity
from audioscan_host.annotations.avianz import is_avianz, read_avianz
from audioscan_host.annotations.cells import column_names
from audioscan_host.annotations.dcase import has_header, read_dcase, starts_with_event
from audioscan_host.annotations.elan import is_elan, read_elan
from audioscan_host.annotations.few_shot import is_few_shot, read_few_shot
from audioscan_host.annotations.header_table import COLUMNS, FILE_COLUMNS, read_csv, read_tsv
from audioscan_host.annotations.kaleidoscope import is_kaleidoscope, read_kaleidoscope
from audioscan_host.annotations.label_format import LabelFormat, LabelHead
from audioscan_host.annotations.named_columns import NAMED_COLUMNS
from audioscan_host.annotations.plain_csv import is_plain_csv, read_plain_csv
from audioscan_host.annotations.raven import is_selection_table, read_raven
from audioscan_host.annotations.subtitles import is_subtitles, read_subtitles
from audioscan_host.annotations.textgrid import is_textgrid, read_textgrid


def _is_own_csv(head: LabelHead) -> bool:
    return head.delimiter == "," and _has_times(head) and not head.columns.isdisjoint(FILE_COLUMNS)


def _is_own_tsv(head: LabelHead) -> bool:
    return head.delimiter == "\t" and _has_times(head) and not head.columns.isdisjoint(FILE_COLUMNS)


def _is_csv_of_one(head: LabelHead) -> bool:
    return head.delimiter == "," and _has_times(head)


def _is_tsv_of_one(head: LabelHead) -> bool:
    return head.delimiter == "\t" and _has_times(head)


def _has_times(head: LabelHead) -> bool:
    return set(COLUMNS[1:]) <= head.columns


def _is_part_of_tsv(head: LabelHead) -> bool:
    return len(head.cells) > 1 and bool(set(COLUMNS) & set(column_names(head.cells)))


def _has_commas(head: LabelHead) -> bool:
    return any("," in cell or ";" in cell for cell in head.cells) or head.cells[0].casefold() in COLUMNS


FORMATS: tuple[LabelFormat, ...] = (
    LabelFormat(
        "Praat TextGrid",
        "intervals and points of every tier; long or short, UTF-8 or UTF-16",
        is_textgrid,
        read_textgrid,
        of_one_recording=True,
        in_utf16=True,
    ),
    LabelFormat("subtitles", "SubRip (.srt) and WebVTT", is_subtitles, read_subtitles, of_one_recording=True),
    LabelFormat("ELAN", "annotation documents (.eaf)", is_elan, read_elan),
    LabelFormat("whombat", "AOEF, the JSON of soundevent", is_aoef, read_aoef),
    LabelFormat("AviaNZ", "`.data` files of JSON", is_avianz, read_avianz, of_one_recording=True),
    # Those that begin with a row of numbers before those with a header: a label in it may be the name of a column.
    LabelFormat(
        "Audacity labels",
        "start, end and label between tabs, without a header",
        is_audacity,
        read_audacity,
        read_as=read_audacity,
    ),
    LabelFormat(
        "DCASE event list without a header",
        "filename, onset, offset and event_label between tabs",
        starts_with_event,
        read_dcase,
    ),
    LabelFormat(
        "CSV without a header",
        "start, end and label, perhaps a file before them",
        is_plain_csv,
        read_plain_csv,
        read_as=read_plain_csv,
    ),
    LabelFormat("TSV", f"a header with {','.join(COLUMNS)}, between tabs", _is_own_tsv, read_tsv),
    LabelFormat("CSV", f"a header with {','.join(COLUMNS)}", _is_own_csv, read_csv),
    LabelFormat(
        "Raven selection table",
        "`Begin Time (s)`, `End Time (s)` and a column of labels",
        is_selection_table,
        read_raven,
        of_one_recording=True,
    ),
    LabelFormat(
        "DCASE few-shot",
        "`Audiofilename`, `Starttime`, `Endtime` and classes of POS, NEG and UNK",
        is_few_shot,
        read_few_shot,
    ),
    LabelFormat(
        "Kaleidoscope",
        "`IN FILE`, `OFFSET`, `DURATION` and `MANUAL ID` or `AUTO ID`",
        is_kaleidoscope,
        read_kaleidoscope,
    ),
    *NAMED_COLUMNS,
    LabelFormat(
        "CSV of one recording",
        "a header with start,end,label",
        _is_csv_of_one,
        read_csv,
        of_one_recording=True,
    ),
    LabelFormat(
        "TSV of one recording",
        "a header with start,end,label, between tabs",
        _is_tsv_of_one,
        read_tsv,
        of_one_recording=True,
    ),
    LabelFormat(
        "DCASE event list",
        "`filename`, `onset`, `offset` and `event_label`",
        has_header,
        read_dcase,
    ),
)
"""What recognises each by its beginning, and what reads it; first come, first served."""

GUESSES: tuple[LabelFormat, ...] = (
    LabelFormat("TSV", "", _is_part_of_tsv, read_tsv),
    LabelFormat("CSV", "", _has_commas, read_csv),
)
"""What a file that is nothing else is likely meant for: the reader says what is wrong with it."""
