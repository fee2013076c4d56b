"""Find every place where a sound occurs: the names that a plugin author and a script import.

Everything is imported at first use, so that `import audioscan_host` stays as light as its
command line.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audioscan_host.annotations.annotation import Annotation, Role
    from audioscan_host.annotations.label_format import LabelFormat, LabelHead
    from audioscan_host.annotations.survey import LabelSurvey
    from audioscan_host.audio.decoding import decode
    from audioscan_host.audio.opening import AudioInfo, probe
    from audioscan_host.audio.random_access import RecordingReader
    from audioscan_host.classifier.figures import Figures
    from audioscan_host.classifier.settings import ClassifierSettings
    from audioscan_host.cutting.clip import Clip
    from audioscan_host.cutting.settings import ClipFormat, ClipSettings
    from audioscan_host.detector.detector import Detector
    from audioscan_host.detector.file import load as load_detector
    from audioscan_host.eight_cut_settings import EightCutSettings
    from audioscan_host.embedding.tasks import RecordingFailure
    from audioscan_host.errors import (
        AnnotationError,
        AudioscanError,
        CacheError,
        CheckpointError,
        DetectorError,
        EmbeddingError,
        ExecutorError,
        ModelError,
        OutputError,
        PluginError,
        RecordingError,
        SettingError,
        TrainingError,
        UnknownModelError,
    )
    from audioscan_host.evaluation.judgement import LabelEvaluation
    from audioscan_host.evidence import Evidence
    from audioscan_host.journeys.clips import ClipsResult, clips
    from audioscan_host.journeys.embed import EmbedResult, StoredEmbeddings, embed
    from audioscan_host.journeys.evaluate import evaluate
    from audioscan_host.journeys.evaluation_result import EvaluationResult
    from audioscan_host.journeys.label_report import LabelReport
    from audioscan_host.journeys.labels import LabelsResult, RecordingSurvey, labels
    from audioscan_host.journeys.plan import PlanResult, plan
    from audioscan_host.journeys.scan import ScanResult, scan
    from audioscan_host.journeys.scan_to_dataset import DatasetScan, scan_to_dataset
    from audioscan_host.journeys.scanned_recording import ScannedRecording
    from audioscan_host.journeys.search import SearchResult, search
    from audioscan_host.journeys.session import SessionOptions
    from audioscan_host.journeys.suggest import SuggestResult, suggest
    from audioscan_host.journeys.train import TrainResult, train
    from audioscan_host.journeys.window_choice import WindowChoice
    from audioscan_host.models.model import FINAL, Checkpoint, Model, Runtime
    from audioscan_host.notes import About, Note
    from audioscan_host.plugins.executor_kind import ExecutorKind, Resources
    from audioscan_host.plugins.hookspecs import CONTRACT_VERSION, HiddenStates, Inputs, hookimpl
    from audioscan_host.plugins.registry import Registry, load_registry
    from audioscan_host.progress import JsonLines, Progress
    from audioscan_host.region_settings import RegionSettings
    from audioscan_host.regions import Region, find_regions
    from audioscan_host.similarity.query_spans import QuerySpan
    from audioscan_host.similarity.ranking import Match
    from audioscan_host.suggestion.table import Suggestion
    from audioscan_host.windows import Windowing, Windows

__all__ = [
    "CONTRACT_VERSION",
    "FINAL",
    "About",
    "Annotation",
    "AnnotationError",
    "AudioInfo",
    "AudioscanError",
    "CacheError",
    "Checkpoint",
    "CheckpointError",
    "ClassifierSettings",
    "Clip",
    "ClipFormat",
    "ClipSettings",
    "ClipsResult",
    "DatasetScan",
    "Detector",
    "DetectorError",
    "EightCutSettings",
    "EmbedResult",
    "EmbeddingError",
    "EvaluationResult",
    "Evidence",
    "ExecutorError",
    "ExecutorKind",
    "Figures",
    "HiddenStates",
    "Inputs",
    "JsonLines",
    "LabelEvaluation",
    "LabelFormat",
    "LabelHead",
    "LabelReport",
    "LabelSurvey",
    "LabelsResult",
    "Match",
    "Model",
    "ModelError",
    "Note",
    "OutputError",
    "PlanResult",
    "PluginError",
    "Progress",
    "QuerySpan",
    "RecordingError",
    "RecordingFailure",
    "RecordingReader",
    "RecordingSurvey",
    "Region",
    "RegionSettings",
    "Registry",
    "Resources",
    "Role",
    "Runtime",
    "ScanResult",
    "ScannedRecording",
    "SearchResult",
    "SessionOptions",
    "SettingError",
    "StoredEmbeddings",
    "SuggestResult",
    "Suggestion",
    "TrainResult",
    "TrainingError",
    "UnknownModelError",
    "WindowChoice",
    "Windowing",
    "Windows",
    "clips",
    "decode",
    "embed",
    "evaluate",
    "find_regions",
    "hookimpl",
    "labels",
    "load_detector",
    "load_registry",
    "plan",
    "probe",
    "scan",
    "scan_to_dataset",
    "search",
    "suggest",
    "train",
]

_HOME = {
    **dict.fromkeys(["Annotation", "Role"], "annotations.annotation"),
    **dict.fromkeys(["LabelFormat", "LabelHead"], "annotations.label_format"),
    "LabelSurvey": "annotations.survey",
    "decode": "audio.decoding",
    **dict.fromkeys(["AudioInfo", "probe"], "audio.opening"),
    "RecordingReader": "audio.random_access",
    "Figures": "classifier.figures",
    "ClassifierSettings": "classifier.settings",
    "Clip": "cutting.clip",
    **dict.fromkeys(["ClipFormat", "ClipSettings"], "cutting.settings"),
    **dict.fromkeys(["ClipsResult", "clips"], "journeys.clips"),
    "Detector": "detector.detector",
    "load_detector": "detector.file:load",
    "EightCutSettings": "eight_cut_settings",
    "RecordingFailure": "embedding.tasks",
    **dict.fromkeys(
        [
            "AnnotationError",
            "AudioscanError",
            "CacheError",
            "CheckpointError",
            "DetectorError",
            "EmbeddingError",
            "ExecutorError",
            "ModelError",
            "OutputError",
            "PluginError",
            "RecordingError",
            "SettingError",
            "TrainingError",
            "UnknownModelError",
        ],
        "errors",
    ),
    "LabelEvaluation": "evaluation.judgement",
    "Evidence": "evidence",
    **dict.fromkeys(["EmbedResult", "StoredEmbeddings", "embed"], "journeys.embed"),
    "evaluate": "journeys.evaluate",
    "EvaluationResult": "journeys.evaluation_result",
    **dict.fromkeys(["PlanResult", "plan"], "journeys.plan"),
    **dict.fromkeys(["ScanResult", "scan"], "journeys.scan"),
    **dict.fromkeys(["DatasetScan", "scan_to_dataset"], "journeys.scan_to_dataset"),
    "ScannedRecording": "journeys.scanned_recording",
    **dict.fromkeys(["SearchResult", "search"], "journeys.search"),
    "SessionOptions": "journeys.session",
    **dict.fromkeys(["SuggestResult", "suggest"], "journeys.suggest"),
    "LabelReport": "journeys.label_report",
    **dict.fromkeys(["LabelsResult", "RecordingSurvey", "labels"], "journeys.labels"),
    **dict.fromkeys(["TrainResult", "train"], "journeys.train"),
    "WindowChoice": "journeys.window_choice",
    **dict.fromkeys(["FINAL", "Checkpoint", "Model", "Runtime"], "models.model"),
    **dict.fromkeys(["About", "Note"], "notes"),
    **dict.fromkeys(["ExecutorKind", "Resources"], "plugins.executor_kind"),
    **dict.fromkeys(["CONTRACT_VERSION", "HiddenStates", "Inputs", "hookimpl"], "plugins.hookspecs"),
    **dict.fromkeys(["Registry", "load_registry"], "plugins.registry"),
    **dict.fromkeys(["JsonLines", "Progress"], "progress"),
    "RegionSettings": "region_settings",
    **dict.fromkeys(["Region", "find_regions"], "regions"),
    "QuerySpan": "similarity.query_spans",
    "Match": "similarity.ranking",
    "Suggestion": "suggestion.table",
    **dict.fromkeys(["Windowing", "Windows"], "windows"),
}
"""Name -> the module that has it, and after a colon what it is called there where that differs."""


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOME[name].partition(":")
    return getattr(import_module(f"audioscan_host.{module}"), attribute or name)
