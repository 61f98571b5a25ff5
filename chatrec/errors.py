"""Every error chatrec raises on purpose. Messages are for people: what was wrong, where, and what to do next."""

from __future__ import annotations


class ChatrecError(Exception):
    """Base of all errors of this package; `exit_code` is what the command line ends with."""

    exit_code = 1


class InputError(ChatrecError):
    """A message or an argument cannot be used as given (too long, not text, unknown id)."""

    exit_code = 2


class SettingsError(ChatrecError):
    """A setting is unknown, malformed or contradicts another."""

    exit_code = 2


class CatalogError(ChatrecError):
    """A catalog line cannot be read; carries file, line and field."""

    exit_code = 3

    def __init__(self, reason: str, *, path: str = "", line: int = 0, field: str = "") -> None:
        self.reason, self.path, self.line, self.field = reason, path, line, field
        where = f"{path}:{line}: " if path and line else f"{path}: " if path else ""
        super().__init__(f"{where}{f'field {field!r}: ' if field else ''}{reason}")


class DialogLogError(CatalogError):
    """A dialog-log line cannot be read; carries file, line and field."""


class IndexMissingError(ChatrecError):
    """The named index does not exist."""

    exit_code = 4


class IndexMismatchError(ChatrecError):
    """The index was built by another embedder, of another catalog, or by another schema version."""

    exit_code = 4


class IndexCorruptError(ChatrecError):
    """The index is there but its files are damaged or incomplete."""

    exit_code = 4


class ModelMissingError(ChatrecError):
    """Weights (embedder, head, language model) are not where the settings point."""

    exit_code = 5


class DependencyMissingError(ChatrecError):
    """An optional package is needed for this, or what one brings fails; the message names it, or the extra to install."""

    exit_code = 5


class DataMissingError(ChatrecError):
    """A data file that training or a benchmark takes is not there."""

    exit_code = 6


class TrainingDataError(ChatrecError):
    """Training data that nothing can be learned from (no instances, one class only, unknown gold ids, NaN features)."""

    exit_code = 6


class LeakError(ChatrecError):
    """The dialogs or interactions to be scored were trained on."""

    exit_code = 7


class LLMError(ChatrecError):
    """The language model could not be used for this turn; the turn is answered without it."""

    exit_code = 8


class LLMUnavailableError(LLMError):
    """No server answers at the configured address."""


class LLMTimeoutError(LLMError):
    """The server did not answer, or stalled in mid-answer, for longer than the limit."""


class LLMMalformedError(LLMError):
    """The server answered, but nothing usable could be read from it."""


class LLMRefusedError(LLMError):
    """The server will not take this request as it stands (unknown model, unsupported parameter, prompt too long)."""
