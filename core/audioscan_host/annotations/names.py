"""Names of labels that may be one name written differently, and how they are joined."""

import csv
import io
import shlex
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from audioscan_host.annotations.annotation import Annotation
from audioscan_host.errors import SettingError
from audioscan_host.notes import About, Note, Tell, log

Same = Mapping[str, Sequence[str]]
"""A name -> the other names that stand for it: {"chirp": ["Chirp", "chirps"]}."""

SHORTEST_TYPO = 5
"""Letters of the longer of two words that one letter tells apart: `cat` and `bat`, `A` and `B` are two names."""


def renaming(same: Same | None) -> dict[str, str]:
    """Each name that is to be replaced -> the one in its place.

    Raises:
        SettingError: a name is to be replaced by two others, or is itself in the place of some.
    """
    found: dict[str, str] = {}
    for name, others in (same or {}).items():
        for other in [others] if isinstance(others, str) else others:
            if other != name and found.setdefault(other, name) != name:
                raise SettingError(
                    f"{other!r} is to be the same as {found[other]!r} and as {name!r}: name one"
                )
    chained = next((name for name in found.values() if name in found), None)
    if chained is not None:
        raise SettingError(
            f"{chained!r} is to be the same as {found[chained]!r}, and others the same as it: name all of them for "
            f"{found[chained]!r}"
        )
    return found


def joined(annotations: Sequence[Annotation], same: Same | None) -> Sequence[Annotation]:
    """The annotations with each label under the name that it is the same as.

    Raises:
        SettingError: as `renaming`.
    """
    names = renaming(same)
    return [replace(a, label=names[a.label]) if a.label in names else a for a in annotations]


def tell_unused(labels: Collection[str], same: Same | None, tell: Tell = log) -> None:
    """Tell of names that were to be joined and that no annotation has.

    Args:
        labels: as the label files have them.
        same: what was to be joined.
        tell: is told.
    """
    unused = sorted(set(renaming(same)) - set(labels))
    if unused:
        tell(Note(About.NAMES, f"no annotation has the label {', '.join(unused)}, which was to be joined"))


def tell_variants(
    annotations: Iterable[Annotation], tell: Tell = log, *, of: Collection[str] | None = None
) -> None:
    """Tell, in one line each, of labels that may be one sound whose name is written differently, and how to join them.

    Args:
        annotations: of all recordings, of any role: the place of one name is negative for the others.
        tell: is told.
        of: the labels that are learned; of names that are variants of none of them nothing is told. None: of all.
    """
    counts = Counter(a.label for a in annotations if a.label)
    for names in variants(counts):
        if of is None or set(names) & set(of):
            most, *others = sorted(names, key=lambda name: (-counts[name], name))
            numbers = ", ".join(f"{name} ({counts[name]})" for name in (most, *others))
            message = (
                f"{numbers}: may be one sound whose name is written differently; as it is, each counts as without the "
                f"others; to join them: --same {shlex.quote(f'{most}={_csv(others)}')}"
            )
            tell(Note(About.NAMES, message, label=most))


def variants(names: Iterable[str]) -> list[tuple[str, ...]]:
    """The groups of names that differ in case, blanks, hyphens and underscores, in a plural's ending, or in one letter."""
    known = sorted(set(names))
    first: dict[str, str] = {}  # of those that are written alike but for case, blanks, hyphens and plural
    alike = [(first.setdefault(_singular(_plain(name)), name), name) for name in known]
    words = {name: _words(name) for name in first.values() if not _is_code(name)}
    typos = (pair for pair in combinations(words, 2) if _one_letter_apart(*(words[name] for name in pair)))
    return [tuple(group) for group in _groups([*alike, *typos]) if len(group) > 1]


def _groups(pairs: Iterable[tuple[str, str]]) -> Iterator[list[str]]:
    """What is connected by pairs, each group in order of the alphabet."""
    group_of: dict[str, int] = {}
    for one, other in pairs:
        left, right = (group_of.setdefault(name, len(group_of)) for name in (one, other))
        if left != right:
            group_of = {name: left if group == right else group for name, group in group_of.items()}
    members: dict[int, list[str]] = defaultdict(list)
    for name, group in sorted(group_of.items()):
        members[group].append(name)
    return iter(members.values())


def _is_code(name: str) -> bool:
    """Whether it is a code in capitals, as species have: each letter of one counts."""
    return name.isupper() and " " not in name


def _words(name: str) -> list[str]:
    text = unicodedata.normalize("NFKC", name).casefold()
    return text.replace("-", " ").replace("_", " ").split()


def _plain(name: str) -> str:
    return "".join(_words(name))


def _singular(name: str) -> str:
    """Without the ending of an English plural: chirps, screeches, cries."""
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    if name.endswith(("ches", "shes", "xes", "sses", "zes")):
        return name[:-2]
    plural = name.endswith("s") and not name.endswith("ss") and len(name) > 3
    return name[:-1] if plural else name


def _one_letter_apart(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether all words but one agree, and one letter tells that one from the other, as in a typing error.

    A digit counts, `type 1` and `type 2`, and so may a letter in a short word.
    """
    if len(words) != len(others):
        return False
    differing = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    if len(differing) != 1:
        return False
    shorter, longer = sorted(differing[0], key=len)
    return len(longer) >= SHORTEST_TYPO and _one_edit(shorter, longer) and (shorter + longer).isalpha()


def _one_edit(shorter: str, longer: str) -> bool:
    """Whether one letter is another, is missing, or stands after the next one."""
    if len(longer) - len(shorter) > 1:
        return False
    same = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    rest, longer_rest = shorter[same:], longer[same:]
    if len(shorter) < len(longer):
        return rest == longer_rest[1:]
    return rest[1:] == longer_rest[1:] or (rest[:2] == longer_rest[:2][::-1] and rest[2:] == longer_rest[2:])


def _csv(names: Sequence[str]) -> str:
    """Names between commas; one that holds a comma in double quotes."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()
