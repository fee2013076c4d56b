"""An address leads to whoever understands it; what goes wrong in `register_executors` costs its own addresses, and is told."""

import json

import pytest

from audioscan_host import ExecutorKind, Resources, SettingError, embed, hookimpl, load_registry
from audioscan_host.embedding.executor import LocalExecutor
from audioscan_host.journeys.session import Session
from audioscan_host.plugins import discovery


def kind(name, connect=lambda address, resources: LocalExecutor()):
    return ExecutorKind(
        name, (f"{name}://HOST",), "", lambda address: address.startswith(f"{name}:"), connect
    )


class Computes:
    def __init__(self, answer):
        self.answer = answer

    @hookimpl
    def register_executors(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def registry(no_installed_plugins):
    def registry(**answers):
        registry = load_registry({name: Computes(answer) for name, answer in answers.items()})
        assert registry.failures == ()
        return registry

    return registry


def test_the_addresses_of_all_plugins_are_there_in_their_order_and_this_process_first(registry):
    kinds = registry(b=[kind("one"), kind("two")], a=(kind("three"),)).executor_kinds()
    assert kinds.addresses == ("local", "one://HOST", "two://HOST", "three://HOST")
    assert kinds.at("two:7").name == "two"
    assert kinds.faults == {}


def test_a_session_has_the_executor_of_its_address(registry, tmp_path):
    asked = []
    mine = LocalExecutor()
    one = kind("one", lambda address, resources: asked.append((address, resources)) or mine)
    session = Session.of(registry=registry(b=[one]), cache_dir=tmp_path, on="one:7", workers=2)
    assert session.executor is mine
    assert asked == [("one:7", Resources(workers=2))]


def test_an_address_that_nobody_understands_is_refused_with_those_that_are_and_the_package_to_install(
    registry, tmp_path
):
    options = {"registry": registry(b=[kind("one")]), "cache_dir": tmp_path}
    with pytest.raises(SettingError) as refused:
        embed([tmp_path], ["TINY"], on="slurm", **options)
    assert (
        str(refused.value) == "nothing that is installed computes on 'slurm'; it can be local or one://HOST"
    )
    for address in ("ray", "ray://head:10001", "auto"):
        with pytest.raises(SettingError, match=f"on '{address}'; .*; install audioscan-ray$"):
            embed([tmp_path], ["TINY"], on=address, **options)


def test_workers_of_this_process_are_refused(registry, tmp_path):
    with pytest.raises(SettingError, match="name where, such as --on ray"):
        Session.of(registry=registry(), cache_dir=tmp_path, workers=2)


@pytest.mark.parametrize(("workers", "gpus"), [(0, None), (None, -1.0)])
def test_less_than_one_worker_and_less_than_no_gpu_are_refused(workers, gpus):
    with pytest.raises(SettingError, match="or more, not"):
        Resources(workers, gpus)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (RuntimeError("no queue"), "raised RuntimeError: no queue"),
        ("one", "must return a list of ExecutorKind objects, not 'one'"),
        (kind("alone"), "must return a list of ExecutorKind objects, not ExecutorKind("),
        ([kind("one"), 7], "must return ExecutorKind objects, not 7"),
    ],
)
def test_a_hook_that_fails_is_told_and_the_addresses_of_the_others_are_there(registry, answer, reason):
    kinds = registry(wrong=answer, right=[kind("one")]).executor_kinds()
    assert kinds.addresses == ("local", "one://HOST")
    assert kinds.faults["wrong"].startswith(f"register_executors {reason}")
    with pytest.raises(SettingError, match="plugin 'wrong': register_executors "):
        kinds.at("elsewhere")


class Point:
    dist = None

    def __init__(self, name, plugin):
        self.name, self.value, self.load = name, f"audioscan_{name}", lambda: plugin


def test_plugins_shows_which_addresses_are_understood(run, monkeypatch):
    points = [Point("far", Computes([kind("one")])), Point("wrong", Computes(7))]
    monkeypatch.setattr(discovery, "_installed", lambda: discovery._Installed(points, []))
    done = run("plugins")
    assert "no models; computes on one://HOST" in done.stdout
    assert "wrong: register_executors must return a list of ExecutorKind objects, not 7" in done.stdout
    assert "--on takes local, one://HOST" in done.stderr
    listed = json.loads(run("plugins", "--json").stdout)
    assert listed["addresses"] == ["local", "one://HOST"]
    assert [each["addresses"] for each in listed["plugins"]] == [["one://HOST"], []]
