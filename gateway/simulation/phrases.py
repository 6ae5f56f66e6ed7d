"""What simulated customers and managers say, by language. Plain words: nothing here is ever sent to anybody."""

from collections.abc import Mapping
from typing import Final

NAMES: Final = {
    "ru": ("Анна Белова", "игорь", "Мария Котова", "СЕРГЕЙ", "Ольга", "Павел Лис", "Нина", "Тимур", "Елена Прекрасная", "Артём"),
    "uk": ("Олена Коваль", "тарас", "Марія", "СЕРГІЙ", "Ольга", "Павло Лис", "Ніна", "Іван", "Оксана Ткач", "Артем"),
    "en": ("Ann Bell", "igor", "Mary Cole", "SERGE", "Olga", "Paul Fox", "Nina", "Tim", "Helen Fair", "Art"),
}  # fmt: skip
FIRST: Final = {
    "ru": ("Здравствуйте", "Добрый день, вы работаете?", "Нужны колодки", "Сколько стоит доставка?", "где мой заказ", "?", "Хочу записаться"),
    "uk": ("Добрий день", "Ви працюєте?", "Потрібен чохол", "Скільки коштує доставка?", "де моє замовлення", "?", "Хочу записатися"),
    "en": ("Hello", "Are you open?", "I need brake pads", "How much is delivery?", "where is my order", "?", "I want to enrol"),
}  # fmt: skip
ANSWERS: Final = {
    "ru": (
        "1", "2", "3", "да", "нет", "XTA210990Y2765432", "Лада Веста 2019", "колодки передние", "2 штуки", "Тверь",
        "ул. Ленина, 5", "4711", "+79161234567", "картой", "не знаю", "завтра в 15:00", "ну такое…", "спасибо", "а можно дешевле?",
    ),
    "uk": (
        "1", "2", "3", "так", "ні", "Київ", "відділення 12", "чохол чорний", "2 шт", "накладений платіж", "4711", "+380671234567",
        "карткою", "не знаю", "завтра о 15:00", "ну таке…", "дякую", "а можна дешевше?",
    ),
    "en": (
        "1", "2", "3", "yes", "no", "London", "5 High Street", "a black one", "2 pieces", "by card", "4711", "+447700900123",
        "no idea", "tomorrow at 15:00", "well…", "thanks", "could it be cheaper?",
    ),
}  # fmt: skip
OFFERS: Final = {
    "ru": ("Есть в наличии, цена 12 500, срок два дня.", "Подобрали, смотрите варианты ниже.", "Уточните, пожалуйста, адрес.", "Готово, ждём вас."),
    "uk": ("Є в наявності, ціна 1250, відправка завтра.", "Підібрали, ось варіанти.", "Уточніть, будь ласка, адресу.", "Готово, чекаємо на вас."),
    "en": ("In stock, 125.00, two days.", "Here is what we have found.", "Which address, please?", "Ready, we are waiting for you."),
}  # fmt: skip
RESULTS: Final = {
    "ru": ("Позвонил, договорились", "Не отвечает", "Сделано", "Клиент подумает"),
    "uk": ("Зателефонував, домовились", "Не відповідає", "Зроблено", "Клієнт подумає"),
    "en": ("Called, agreed", "No answer", "Done", "The customer thinks about it"),
}
TEAM: Final = {
    "ru": ("Анна", "Борис", "Вера", "Глеб", "Дина", "Егор", "Жанна", "Захар"),
    "uk": ("Ганна", "Борис", "Віра", "Гліб", "Діна", "Єгор", "Жанна", "Захар"),
    "en": ("Ann", "Boris", "Vera", "Glen", "Dina", "Egan", "Jane", "Zach"),
}
PHONES: Final = {"ru": "+7916", "uk": "+38067", "en": "+4477"}


def of(phrases: Mapping[str, tuple[str, ...]], language: str) -> tuple[str, ...]:
    return phrases.get(language, phrases["en"])
