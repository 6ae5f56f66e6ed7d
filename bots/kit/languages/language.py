"""What a bot knows of a language, as one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Language:
    """Phrases are normalised (`answers.normalise`): lower case, ё as е, no punctuation."""

    name: str
    country: str
    """Whose phone numbers may be written without a country code."""
    yes: tuple[str, ...]
    no: tuple[str, ...]
    numbers: Mapping[str, int]
    """Numbers written as words."""
    halves: frozenset[str]
    """Words for one and a half."""
    and_a_half: str
    """Makes a half more of the number before it, normalised."""
    scales: Mapping[str, int]
    """What stands behind a number with a half and multiplies it."""
    greater: frozenset[str]
    """Words that make another number of the one beside them: tens, thousands, halves. A text with one is asked for in digits."""
    not_word: str
    """Turns a phrase around: a guess is not made in a message that holds it."""
    fillers: frozenset[str]
    """Words that carry nothing: 'please', 'item', 'I need'."""
    greetings: frozenset[str]
    """Words of greetings, and of asking whether anybody is there: with them and the fillers alone nothing has been said."""
    person_words: frozenset[str]
    """A whole message that asks for a person, fillers apart."""
    person_phrases: tuple[str, ...]
    """Ask for a person wherever they stand in a message."""
    texts: Mapping[str, str]
    """What the bot says by default; a script may put its own in `texts:`."""
    labels: Mapping[str, str]
    """Words for the manager's task."""
    files: Callable[[int], str]
    """'2 files' in words."""
    months: Mapping[str, int] = field(default_factory=dict)
    """As they stand behind a number: `декабря` is 12."""
    weekdays: Mapping[str, int] = field(default_factory=dict)
    """Monday is 0, in every form that may follow `в`."""
    days: Mapping[str, int] = field(default_factory=dict)
    """`завтра` is 1."""
    day_units: Mapping[str, int] = field(default_factory=dict)
    """Lengths in days: `неделю` is 7."""
    after: str = ""
    """`через`."""
    next_words: frozenset[str] = frozenset()
    """`следующую`."""
    year_words: frozenset[str] = frozenset()
    """What may stand behind a year."""
    currencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What people call a currency behind a sum: `руб`, `рублей`."""
    unfit: Mapping[str, str] = field(default_factory=dict)
    """Why a value is not in its field, for managers; by the kind of the field, or by what else is the matter."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """What managers call the kinds of tasks that every playbook has."""
    checks: Mapping[str, str] = field(default_factory=dict)
    """What they call its checks."""
    known: Mapping[str, str] = field(default_factory=dict)
    """What they call the fields that every deal has, and those that orders, parcels and forms bring along."""
    too_old: str = ""
    """What a robot asks of them where a deal stands on a stage for too long."""
    person_heads: Mapping[str, tuple[str, ...]] = field(init=False)
    """`person_phrases`, padded with spaces, by their first word: a message without any of them holds no phrase."""

    def __post_init__(self) -> None:
        heads: dict[str, tuple[str, ...]] = {}
        for phrase in self.person_phrases:
            head = phrase.split()[0]
            heads[head] = (*heads.get(head, ()), f" {phrase} ")
        object.__setattr__(self, "person_heads", heads)
