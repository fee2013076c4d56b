"""`audioscan-host labels`, as a user types it."""

import json

import click
import pytest

from audioscan_host.cli.main import main

HEADER = "file,start,end,label\n"


@pytest.fixture
def recordings(make_wav):
    return [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(2)]


def test_prints_a_row_for_each_label_and_warns_of_what_is_odd(run, recordings, tmp_path):
    (tmp_path / "labels.csv").write_text(HEADER + "0.wav,0,6,cry\n1.wav,5,6,cry\n1.wav,5,,Cry\n")
    done = run("labels", *recordings, "--labels", "labels.csv")
    lines = done.stdout.splitlines()
    assert (
        lines[0].split()
        == "label recordings spans points seconds usual length least median most overlaps".split()
    )
    assert lines[2].split() == "Cry 1 0 1 0.0 - - - - 0".split()
    assert lines[3].split() == "cry 2 2 0 7.0 3.50 s 1.7% 5.8% 10.0% 0".split()
    assert lines[4] == "2 of 2 recordings annotated; 120 s of audio of 16 kHz"
    assert "--same cry=Cry" in done.stderr


def test_the_columns_of_roles_are_there_where_there_are_any(run, recordings, tmp_path):
    rows = "0.wav,0,60,,unlabelled\n0.wav,1,2,cry,\n1.wav,1,2,cry,soft\n"
    (tmp_path / "labels.csv").write_text("file,start,end,label,role\n" + rows)
    lines = run("labels", *recordings, "--labels", "labels.csv").stdout.splitlines()
    assert lines[0].split()[-3:] == ["soft", "unlabelled", "overlaps"]
    assert lines[2].split() == "(any) 0 0 0 0.0 - - - - 0 1 0".split()
    assert lines[3].split()[-3:] == ["1", "0", "0"]


def test_same_joins_names_and_a_name_with_a_comma_is_quoted(run, recordings, tmp_path):
    (tmp_path / "labels.csv").write_text(HEADER + '0.wav,0,6,Chirp\n1.wav,5,6,"a, b"\n1.wav,8,9,chirps\n')
    same = ["--same", 'chirp=Chirp, "a, b"', "--same", "chirp=chirps"]
    done = run("labels", *recordings, "--labels", "labels.csv", *same, "--json")
    (label,) = json.loads(done.stdout)["labels"]
    assert (label["label"], label["spans"]) == ("chirp", 3)


@pytest.mark.parametrize("wrong", ["chirp", "=Chirp", "chirp=", "chirp= ,"])
def test_same_without_a_name_on_either_side_is_wrong_usage(run, recordings, tmp_path, wrong):
    done = run("labels", *recordings, "--labels", "labels.csv", "--same", wrong, expect=2)
    assert "expected NAME=OTHER,OTHER" in done.stderr


def test_the_exit_code_is_one_for_odd_labels_only_where_it_is_asked_for(run, recordings, tmp_path):
    (tmp_path / "odd.csv").write_text(HEADER + "0.wav,0,6,cry\n")
    (tmp_path / "fine.csv").write_text(HEADER + "0.wav,0,6,cry\n1.wav,0,6,cry\n")
    run("labels", *recordings, "--labels", "odd.csv")
    run("labels", *recordings, "--labels", "odd.csv", "--strict", expect=1)
    run("labels", *recordings, "--labels", "fine.csv", "--strict")


def test_a_label_file_that_cannot_be_read_is_named_and_the_exit_code_is_one(run, recordings, tmp_path):
    (tmp_path / "fine.csv").write_text(HEADER + "0.wav,0,6,cry\n1.wav,0,6,cry\n")
    (tmp_path / "broken.csv").write_text(HEADER + "0.wav,6,0,cry\n")
    done = run("labels", *recordings, "--labels", "fine.csv", "--labels", "broken.csv", expect=1)
    assert "could not be read: broken.csv, line 2: end (0.0) must be after start (6.0)" in done.stderr
    assert "cry" in done.stdout


def test_to_writes_another_format_to_stdout_or_where_it_should_go(run, recordings, tmp_path):
    (tmp_path / "labels.csv").write_text(HEADER + "0.wav,0.25,6,cry\n1.wav,5,,cry\n")
    here = ["labels", *recordings, "--labels", "labels.csv"]
    done = run("labels", recordings[0], "--labels", "labels.csv", "--to", "audacity")
    assert done.stdout == "0.250000\t6.000000\tcry\n"
    done = run(*here, "--to", "audacity", "--out", "tracks")
    assert done.stdout == ""
    assert "2 annotations of 2 recordings: tracks" in done.stderr
    assert (tmp_path / "tracks" / "1.txt").read_text() == "5.000000\t5.000000\tcry\n"
    done = run(*here, "--to", "tsv", "--out", "events.tsv")
    assert "tsv cannot hold all that is annotated: 1 points, which are left out" in done.stderr
    assert "1 annotation of 2 recordings: events.tsv" in done.stderr


@pytest.mark.parametrize(
    "options",
    [["--to", "csv", "--json"], ["--out", "x.csv"], ["--to", "csv", "--out", "labels.csv"], ["--to", "json"]],
)
def test_options_that_do_not_go_together_are_wrong_usage(run, recordings, tmp_path, options):
    (tmp_path / "labels.csv").write_text(HEADER + "0.wav,0.25,6,cry\n")
    run("labels", *recordings, "--labels", "labels.csv", *options, expect=2)
    assert (tmp_path / "labels.csv").read_text() == HEADER + "0.wav,0.25,6,cry\n"


@pytest.mark.parametrize("name", ["labels", "train", "evaluate", "suggest"])
def test_every_command_that_reads_labels_joins_names(name):
    command = main.get_command(click.Context(main), name)
    (option,) = [each for each in command.params if "--same" in each.opts]
    found = option.type_cast_value(click.Context(command), ["chirp=Chirp,chirps"])
    assert option.process_value(click.Context(command), found) == {"chirp": ["Chirp", "chirps"]}
