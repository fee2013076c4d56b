"""The frequencies of annotations, from each format that has them."""

import pytest

from audioscan_host.annotations import Annotation, read_annotations

HEADER = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"


def frequencies(path):
    return [(a.low, a.high) for a in read_annotations(path)]


def test_a_selection_of_raven_has_those_of_its_box(write):
    path = write("day.txt", f"{HEADER}1\tSpectrogram 1\t1\t3\t5\t40000\t62000.5\tPipistrellus\n")
    assert frequencies(path) == [(40000.0, 62000.5)]


@pytest.mark.parametrize("first", ["Waveform 1", "Spectrogram 1"])
def test_a_selection_whose_waveform_row_has_none_is_one_with_those_of_its_spectrogram(write, first):
    rows = {
        "Waveform 1": "1\tWaveform 1\t1\t3\t5\t\t\tcall\n",
        "Spectrogram 1": "1\tSpectrogram 1\t1\t3\t5\t200\t900\tcall\n",
    }
    other = next(view for view in rows if view != first)
    assert frequencies(write("day.txt", HEADER + rows[first] + rows[other])) == [(200.0, 900.0)]


def test_a_line_of_audacity_has_those_of_the_label_before_it(write):
    path = write("day.txt", "1\t2\tcry\n\\\t200.000000\t4000.000000\n3\t4\tcry\n5\t5\tcry\n\\\t-1\t300\n")
    assert frequencies(path) == [(200.0, 4000.0), (None, None), (None, 300.0)]


def test_a_line_of_frequencies_before_any_label_and_one_without_numbers_change_nothing(write):
    assert frequencies(write("day.txt", "\\\t200\t400\n1\t2\tcry\n\\\n")) == [(None, None)]


def test_a_csv_file_may_have_columns_for_them(write):
    path = write(
        "labels.csv", "file,start,end,label,low_freq,high_freq\na.wav,1,2,x,200,900.5\na.wav,3,4,x,,\n"
    )
    assert frequencies(path) == [(200.0, 900.5), (None, None)]


@pytest.mark.parametrize(
    ("low", "high", "middle"),
    [
        (40_000.0, 62_500.0, 50_000.0),  # sqrt(40000 * 62500)
        (0.0, 8000.0, 0.0),  # all of a spectrogram's height
        (None, None, 0.0),
        (None, 300.0, 0.0),
        (9000.0, None, 9000.0),
    ],
)
def test_the_middle_is_as_many_octaves_from_the_lowest_as_from_the_highest(low, high, middle):
    assert Annotation("a", 0, 1, "x", low=low, high=high).middle == pytest.approx(middle)
