"""What a field says of who somebody is: two who say the same are found by it, however they spell it."""

import pytest

from gateway.likeness import claimed


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("phone", "8 (916) 123-45-67", "phone:+79161234567"),
        ("phone", "+7 916 1234567", "phone:+79161234567"),
        ("phone", 89161234567, "phone:+79161234567"),
        ("phone", "нет", ""),
        ("phone", True, ""),
        ("phone", ["+79161234567"], ""),
        ("phone", "9" * 10_000, ""),
        ("email", " Ivan@Example.ORG ", "email:ivan@example.org"),
        ("email", "ivan@example", ""),
        ("email", "a@b.c\nBcc: x@y.z", ""),
        ("order", "№ A-4711", "order:a-4711"),
        ("order_number", 4711, "order:4711"),
        ("order", "не помню", ""),
        ("city", "  ОРЁЛ ", "name:семен петров|орел"),
        ("city", "", ""),
        ("comment", "+79161234567", ""),
    ],
)
def test_the_same_in_other_letters_is_the_same(name: str, value: object, key: str) -> None:
    assert claimed(name, value, "Семён  Петров", "RU") == key


def test_a_first_name_is_not_enough_beside_a_city() -> None:
    assert claimed("city", "Тверь", "Иван", "RU") == ""
