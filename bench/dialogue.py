"""The dialogue that every program under test holds, and what each customer says in it. Both sides take it from here.

Four turns: "/start" asks for the name, the name for the city, the city for the quantity, the quantity is thanked for;
whatever comes next begins anew.
"""

from dataclasses import dataclass

ASK_NAME = "Здравствуйте! Как вас зовут?"
ASK_CITY = "{name}, из какого вы города?"
ASK_COUNT = "Сколько штук нужно?"
THANKS = "Спасибо, {name}, {city}, {count}"

NAMES = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Ирина", "Кирилл", "Лидия")
CITIES = ("Тверь", "Казань", "Омск", "Псков", "Самара", "Тула", "Уфа")
FIRST_CHAT = 10_000


@dataclass(slots=True)
class Customer:
    """One chat and how far it has come; `says` and `expects` are about the turn it is at."""

    chat: int
    step: int = 0
    round: int = 0
    posted: float = 0.0
    """When the update of this turn went out (or was due); 0: no turn under way."""
    update: int = 0

    @property
    def name(self) -> str:
        return NAMES[self.chat % len(NAMES)]

    @property
    def city(self) -> str:
        return CITIES[self.chat % len(CITIES)]

    @property
    def count(self) -> int:
        return 1 + (self.chat + self.round) % 97

    @property
    def says(self) -> str:
        return ("/start", self.name, self.city, str(self.count))[self.step]

    @property
    def expects(self) -> str:
        match self.step:
            case 0:
                return ASK_NAME
            case 1:
                return ASK_CITY.format(name=self.name)
            case 2:
                return ASK_COUNT
            case _:
                return THANKS.format(name=self.name, city=self.city, count=self.count)

    def advance(self) -> None:
        self.step = (self.step + 1) % 4
        self.round += self.step == 0


def answer(gathered: tuple[str, ...] | None, text: str) -> tuple[str, tuple[str, ...] | None]:
    """The bare dialogue: what to say to `text`, and what to remember (None: nothing, begin anew)."""
    match gathered:
        case None:
            return ASK_NAME, ()
        case ():
            return ASK_CITY.format(name=text), (text,)
        case (name,):
            return ASK_COUNT, (name, text)
        case _:
            name, city = gathered
            return THANKS.format(name=name, city=city, count=text), None
