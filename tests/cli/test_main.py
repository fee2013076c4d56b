"""The command line: results on stdout, the rest on stderr, one line for what a user can mend, exit codes."""

import contextlib
import json
import os
import re
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from audioscan_host import Runtime, hookimpl
from audioscan_host.cli.main import BUILT_IN, Commands, main
from audioscan_host.models.packaged_weights import PackagedFiles
from audioscan_host.models.weights import TorchHubFile
from audioscan_host.plugins import discovery


def every_command(group=main, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield pytest.param(command, id=" ".join((*path, name)))


@pytest.mark.parametrize("command", list(every_command()))
def test_every_command_and_option_has_help(command):
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_help_lists_the_commands_in_the_order_of_use(run):
    text = run("--help").stdout
    places = [text.index(f"\n  {name} ") for name in BUILT_IN]
    assert places == sorted(places)
    assert "..." not in text.split("Commands:")[1], "a description is cut off"


class TestModelsAndPlugins:
    def test_models_are_a_table_on_stdout(self, run):
        done = run("models")
        assert "MEL" in done.stdout
        assert "256" in done.stdout
        assert done.stderr == ""

    @pytest.mark.parametrize(
        ("parameters", "shown"), [(0, "none"), (28_000, "28 k"), (486_000, "486 k"), (962_492_544, "962 M")]
    )
    def test_the_size_of_small_networks_is_shown_too(self, parameters, shown):
        from audioscan_host.cli.models import _count

        assert _count(parameters) == shown

    def test_models_as_json(self, run):
        listed = json.loads(run("models", "--json").stdout)
        mel = next(model for model in listed["models"] if model["name"] == "MEL")
        assert mel["dim"] == 256
        assert mel["checkpoint"]["licence"] == "MIT"
        assert listed["failures"] == []

    def test_without_plugins_the_list_says_what_to_do(self, run, no_installed_plugins):
        done = run("models")
        assert done.stdout == ""
        assert "install a plugin, such as audioscan-mel" in done.stderr

    def test_a_plugin_that_fails_is_named_with_its_reason(self, run, broken_plugin):
        assert "set aside: plugin broken: ImportError: no libbroken" in run("models").stderr

    def test_an_unknown_model_is_wrong_usage_and_names_the_failed_plugin(self, run, broken_plugin, make_wav):
        done = run("embed", make_wav(), "--model", "BROKEN_BASE", expect=2)
        assert "unknown model 'BROKEN_BASE'" in done.stderr
        assert "broken (ImportError: no libbroken)" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.fixture
def broken_plugin(monkeypatch):
    """An installed plugin whose library is missing, beside those that work."""

    class Broken:
        name, value, dist = "broken", "broken", None

        @staticmethod
        def load():
            raise ImportError("no libbroken")

    installed = discovery._installed().points
    monkeypatch.setattr(discovery, "_installed", lambda: discovery._Installed([Broken, *installed], []))


@pytest.fixture
def install(make_plugin, monkeypatch, tmp_path):
    """Make a tiny plugin, with these weights, the only installed one; `runtimes` are those of its loads."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    class Installed(make_plugin):
        runtimes = ()

        @hookimpl
        def load(self, checkpoint, runtime):
            self.runtimes = (*self.runtimes, runtime)
            return super().load(checkpoint, runtime)

    def install(weights=None, *, remote_code=False):
        plugin = Installed()
        checkpoint = replace(plugin.checkpoint, name="tiny-net", weights=weights, remote_code=remote_code)
        plugin.models = [replace(model, checkpoint=checkpoint) for model in plugin.models]
        facts = {"name": "tiny", "value": "tiny", "dist": None, "load": staticmethod(lambda: plugin)}
        point = type("Point", (), facts)
        monkeypatch.setattr(discovery, "_installed", lambda: discovery._Installed([point], []))
        return plugin

    return install


NOWHERE = TorchHubFile("http://127.0.0.1:1/net.pt")


class TestWeights:
    @pytest.fixture
    def listed(self, run):
        """The words of the table about the weights, and the same as JSON with the path."""

        def listed():
            head, _, row, *_ = run("models").stdout.splitlines()
            begin, end = head.index("weights"), head.index("licence")
            checkpoint = json.loads(run("models", "--json").stdout)["models"][0]["checkpoint"]
            assert row[begin:end].strip() == checkpoint["weights"]
            return checkpoint["weights"], checkpoint["path"]

        return listed

    def test_a_model_without_weights_needs_none(self, install, listed):
        install()
        assert listed() == ("none needed", None)

    def test_weights_are_to_pull_until_they_are_present(self, install, listed):
        path = install(NOWHERE).models[0].checkpoint.path
        assert listed() == ("to pull", str(path))
        path.parent.mkdir(parents=True)
        path.write_bytes(b"weights")
        assert listed() == ("present", str(path))

    def test_packaged_files_are_present_when_all_of_them_are(self, install, listed, monkeypatch, tmp_path):
        monkeypatch.syspath_prepend(tmp_path)
        (tmp_path / "nets").mkdir()
        for name in ("__init__.py", "mel.onnx"):
            (tmp_path / "nets" / name).touch()
        install(PackagedFiles("nets", ("mel.onnx", "net.onnx")))
        assert listed() == ("to pull", str(tmp_path / "nets"))
        (tmp_path / "nets" / "net.onnx").touch()
        assert listed() == ("present", str(tmp_path / "nets"))

    def test_weights_of_the_user_are_local_whether_they_are_there_or_not(
        self, install, listed, monkeypatch, tmp_path
    ):
        install(NOWHERE)
        own = tmp_path / "own.pt"
        monkeypatch.setenv("AUDIOSCAN_TINY_NET", str(own))
        assert listed() == ("local, missing", str(own))
        own.write_bytes(b"weights")
        assert listed() == ("local", str(own))

    def test_weights_of_the_user_are_loaded_in_place_of_a_download(self, run, install, make_wav, tmp_path):
        plugin = install(NOWHERE)
        (tmp_path / "own=1.pt").write_bytes(b"weights")
        run("embed", make_wav(), "--model", "TINY", "--checkpoint", "tiny-net=own=1.pt")
        assert len(plugin.runtimes) == 1

    @pytest.mark.parametrize("value", ["tiny-net", "tiny-net=", "=own.pt", "="])
    def test_a_checkpoint_that_is_not_a_name_and_a_path_is_wrong_usage(self, run, install, make_wav, value):
        install(NOWHERE)
        done = run("embed", make_wav(), "--model", "TINY", "--checkpoint", value, expect=2)
        assert f"'--checkpoint': expected NAME=PATH, found '{value}'" in done.stderr

    def test_a_checkpoint_that_there_is_not_is_wrong_usage(self, run, install, make_wav):
        install(NOWHERE)
        done = run("embed", make_wav(), "--model", "TINY", "--checkpoint", "TINY=own.pt", expect=2)
        assert done.stderr == "Error: checkpoint 'TINY' is unknown; with weights: tiny-net\n"

    def test_a_file_that_is_not_there_is_one_line(self, run, install, make_wav):
        install(NOWHERE)
        done = run("embed", make_wav(), "--model", "TINY", "--checkpoint", "tiny-net=own.pt", expect=1)
        assert done.stderr == "Error: tiny-net: own.pt: there is no such file or folder\n"

    def test_weights_that_cannot_be_fetched_are_one_line(self, run, install, make_wav):
        plugin = install(NOWHERE)
        done = run("-q", "embed", make_wav(), "--model", "TINY", expect=1)
        assert done.stderr.startswith("Error: tiny-net: net.pt is not in ")
        assert done.stderr.count("\n") == 1
        assert plugin.runtimes == ()


class TestRuntime:
    OPTIONS = ("--device", "cuda:1", "--precision", "bf16", "--batch-size", "5")
    EXPECTED = Runtime("cuda:1", "bf16", 5)

    def test_it_reaches_the_plugin_from_every_command_that_embeds(self, run, install, make_wav, tmp_path):
        plugin = install()
        recordings = [make_wav(f"{i}.wav", seconds=40, seed=i) for i in range(3)]
        rows = [f"{path.name},{start},{start + 6},hiss" for path in recordings[:2] for start in (5, 25)]
        (tmp_path / "labels.csv").write_text("\n".join(["file,start,end,label", *rows]))
        model, labels = ["--model", "TINY"], ["--labels", "labels.csv"]
        for number, command in enumerate(
            [
                ["embed", recordings[0], *model],
                [
                    "train",
                    *recordings[:2],
                    *model,
                    *labels,
                    "--classifier",
                    "logistic",
                    "--out",
                    "x.detector",
                ],
                ["scan", recordings[2], "--detector", "x.detector"],
            ],
            start=1,
        ):
            run(*command, *self.OPTIONS)
            assert plugin.runtimes == (self.EXPECTED,) * number

    def test_unless_it_is_given_the_plugin_chooses(self, run, install, make_wav):
        plugin = install()
        run("embed", make_wav(), "--model", "TINY")
        assert plugin.runtimes == (Runtime("auto", "auto", None),)

    def test_a_precision_that_there_is_not_is_wrong_usage(self, run, install, make_wav):
        install()
        done = run("embed", make_wav(), "--model", "TINY", "--precision", "int8", expect=2)
        assert "'int8' is not one of 'auto', 'fp32', 'bf16', 'fp16'" in done.stderr


class TestEmbed:
    def test_results_are_on_stdout_and_progress_is_not(self, run, make_wav):
        done = run("embed", make_wav(), "--model", "MEL")
        assert "MEL" in done.stdout
        assert "s of audio" not in done.stdout
        assert "embedding: 20 s of audio" in done.stderr

    def test_quiet_leaves_only_results(self, run, make_wav):
        assert run("-q", "embed", make_wav(), "--model", "MEL").stderr == ""

    def test_what_was_not_computed_is_told(self, run, make_wav):
        recordings = [make_wav(f"{i}.wav", seed=i) for i in range(3)]
        assert "cache" not in run("embed", *recordings[:2], "--model", "MEL").stderr
        assert "2 of 3 were in the cache already\n" in run("embed", *recordings, "--model", "MEL").stderr

    def test_json_names_the_file_that_holds_the_embeddings(self, run, make_wav):
        stored = json.loads(run("embed", make_wav(), "--model", "MEL", "--json").stdout)
        with np.load(stored[0]["file"]) as archive:
            assert archive["embeddings"].shape == (stored[0]["windows"], stored[0]["dim"]) == (20, 256)
            assert archive["timestamps"].tolist() == list(range(20)), "grains, of which windows are made"
        stored = json.loads(
            run("embed", make_wav(), "--model", "MEL", "--reading", "windows", "--json").stdout
        )
        with np.load(stored[0]["file"]) as archive:
            assert archive["embeddings"].shape == (stored[0]["windows"], stored[0]["dim"]) == (13, 256)

    def test_bad_recordings_are_a_line_each_and_the_others_are_done(self, run, make_wav, tmp_path):
        folder = make_wav("folder/good.wav").parent
        (folder / "empty.wav").write_bytes(b"")
        (folder / "text.wav").write_text("hello")
        (folder / "cut.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0")
        done = run("embed", folder, tmp_path / "missing.wav", "--model", "MEL", expect=1)
        assert done.stdout.count("good.wav") == 1
        lines = done.stderr.splitlines()
        assert "4 of 5 recordings could not be read:" in lines
        for name in ("empty.wav", "text.wav", "cut.m4a", "missing.wav"):
            assert len([line for line in lines if name in line]) == 1, name

    def test_a_recording_that_a_model_fails_on_is_named_and_the_others_are_done(
        self, run, make_wav, tmp_path
    ):
        good = make_wav("good.wav")
        samples = np.random.default_rng(0).normal(0, 0.1, 20 * 16_000).astype("<f4")
        samples[14 * 16_000] = 0.05 * 2.0**128  # one bit of its exponent
        spoilt = tmp_path / "a_flipped_bit.wav"
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 16_000, 64_000, 4, 32)
        data = form + struct.pack("<4sI", b"data", samples.nbytes) + samples.tobytes()
        spoilt.write_bytes(struct.pack("<4sI4s", b"RIFF", 4 + len(data), b"WAVE") + data)
        done = run("embed", spoilt, good, "--model", "MEL", expect=1)
        assert done.stdout.count("good.wav") == 1
        assert done.stderr.splitlines()[-2:] == [
            "1 of 2 recordings could not be read or embedded:",
            f"  {spoilt}: plugin 'mel': MEL gave embeddings that are not finite, first in the stretch at 9.9 s, "
            "whose samples reach 1.7e+37 (full scale is 1); `audioscan-host check MEL` tells more",
        ]

    def test_a_folder_without_recordings_is_one_line(self, run, tmp_path):
        (tmp_path / "empty").mkdir()
        done = run("embed", tmp_path / "empty", "--model", "MEL", expect=1)
        assert done.stderr == f"Error: {tmp_path / 'empty'}: no media files in this folder or below it\n"

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            (["--hop", "0.333"], "hop must be a multiple of 0.01 s"),
            (["--hop", "9"], "hop (9 s) must not exceed the window (8 s)"),
            (["--window", "0"], "window must be a multiple of 0.01 s above 0"),
            (["--batch-size", "0"], "--batch-size"),
        ],
    )
    def test_settings_out_of_range_are_wrong_usage(self, run, make_wav, options, complaint):
        done = run("embed", make_wav(), "--model", "MEL", *options, expect=2)
        assert complaint in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
    @pytest.mark.parametrize(
        ("number", "shown"),
        [(0.25, "0.25"), (3, "3"), (12.34, "12.3"), (1030.4, "1030"), (36000, "36000"), (864123.7, "864124")],
    )
    def test_amounts_are_never_written_with_an_exponent(self, number, shown):
        from audioscan_host.cli.progress_display import short

        assert short(number) == shown

    @pytest.mark.slow
    def test_on_a_terminal_progress_is_a_bar_with_rate_and_time_left(self, make_wav, tmp_path):
        import pty

        recording = make_wav(seconds=900)
        ours, theirs = pty.openpty()
        code = "from audioscan_host.cli.main import main; main()"
        command = [sys.executable, "-c", code, "embed", str(recording), "--model", "MEL"]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        )
        os.close(theirs)
        drawn = b""
        with contextlib.suppress(OSError):  # how a terminal ends
            while piece := os.read(ours, 65_536):
                drawn += piece
        os.close(ours)
        table = process.communicate(timeout=60)[0].decode()
        assert process.returncode == 0
        assert re.search(r"embedding .*\d+%.* s of audio/s .*0:00:", drawn.decode())
        assert "embedding" not in table
        assert "noise.wav" in table


class TestTrainAndScan:
    WINDOWS = ("--window", "8", "--hop", "1")

    @pytest.fixture
    def detector(self, run, make_wav, tmp_path):
        recordings = [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(4)]  # twelve places
        rows = [f"{path.name},{start},{start + 6},hiss" for path in recordings for start in (5, 25, 45)]
        (tmp_path / "labels.csv").write_text("\n".join(["file,start,end,label", *rows]))
        train = ["train", *recordings, "--labels", "labels.csv", "--model", "MEL", "--classifier", "logistic"]
        done = run(*train, *self.WINDOWS, "--out", "hiss.detector")
        assert "hiss" in done.stdout
        return tmp_path / "hiss.detector"

    def test_training_reports_held_out_figures_as_json(self, run, detector, tmp_path):
        done = run(
            "train", tmp_path, "--labels", "labels.csv", "--model", "MEL", "--classifier", "logistic",
            *self.WINDOWS, "--out", "again.detector", "--json",
        )  # fmt: skip
        facts = json.loads(done.stdout)
        assert facts["labels"]["hiss"]["windows"]["positive"] > 0
        assert 0 <= facts["labels"]["hiss"]["held_out"]["brier"] <= 1
        assert (tmp_path / "again.detector").read_bytes() == detector.read_bytes()

    def test_a_recording_without_labels_is_left_out_aloud(self, run, detector, make_wav, tmp_path):
        make_wav("unlabelled.wav", seconds=30, seed=9)
        done = run(
            "train", tmp_path, "--labels", "labels.csv", "--model", "MEL", "--classifier", "logistic",
            *self.WINDOWS, "--out", "again.detector",
        )  # fmt: skip
        assert "recordings without an annotation are left out: 1, such as" in done.stderr
        assert (tmp_path / "again.detector").read_bytes() == detector.read_bytes()

    def test_scan_writes_regions_to_stdout_and_scores_to_a_file(self, run, detector, tmp_path):
        done = run(
            "scan", tmp_path / "0.wav", "--detector", detector, "--threshold", "0", "--scores", "s.csv"
        )
        assert done.stdout.splitlines()[0] == "file,start,end,label,score,recorded_at"
        lines = (tmp_path / "s.csv").read_text().splitlines()
        assert lines[0] == "file,start,end,label,probability,recorded_at"
        assert len(lines) == 1 + 53

    def test_each_label_may_have_its_own_threshold(self, run, make_wav, tmp_path):
        recordings = [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(3)]
        rows = [
            f"{path.name},{at},{at + 6},{name}" for path in recordings for at, name in ((5, "a"), (35, "b"))
        ]
        (tmp_path / "labels.csv").write_text("\n".join(["file,start,end,label", *rows]))
        train = ["train", *recordings, "--labels", "labels.csv", "--model", "MEL", "--classifier", "logistic"]
        run(*train, "--calibration", "none", "--out", "two.detector")

        def found(*thresholds):
            options = [text for each in thresholds for text in ("--threshold", each)]
            done = run("scan", recordings[0], "--detector", "two.detector", *options)
            return {line.split(",")[3] for line in done.stdout.splitlines()[1:]}

        assert found("0") == {"a", "b"}
        assert found("1") == set()
        assert found("1", "b=0") == {"b"}
        assert found("a=0", "1") == {"a"}
        assert found("b=0", "b=1", "0") == {"a"}

    @pytest.mark.parametrize(
        ("threshold", "message"),
        [
            ("hum=0.5", "a threshold is given for 'hum'; the labels looked for are: hiss"),
            ("hiss=", "expected a probability or LABEL=PROBABILITY, found 'hiss='"),
            ("high", "expected a probability or LABEL=PROBABILITY, found 'high'"),
            ("hiss=1.5", "a probability is between 0 and 1, not 1.5"),
            ("nan", "a probability is between 0 and 1, not nan"),
        ],
    )
    def test_a_threshold_that_makes_no_sense_is_one_line(self, run, detector, tmp_path, threshold, message):
        done = run("scan", tmp_path / "0.wav", "--detector", detector, "--threshold", threshold, expect=2)
        assert message in done.stderr.splitlines()[-1]

    def test_several_recordings_do_not_fit_into_one_audacity_file(self, run, detector, tmp_path):
        done = run("scan", tmp_path, "--detector", detector, "--format", "audacity", expect=1)
        assert "--out must be a folder for 4 recordings" in done.stderr

    def test_a_label_that_the_detector_does_not_know_is_one_line(self, run, detector, tmp_path):
        done = run("scan", tmp_path, "--detector", detector, "--label", "hum", expect=1)
        assert done.stderr == "Error: the detector does not know the label 'hum'; it knows: hiss\n"

    def test_a_detector_of_a_model_that_is_gone_says_which(
        self, run, detector, tmp_path, no_installed_plugins
    ):
        done = run("scan", tmp_path, "--detector", detector, expect=1)
        assert (
            "needs MEL of the plugin mel (audioscan-mel 0.1.0), which AUDIOSCAN_PLUGINS leaves out: unknown model 'MEL'"
            in done.stderr
        )

    @pytest.mark.parametrize(
        ("labels", "complaint"),
        [
            ("file,start,end,label\n0.wav,5,3,hiss\n", "labels.csv, line 2: end (3.0) must be after start"),
            ("file,start,end,label\n0.wav,5,7,hiss,negative\n", "line 2: 5 cells, but the header has 4"),
            ("file,start,label\n0.wav,5,hiss\n", "the header lacks end"),
            ("file,start,end,label\nother.wav,5,7,hiss\n", "no name fits"),
            ("file,start,end,label,role\n0.wav,5,7,hiss,negative\n", "no annotation is positive"),
        ],
    )
    def test_labels_that_do_not_fit_are_one_line(self, run, make_wav, tmp_path, labels, complaint):
        make_wav("0.wav")
        (tmp_path / "labels.csv").write_text(labels)
        done = run(
            "train", "0.wav", "--labels", "labels.csv", "--model", "MEL", "--out", "x.detector", expect=1
        )
        assert complaint in done.stderr
        assert done.stderr.count("\n") == 1
        assert not (tmp_path / "x.detector").exists()


class TestCacheCommands:
    def test_info_verify_and_prune(self, run, make_wav):
        file = json.loads(run("embed", make_wav(), "--model", "MEL", "--json").stdout)[0]["file"]
        info = json.loads(run("cache", "info", "--json").stdout)
        size = Path(file).stat().st_size
        facts = {"model": "MEL", "reading": "stretches", "window": 1.0, "hop": 1.0}
        assert info["models"] == [{**facts, "recordings": 1, "windows": 20, "bytes": size}]
        assert "windows and hops that are multiples of 1 s" in run("cache", "info").stdout
        assert info["silence"] == 1
        assert "MEL" in run("cache", "info").stdout
        assert run("cache", "verify").stdout == "2 files read, 0 damaged\n"

        content = bytearray(Path(file).read_bytes())
        content[len(content) // 2] ^= 1
        Path(file).write_bytes(content)
        done = run("cache", "verify", expect=1)
        assert done.stdout == "2 files read, 1 damaged\n"
        assert file in done.stderr
        assert f"{file}.damaged" in run("cache", "prune", "--dry-run").stdout
        assert "files and folders removed: 1" in run("cache", "prune").stderr
        assert run("cache", "verify").stdout == "1 file read, 0 damaged\n"


def test_an_error_of_the_program_itself_keeps_its_traceback(monkeypatch):
    @click.command()
    def broken():
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Commands, "get_command", lambda *_: broken)
    done = CliRunner().invoke(main, ["broken"])
    assert isinstance(done.exception, ZeroDivisionError)
