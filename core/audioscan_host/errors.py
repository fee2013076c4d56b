"""The exceptions that audioscan-host raises for what a user can mend.

AudioscanError
├── SettingError       a setting that is out of its range or does not go with another
├── RecordingError     a media file that cannot be read, or that holds no audio
├── AnnotationError    a label file that cannot be read, or that does not fit the recordings
├── ModelError         a checkpoint or model that is declared wrongly
├── CheckpointError    weights that are not there, or are not those of the checkpoint
├── PluginError        a plugin that breaks the contract
│   ├── UnknownModelError
│   └── EmbeddingError  a recording that a plugin fails on
├── CacheError         a cache folder that cannot be used, or a damaged file in it
├── StoreError         what keeps the cache does not answer, or refuses: no recording will go better
├── TrainingError      too little to learn from
├── DetectorError      a detector file that is damaged, foreign or does not fit what is installed
├── ExecutorError      tasks that cannot be computed where they were to be
└── OutputError        a result that cannot be written where it should go

The message of each says what was expected, what was found and what to do, in one line.
"""


class AudioscanError(Exception):
    """Something that the user can mend; the command line prints it as one line."""


class SettingError(AudioscanError):
    """A setting is out of its range, or does not go with another one."""


class RecordingError(AudioscanError):
    """A media file cannot be read, or holds no audio."""


class AnnotationError(AudioscanError):
    """A label file cannot be read, or does not fit the recordings."""


class ModelError(AudioscanError):
    """A checkpoint or a model is declared wrongly."""


class CheckpointError(AudioscanError):
    """The weights of a checkpoint are not there, or are not what they should be."""


class PluginError(AudioscanError):
    """A plugin breaks the contract."""


class UnknownModelError(PluginError):
    """No installed plugin has a model of that name."""


class EmbeddingError(PluginError):
    """A plugin fails on a recording; others may go well."""


class CacheError(AudioscanError):
    """The cache folder cannot be used, or a file in it is damaged."""


class StoreError(AudioscanError):
    """What keeps the cache does not answer, or refuses. Nothing is known to be damaged, and no recording will go better."""


class TrainingError(AudioscanError):
    """There is too little to learn from."""


class DetectorError(AudioscanError):
    """A detector file is damaged, foreign, or does not fit what is installed."""


class ExecutorError(AudioscanError):
    """Tasks cannot be computed where they were to be."""


class OutputError(AudioscanError):
    """A result cannot be written where it should go."""
