import io
import json
import zipfile

import numpy as np
import pytest
import skops.io
from threadpoolctl import threadpool_limits

from audioscan_host.classifier import ClassifierSettings, fit
from audioscan_host.detector import archive
from audioscan_host.detector.estimator_state import from_members, to_members
from audioscan_host.errors import DetectorError

DIM = 5
CALIBRATIONS = ("isotonic", "sigmoid", "none")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small fits on many threads take minutes on a busy machine."""
    with threadpool_limits(1):
        yield


def fitted(kind, calibration, dim=DIM):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(120, dim)).astype(np.float32)
    labels = (features[:, 0] + 0.5 * rng.normal(size=120) > 1).astype(np.int64)
    groups, times = np.repeat(np.arange(6), 20), np.tile(np.arange(20.0), 6)
    settings = ClassifierSettings(kind, calibration)
    return fit(features, labels, groups, times, window=8.0, hop=1.0, settings=settings).classifier


@pytest.fixture(scope="module")
def boosted():
    return to_members(fitted("hist-gbt", "isotonic").estimators)


@pytest.fixture(scope="module")
def logistic():
    return to_members(fitted("logistic", "isotonic").estimators)


def build(members, kind="hist-gbt", calibration="isotonic", count=3):
    return from_members(members, kind, calibration, count, DIM)


def with_parts(members, change):
    """The members with the inside of their skops file changed."""
    parts = archive.read(members["estimators.skops"])
    change(parts)
    return members | {"estimators.skops": archive.write(parts)}


def with_schema(members, change):
    def change_parts(parts):
        schema = json.loads(parts["schema.json"])
        change(schema)
        parts["schema.json"] = json.dumps(schema).encode()

    return with_parts(members, change_parts)


def nodes(value):
    """All objects of a JSON value, outermost first."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


def attributes(schema):
    """Those of the first CalibratedClassifierCV."""
    return schema["content"][0]["content"]["content"]


@pytest.mark.parametrize("kind", ["hist-gbt", "logistic"])
@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_estimators_come_back_and_compute_the_same_bits(kind, calibration):
    classifier = fitted(kind, calibration)
    found = build(to_members(classifier.estimators), kind, calibration, len(classifier.estimators))
    features = np.random.default_rng(1).normal(size=(50, DIM))
    for estimator, original in zip(found, classifier.estimators, strict=True):
        assert np.array_equal(estimator.predict_proba(features), original.predict_proba(features))
    assert to_members(found) == to_members(classifier.estimators)


def test_parts_do_not_grow_with_trees_or_dimensions(boosted):
    # A file for each tree or dimension would take seconds to read.
    wide = to_members(fitted("hist-gbt", "isotonic", dim=12).estimators)
    assert set(boosted) == set(wide)
    assert len(boosted) == 7
    counts = [len(archive.read(members["estimators.skops"])) for members in (boosted, wide)]
    assert max(counts) < 40


def test_no_address_in_memory_is_written(boosted):
    schema = json.loads(archive.read(boosted["estimators.skops"])["schema.json"])
    assert not any("__id__" in node for node in nodes(schema))


def test_another_scikit_learn_raises_no_warning(boosted):
    def change(schema):
        versions = [node["_sklearn_version"] for node in nodes(schema) if "_sklearn_version" in node]
        assert versions
        for version in versions:
            version["content"] = '"1.0.0"'

    assert len(build(with_schema(boosted, change))) == 3


def test_missing_and_foreign_members_are_refused(boosted):
    for name in boosted:
        with pytest.raises(DetectorError, match="lacks a part"):
            build({other: content for other, content in boosted.items() if other != name})
    with pytest.raises(DetectorError, match="foreign"):
        build(boosted | {"extra": b""})


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"count": 2}, "lacks a part of its classifier, or holds a foreign one"),
        ({"kind": "logistic"}, "lacks a part of its classifier, or holds a foreign one"),
        ({"calibration": "sigmoid"}, "holds a CalibratedClassifierCV in place of"),
        ({"calibration": "none"}, "holds a CalibratedClassifierCV in place of"),
    ],
)
def test_estimators_that_are_not_as_declared_are_refused(boosted, declared, said):
    with pytest.raises(DetectorError, match=said):
        build(boosted, **declared)


def test_estimators_of_another_kind_are_refused(boosted, logistic):
    with pytest.raises(DetectorError, match="holds a Pipeline that is not hist-gbt of 5 dimensions"):
        build(boosted | logistic)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda schema: schema.update(content=schema["content"][:2]), "another number of estimators"),
        (lambda schema: schema.update(content=[text("a")] * 3), "holds a str in place of"),
        (lambda schema: attributes(schema).update(n_features_in_=text(4)), "not hist-gbt of 5 dimensions"),
        (lambda schema: attributes(schema).update(calibrated_classifiers_=listed()), "number of calibrators"),
    ],
)
def test_estimators_of_another_make_are_refused(boosted, change, said):
    with pytest.raises(DetectorError, match=said):
        build(with_schema(boosted, change))


# --- made to do harm


def node(loader, name, **more):
    module, _, name = name.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": name} | more


def text(value):
    return node("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def listed(*items):
    return node("ListNode", "builtins.list", content=list(items))


EVIL = [
    node("FunctionNode", "os.system"),
    node("PartialNode", "functools.partial", content={}),
    node("ConstructorFromReduceNode", "builtins.open", content=listed(text("was-run"), text("w"))),
    node("ConstructorFromReduceNode", "builtins.str", content=listed()),
    node("ObjectNode", "pathlib.Path"),
    node("ObjectNode", "sklearn.svm._classes.SVC"),
    node("ObjectNode", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"),
    node("OperatorFuncNode", "operator.methodcaller", attrs=listed(text("x"))),
    node("TreeNode", "sklearn.tree._tree.Tree"),
    node("RandomGeneratorNode", "numpy.random._generator.Generator"),
    node("TypeNode", "builtins.eval"),
    node("CachedNode", "builtins.str", __id__=1),
]


@pytest.mark.parametrize("protocol", [0, 1, 2])
@pytest.mark.parametrize("evil", EVIL, ids=lambda evil: f"{evil['__loader__']} {evil['__class__']}")
def test_a_type_that_no_detector_needs_is_named_and_not_built(boosted, tmp_path, monkeypatch, evil, protocol):
    monkeypatch.chdir(tmp_path)

    def change(schema):
        schema["protocol"] = protocol
        attributes(schema)["n_jobs"] = evil

    name = f"{evil['__module__']}.{evil['__class__']}"
    with pytest.raises(DetectorError, match=f"holds the type {name} "):
        build(with_schema(boosted, change))
    assert not list(tmp_path.iterdir())


def test_an_array_of_objects_is_refused(boosted):
    array = node("NdArrayNode", "numpy.ndarray", type="json", content=[], shape=listed())
    with pytest.raises(DetectorError, match="array of objects"):
        build(with_schema(boosted, lambda schema: attributes(schema).update(n_jobs=array)))


def test_an_array_that_declares_terabytes_is_refused(boosted):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"shape": (2**45,), "fortran_order": False, "descr": "<f8"})

    def change(parts):
        parts[next(name for name in parts if name.endswith(".npy"))] = stream.getvalue()

    with pytest.raises(DetectorError, match="another size than it declares"):
        build(with_parts(boosted, change))


def test_a_zip_bomb_is_refused_unopened(boosted):
    bomb = skops.io.dumps([bytes(10**7)], compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(DetectorError, match="declares more content than it holds"):
        build(boosted | {"estimators.skops": bomb})


def test_a_state_without_a_description_is_refused(boosted):
    with pytest.raises(DetectorError, match="lacks the description"):
        build(with_parts(boosted, lambda parts: parts.pop("schema.json")))
