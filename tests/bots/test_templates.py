"""Templates as a playbook has them: what is read, what is filled in, and what is told of a mistake."""

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

import playbooks
from bots.kit.playbook import Playbook, load_playbook
from bots.kit.template_lints import lint_templates
from bots.kit.templates import Approval, Filled, Template, fill
from gateway.channels.limits import LIMITS

HEAD = """\
playbook: Shop
language: ru
funnels: {retail: {title: R, stages: {new: N}, won: W, lost: L}}
about: {offices: "Северная, 14"}
templates:
"""  # templates begin on line 6
KNOWN: Mapping[str, object] = {"name": "иван петров", "order": 48213, "total": 1_234_500, "currency": "RUB"}
only = pytest.mark.parametrize


def loaded(templates: str) -> Playbook:
    playbook, problems = load_playbook("shop", {"playbook.yaml": HEAD + templates})
    assert playbook is not None, [str(problem) for problem in problems]
    return playbook


def read(one: str) -> Template:
    return loaded(f"  t: {one}\n").templates["t"]


def filled(template: Template, *, unseen: bool = False, known: Mapping[str, object] = KNOWN, **given: str) -> Filled:
    return fill(template.worded("ru", "telegram"), known.get, given, unseen=unseen)


FILES = {"price.pdf": 9_000, "one.pdf": 8_000_000, "two.pdf": 6_000_001}


def told(templates: str, files: Mapping[str, int] = FILES) -> list[str]:
    """Every finding of a playbook's templates, with what only the shop as a whole shows."""
    playbook, problems = load_playbook("shop", {"playbook.yaml": HEAD + templates})
    more = lint_templates(playbook.templates, ["vin"], LIMITS, files) if playbook else []
    return [f"{one.line}: {one.severity}: {one.what}. {one.remedy}" for one in (*problems, *more)]


def test_variables_are_filled_in_by_name_and_the_shop_tells_of_itself():
    template = read('{text: "{name|first|proper}, заказ {order} на {total|price}. {offices}."}')
    assert filled(template) == Filled(
        "Иван, заказ 48213 на 12\u00a0345\u00a0₽. Северная, 14.",
        {"name": "Иван", "order": "48213", "total": "12\u00a0345\u00a0₽"},
    )
    assert template.names() == ("name", "order", "total")


def test_what_is_not_known_is_told_by_name_and_blanks_are_the_managers():
    template = read('{text: "Заказ {order}, {_срок}, {_}, {_}, {tracking or скоро}"}')
    made = filled(template, known={})
    assert (made.empty, made.blanks) == (("order",), ("_срок", "_", "_2"))
    assert made.text == "Заказ {order}, {_срок}, {_}, {_2}, скоро"
    assert filled(template, _срок="завтра", _="а", _2="б").text == "Заказ 48213, завтра, а, б, скоро"


def test_a_value_is_never_looked_at_again():
    template = read('{text: "{name}: {order}"}')
    assert filled(template, known={"name": "{order}", "order": "{name}"}).text == "{order}: {name}"


@only(("name", "said"), [("Дом 2", "Друг"), ("", "Друг"), ("ООО Ромашка", "Друг"), ("иван петров", "Иван")])
def test_a_machine_says_something_else_where_a_name_is_doubtful(name: str, said: str):
    template = read('{text: "{name|first or Друг}, здравствуйте!"}')
    assert filled(template, unseen=True, known={"name": name}).text == f"{said}, здравствуйте!"


def test_a_machine_that_has_nothing_to_say_instead_does_not_greet_nobody():
    template = read('{text: "Здравствуйте, {name}!"}')
    assert filled(template, unseen=True, known={"name": "Дом 2"}).empty == ("name",)


def test_a_manager_sees_the_doubt_and_may_send_the_name_as_it_is_or_another():
    template = read('{text: "Здравствуйте, {name}!"}')
    made = filled(template, known={"name": "дом 2"})
    assert (made.text, made.doubts[0]) == ("Здравствуйте, Дом 2!", "digits")
    made = filled(template, known={"name": "дом 2"}, name="Пётр")
    assert (made.text, made.doubts) == ("Здравствуйте, Пётр!", ())


def test_a_text_is_worded_by_language_and_channel_and_else_in_the_shops_language():
    template = read("{text: {ru: {default: Готово, sms: Готов}, uk: Зроблено}}")
    assert [template.worded(*key).plain for key in (("uk", "sms"), ("ru", "sms"), ("en", "web"), ("uk", "web"))] == [
        "Зроблено", "Готов", "Готово", "Зроблено",
    ]  # fmt: skip


def test_a_provider_knows_variables_by_number_in_the_order_of_the_text():
    template = read('{text: "{name}, {order}, {name}", whatsapp: {id: HX1, state: pending}}')
    assert template.approvals == {("whatsapp", "ru"): Approval("HX1", "pending", ("name", "order"))}
    assert template.ids == {}
    own = read('{text: "{name}, {order}", whatsapp: {id: HX1, values: [order, name]}}')
    assert own.approvals["whatsapp", "ru"].values == ("order", "name")


def test_each_language_has_its_own_approval():
    template = read(
        '{text: {ru: "Да, {name or друг}", uk: "Так, {name or друже}"}, whatsapp: {ru: HX1, uk: {id: HX2, state: paused}}}'
    )
    one, two, other = (template.approval("whatsapp", language) for language in ("ru", "uk", "en"))
    assert one == other == Approval("HX1", "approved", ("name",))
    assert two == Approval("HX2", "paused", ("name",))


def test_the_old_form_stays_as_it_was():
    template = read('{text: "Здравствуйте, {1}! Заказ {2} ждёт вас, {1}.", whatsapp: HX77}')
    assert (template.values, template.ids, template.numbered) == (2, {"whatsapp": "HX77"}, True)
    assert filled(template, **{"1": "Иван", "2": "{1}"}).text == "Здравствуйте, Иван! Заказ {1} ждёт вас, Иван."


LONG = "а" * 1_100


@only(
    ("templates", "said"),
    [
        ('  a: {text: "Заказ {ordr}"}', "6: error: template 'a' fills in 'ordr', which no deal has. Did you mean 'order'?"),
        ("  a:\n    text:\n      ru: Да\n      uk: '{vim}'", "9: error: template 'a' fills in 'vim', which no deal has. Did you mean 'vin'?"),
        ("  a: {text: {ru: Да, uk: Так}}\n  b: {text: Нет}", "7: warning: 'text' is not there in 'uk'. Add 'uk: …' beside the others"),
        ("  a: {text: {uk: Так}}", "6: error: 'text' has no wording for everybody else. Add 'ru: …'"),
        ('  a: {text: "Да, {name}"}', "6: warning: the customer's name may be unknown. Give a default: {name or …}"),
        ('  a: {text: "{2} и {1}", whatsapp: HX1}', "6: warning: in template 'a' {2} stands before {1}. Compare it"),
        ('  a: {text: "{1} и {3}", whatsapp: HX1}', "6: error: the values are not counted from {1}. Write {1}, {2}, {3}"),
        ('  a: {text: "{1} и {order}", whatsapp: HX1}', "6: error: template 'a' has values by number and by name. Write all of them by name"),
        ('  a: {text: "{1}"}', "6: error: template 'a' can be sent on no channel. Add the provider's name"),
        ('  a: {text: "{²}"}', "6: error: template 'a' fills in '²', which no deal has. Known here"),
        ('  a: {text: "{order}, {vin}", whatsapp: {id: H, values: [vin, order]}}', "6: warning: value 1 is 'vin', and the text begins with 'order'."),
        ('  a: {text: "{order}, {vin}", whatsapp: {id: H, values: [order]}}', "6: error: 'vin' has no number. List all"),
        ('  a: {text: "{order}", whatsapp: {id: H, values: [ordre]}}', "6: error: the text has no 'ordre'. Did you mean 'order'?"),
        ('  a: {text: "{order}, {order|upper}", whatsapp: H}', "6: error: {order} is written in two ways, so 'whatsapp' of template 'a' cannot have it."),
        ("  a: {text: Да, whatsapp: {id: H, state: aproved}}", "6: error: 'state' is 'aproved'. Did you mean 'approved'?"),
        ("  a: {text: Да, whatsapp: {state: approved}}", "6: error: 'whatsapp' of template 'a' has no id. Add 'id: HX…'"),
        ("  a: {text: Да, whatsapp: {uk: HX1}}", "6: error: template 'a' is not worded in 'uk'."),
        ("  a: {title: Да}", "6: error: template 'a' has no text. Add 'text: …'"),
        ("  a: {text: Да, attach: ../secret.pdf}", "6: error: '../secret.pdf' cannot be attached. Write the name of a file"),
        ("  a: {text: Да, attach: 'http://example.com/a.pdf'}", "6: error: 'http://example.com/a.pdf' cannot be attached."),
        ("  a: {text: Да, attach: [prise.pdf]}", "6: error: template 'a' attaches 'prise.pdf', which is no file of the playbook's folder. Did you mean 'price.pdf'?"),
        ("  a: {text: Да, attach: [one.pdf, two.pdf]}", "6: warning: template 'a' attaches 14000001 bytes, and email carries 14000000: it does not go there. Make them smaller"),
        (f"  a: {{text: {LONG}, whatsapp: HX1}}", "6: warning: template 'a' has 1100 characters, more than 1024, which no provider approves. Shorten it"),
        (f"  a: {{text: {LONG * 2}}}", "6: warning: template 'a' has 2200 characters, more than 1600, which sms does not carry in one message."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_what_to_do(templates: str, said: str):
    found = told(templates + "\n")
    assert any(one.startswith(said) for one in found), found


def test_a_good_template_is_told_nothing_of():
    assert (
        told(
            '  a: {text: "{name|first or Друг}: {vin}, {_срок}", subject: "{order}", attach: [price.pdf, one.pdf, "https://example.com/a?b=c"]}\n'
        )
        == []
    )


PAGE = (Path(next(iter(playbooks.__path__))) / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
BOTH = '    text: {ru: "Да, {name or друг}, {order}", uk: "Так, {name or друже}, {order}"}\n'


@only(
    "templates",
    [
        BLOCKS[0].removeprefix("templates:\n"),
        "  t:\n" + BLOCKS[1],
        *(f"  t:\n{BOTH}{line}\n" for line in BLOCKS[2].splitlines()),
        "  t:\n    text: Да\n" + BLOCKS[4],
    ],
)
def test_what_marketers_are_shown_is_right(templates: str):
    """The one that lists a provider's numbers is told to be looked at, as the page says."""
    assert len(BLOCKS) == 5
    assert [one for one in told(templates) if "number_order" not in one and "value 1 is" not in one] == []


def test_what_marketers_are_shown_of_robots_is_right():
    robots = textwrap.indent(BLOCKS[3].removeprefix("robots:\n"), " " * 8)
    text = f"""\
playbook: Shop
templates: {{pickup_ready: {{text: "Готово, {{manager}}"}}, still_waiting: {{text: Ждём, whatsapp: HX1}}}}
funnels:
  retail:
    stages:
      new:
        title: Новая
        robots:
{robots}
    won: Выдан
    lost: Отказ
"""
    playbook, problems = load_playbook("shop", {"playbook.yaml": text})
    assert (problems, [one.name for one in playbook.board.of("retail", "new")] if playbook else []) == (
        [],
        ["tell", "ask"],
    )
