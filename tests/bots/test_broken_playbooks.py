"""Mistakes that people make in playbooks: each is told once, at its line, with what is wrong and what to write instead."""

import time

import pytest

from bots.kit.playbook import FILE, load_playbook
from bots.kit.problems import did_you_mean
from bots.robots.acting import ACTIONS

SHOP = """\
playbook: Цветы
language: ru
zone: Europe/Moscow
hours: {week: {mon-sat: 9:00-20:00}}
about: {place: "Садовая, 7"}
funnels:
  orders:
    title: Заказы
    stages:
      asked:
        title: Спросили
        robots:
          call: {in: 15m, do: [{tag: новый}]}
      making: Собираем
    won: Вручён
    lost: Не состоялся
    triggers:
      paid: {on: order paid, do: [{move: making}]}
reasons: {price: Дорого}
fields:
  flowers: Какие цветы
  wrap: {title: Обёртка, choices: [бумага, лента]}
  bouquet_on: {title: Когда, kind: date}
  budget: {title: Стоимость, kind: money}
  advance: {title: Аванс, kind: money}
  roses: {title: Сколько роз, kind: number}
  callback: {title: Куда звонить, kind: phone}
  rest: {title: Осталось, kind: money, is: budget - advance}
team:
  lena: {name: Лена, groups: [sales]}
  rita: {name: Рита, groups: [florists]}
assign:
  by_turns: {how: in order, among: [sales]}
"""


def findings(old: str, new: str) -> list[str]:
    assert old in SHOP
    _, problems = load_playbook("flowers", {FILE: SHOP.replace(old, new, 1)})
    return [str(problem) for problem in problems]


def test_the_shop_that_is_broken_here_is_sound():
    playbook, problems = load_playbook("flowers", {FILE: SHOP})
    assert problems == []
    assert playbook is not None


def test_what_is_known_is_listed_whole_and_what_is_left_out_is_counted():
    (finding,) = findings("{tag: новый}", "{прозвонить: новый}")
    assert finding == f"13:33: error: robots cannot 'прозвонить'. Known here: {', '.join(ACTIONS)}."
    many = [f"field{n}" for n in range(45)]
    assert did_you_mean("??", many).endswith("field39 and 5 more")
    assert did_you_mean("??", many[:40]).endswith("field38, field39")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("in: 15 min working", "13:22: error: 'in' is '15 min working': no length of time. Did you mean '15m working'?"),
        ("in: 2 часа", "13:22: error: 'in' is '2 часа': no length of time. Did you mean '2h'?"),
        ("in: 1 неделя", "13:22: error: 'in' is '1 неделя': no length of time. Did you mean '7d'?"),
        ("in: 15", "13:22: error: 'in' is '15': no length of time. Write it like 30m, 1d 12h, 2h working, 3d working (s, m, h, d; at most 366d)."),
        ("in: 15 fortnights", "13:22: error: 'in' is '15 fortnights': no length of time. Write it like 30m, 1d 12h, 2h working, 3d working (s, m, h, d; at most 366d)."),
        ("in: 400d", "13:22: error: 'in' is '400d': too long. At most 366d."),
        ("in: 2 weeks working", "13:22: error: 'in' is '2 weeks working': no length of time. Write it like 30m, 1d 12h, 2h working, 3d working (s, m, h, d; at most 366d)."),
        ("every: 7d working", "13:25: error: 'every' is '7d working', and working time is not counted here. Write '7d'."),
        ("working: true", "13:27: error: 'working' is 'true'. Write yes or no."),
        ("in: [15m]", "13:22: error: 'in' must be a text. Put it in quotes: \"…\"."),
    ],
)  # fmt: skip
def test_a_length_or_a_word_that_is_none_is_told_with_the_key_in_quotes(written: str, told: str):
    assert findings("in: 15m", written) == [told]


def test_a_task_that_is_due_in_no_length_of_time_is_told_so():
    (finding,) = findings("{tag: новый}", "{task: {text: Позвонить, due: 1 час}}")
    assert finding == "13:62: error: 'due' is '1 час': no length of time. Did you mean '1h'?"
    (finding,) = findings("title: Спросили", "title: Спросили\n        age: 3 days")
    assert finding == "12:14: error: 'age' is '3 days': no length of time. Did you mean '3d'?"
    (finding,) = findings("reasons:", "audit: {at: noon}\nreasons:")
    assert finding == "19:13: error: 'at' is 'noon': no time of day. Write it like 8:00."


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("budget: {over: 500, under: 100}", "50: error: nothing is over 500 and under 100. Make 'under' the greater one; or write two rules."),
        ("budget: {over: 100, under: 101}", "50: error: nothing is over 100 and under 101. Make 'under' the greater one; or write two rules."),
        ("advance: много", "32: error: 'advance' is a sum of money, and 'много' is none. Write it in minor units: 350000 is 3 500."),
        ("roses: {is not: дюжина}", "39: error: 'roses' is a number, and 'дюжина' is none. Write it in digits: 3."),
        ("bouquet_on: 12 марта", "35: error: 'bouquet_on' is a day, and '12 марта' is none. Write it like 2026-03-12."),
        ("bouquet_on: {over: 3}", "42: error: 'over' compares numbers, and 'bouquet_on' is a day. Have a robot keep to the day: 'at: bouquet_on'."),
        ("callback: {is: нет}", "38: error: 'callback' is a phone, and 'нет' is none. Write it like +79161234567."),
        ("wrap: бумаги", "29: error: 'wrap' is never 'бумаги'. Did you mean 'бумага'? Else add it to the field's 'choices:'."),
        ("wrap: {has: [шёлк, бумага]}", "35: error: 'wrap' is never 'шёлк'. Known here: бумага, лента. Else add it to the field's 'choices:'."),
        ("wrap: {over: 2}", "36: error: 'over' compares numbers, and 'wrap' is a choice. Write {is: …} or {is not: …}."),
        ("owner: manager", "30: error: 'owner' is never 'manager'. Known here: bot, person, pool."),
        ("language: russian", "33: error: 'language' is never 'russian'. Known here: ru, uk, en."),
        ("stage: making", "30: error: 'stage' is never 'making'. Known here: asked. A robot acts only in its own stage."),
        ("paid: да", "29: warning: 'paid' is never 'да'. Known here: yes, partly, no."),
        ("parcel: arived", "31: warning: 'parcel' is never 'arived'. Did you mean 'arrived'?"),
        ("channel: watsapp", "32: warning: 'channel' is never 'watsapp'. Did you mean 'whatsapp'?"),
        ("responsible: lena", "36: warning: 'responsible' is never 'lena'. Known here: Лена, Рита. It is a person's name."),
        ("tags: {is: новый}", "34: warning: 'is' compares all tags of a deal together. Write {has: новый}."),
        ("tags: {over: 2}", "36: error: 'over' compares numbers, and tags are none. Write {has: tag}."),
        ("flowers: {empty: yes, is: розы}", "49: error: 'empty' and 'is' exclude each other. Remove one; or write two rules, one for each."),
        ("flowers: {empty: yes, not empty: yes}", "56: error: 'empty' and 'not empty' exclude each other. Remove one; or write two rules, one for each."),
        ("flowers: {is: [розы, пионы], is not: [пионы, розы]}", "60: error: 'is' and 'is not' exclude each other. Remove one; or write two rules, one for each."),
        ("roses: {is: 3, over: 5}", "44: error: 'is' and 'over' exclude each other. Remove one; or write two rules, one for each."),
        ("tags: {has: vip, has not: [vip, опт]}", "49: error: 'has' and 'has not' exclude each other. Remove one; or write two rules, one for each."),
        ("flowers: [розы, empty]", "39: error: 'empty' is no value to compare with. Write 'flowers: empty' by itself; a value that is really called so stands in quotes."),
        ("flowers: {is not: empty}", "41: error: 'empty' is no value to compare with. Write 'flowers: empty' by itself; a value that is really called so stands in quotes."),
        ("flowers: []", "32: error: 'flowers' is compared with nothing. List a value, or write 'flowers: empty'."),
        ("flowers: ''", "32: error: 'flowers' is compared with nothing. Write 'flowers: empty' or 'flowers: not empty'."),
        ("flowers: {}", "32: error: 'flowers' is compared with nothing. Write 'flowers: value', or {is not: value}."),
        ("flowers: {is not: розы, not empty: maybe}", "58: error: 'not empty' is 'maybe'. Write yes or no."),
        ("flowers: {more than: 3}", "33: error: 'more than' is no way to compare. Known here: is, is not, has, has not, over, under, empty, not empty."),
        ("hours: {is: open}", "30: error: 'hours' is asked for otherwise. Write 'hours: open' or 'hours: closed'."),
        ("window: open", "23: error: 'window' is not known here. Remove it: outside the window a message goes out by its 'template', or becomes a task."),
    ],
)  # fmt: skip
def test_a_condition_that_no_deal_meets_is_told_and_what_cannot_be(condition: str, told: str):
    assert findings("in: 15m", f"if: {{{condition}}}") == [f"13:{told}"]


@pytest.mark.parametrize(
    "condition",
    [
        "flowers: {is not: розы, not empty: yes}", "flowers: {empty: no}", "flowers: 'empty'", "flowers: {is: [розы, пионы], is not: пионы}",
        "budget: {over: 100, under: 500}", "budget: 350000", "advance: {is not: 0}", "roses: {is: [1, 3], over: 2}", "flowers: {over: 3}",
        "bouquet_on: 2026-03-08", "wrap: [Бумага, лента]", "wrap: {is not: лента, not empty: yes}", "channel: avito", "paid: {is not: yes}",
        "tags: {has: vip, has not: опт}", "tags: empty", "responsible: Лена", "language: uk", "stage: asked", "hours: closed", "flowers: {is not: розы, empty: yes}",
    ],
)  # fmt: skip
def test_a_condition_that_some_deal_meets_is_let_be(condition: str):
    assert findings("in: 15m", f"if: {{{condition}}}") == []


def test_a_trigger_may_ask_for_a_stage_that_it_listens_in():
    assert findings("on: order paid,", "on: order paid, if: {stage: asked},") == []
    assert findings("on: order paid,", "on: order paid, from: [asked], if: {stage: making},") == [
        "18:57: error: 'stage' is never 'making'. Known here: asked."
    ]


def test_choices_belong_to_a_field_that_is_chosen():
    assert findings("choices: [бумага, лента]", "choices: [бумага, лента], kind: text") == [
        "22:26: error: field 'wrap' has choices, and its kind is 'text'. Remove one of the two."
    ]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("missed call", "nothing is called 'missed call'. Did you mean 'call missed'?"),
        ("paid order", "nothing is called 'paid order'. Did you mean 'order paid'?"),
        ("arived parcel", "nothing is called 'arived parcel'. Did you mean 'parcel arrived'?"),
        ("in work order", "nothing is called 'in work order'. Did you mean 'order in_work'?"),
        ("vip tag", "nothing is called 'vip tag'. Did you mean 'tag vip'?"),
        ("new message", "nothing is called 'new message'. Did you mean 'message'?"),
        ("missed", "nothing is called 'missed'. Did you mean 'call missed'?"),
        ("item refused", "nothing is called 'item refused'. Did you mean 'order item_refused'?"),
        ("masage", "nothing is called 'masage'. Did you mean 'message'?"),
        ("order paidd", "there is no 'order paidd'. Did you mean 'paid'? Without it, 'on: order' is any."),
        ("payment full", "there is no 'payment full'. Write 'on: payment'."),
        ("[order paid, payment]", "a trigger hears one thing. Write a trigger for each of them."),
    ],
)
def test_what_nobody_hears_is_told_with_what_was_meant(written: str, told: str):
    assert findings("on: order paid", f"on: {written}") == [f"18:18: error: {told}"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{tag: новый}", "{task: {text: Собрать, to: florist}}", "13:59: warning: nobody of the team is 'florist', unless a person or a group that is added later is called so. Did you mean 'florists'? Else add them to 'team:'."),
        ("{tag: новый}", "{task: {text: Собрать, to: Вася}}", "13:59: warning: nobody of the team is 'Вася', unless a person or a group that is added later is called so. Known here: by_turns, sales, florists, Лена, Рита, lena, rita, manager, head, marketer, admin, responsible, pool. Else add them to 'team:'."),
        ("{tag: новый}", "{responsible: by_turn}", "13:46: warning: nobody of the team is 'by_turn', unless a person or a group that is added later is called so. Did you mean 'by_turns'? Else add them to 'team:'."),
        ("reasons:", "sources: {message: {funnel: orders, responsible: Ленa}}\nreasons:", "19:50: warning: nobody of the team is 'Ленa', unless a person or a group that is added later is called so. Did you mean 'Лена'? Else add them to 'team:'."),
        ("among: [sales]", "among: [sale]", "33:36: warning: nobody of the team is 'sale', unless a person or a group that is added later is called so. Did you mean 'sales'? Else add them to 'team:'."),
        ("among: [sales]", "among: [sales], act: 1h, then: Olga", "33:60: warning: nobody of the team is 'Olga', unless a person or a group that is added later is called so. Known here: by_turns, sales, florists, Лена, Рита, lena, rita, manager, head, marketer, admin. Else add them to 'team:'."),
        ("among: [sales]", "among: [sales], absent: haed", "33:53: warning: nobody of the team is 'haed', unless a person or a group that is added later is called so. Did you mean 'head'? Else add them to 'team:'."),
        ("among: [sales]", "among: [sales], then: head", "33:45: error: 'then' says who has it next, and no time is set for the first one. Add 'act: 1h working'."),
        ("reasons:", "overdue: {to: haed}\nreasons:", "19:15: warning: nobody of the team is 'haed', unless a person or a group that is added later is called so. Did you mean 'head'? Else add them to 'team:'."),
    ],
)  # fmt: skip
def test_a_word_that_means_nobody_is_told_wherever_somebody_is_meant(old: str, new: str, told: str):
    assert findings(old, new) == [told]


@pytest.mark.parametrize("word", ["florists", "Рита", "rita", "by_turns", "head", "responsible", "pool", "manager"])
def test_a_task_may_be_for_a_group_a_person_a_rule_or_a_role(word: str):
    assert findings("{tag: новый}", f"{{task: {{text: Собрать, to: {word}}}}}") == []


def test_a_rule_may_name_people_by_their_keys():
    playbook, problems = load_playbook("flowers", {FILE: SHOP.replace("among: [sales]", "among: [rita, sales]")})
    assert problems == []
    assert playbook is not None
    assert playbook.assign["by_turns"].among == ("Рита", "sales")


def test_where_there_is_no_team_anybody_may_be_meant():
    begins = SHOP.index("team:")
    text = SHOP[:begins].replace("{tag: новый}", "{task: {text: Собрать, to: florist}}")
    assert load_playbook("flowers", {FILE: text})[1] == []


TAG = "{tag: новый}"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("in: 15m", "at: budget", "13:22: error: 'budget' is no day, and cannot be kept to. Name a field of 'kind: date': bouquet_on."),
        ("in: 15m", "at: name", "13:22: error: 'name' is no day, and cannot be kept to. Name a field of 'kind: date': bouquet_on."),
        ("in: 15m", "at: flowers", "13:22: warning: 'flowers' is a text, and is kept to only where it holds a day like 2026-03-12. Make it a day: 'flowers: {title: …, kind: date}'."),
        ("in: 15m", "at: bouquet_on, in: 1h, before: 1d", "13:42: error: 'before' and 'in' exclude each other. Keep one of them."),
        ("in: 15m", "after: 15m", "13:25: error: 'after' is '15m', and it names a robot. Write 'in: 15m'; 'after: previous' counts it from the robot above."),
        ("[{tag: новый}]", "[]", "13:31: error: 'call' does nothing. Write what it does: [{tag: …}, {move: …}]."),
        (TAG, "{move: asked}", "13:39: error: the deal is in 'asked' already. Name another: making."),
        ("{on: order paid,", "{on: order paid, from: [making],", "18:58: error: the deal is in 'making' already. Name another: asked."),
        (TAG, "{move: lost}", "13:39: error: a deal that is lost has a reason. Write '- close: REASON'."),
        (TAG, "{close: won}, {move: making}", "13:46: error: a line above it has ended the deal. Remove one of the two."),
        (TAG, "{move: making}, {move: won}", "13:48: warning: a line above it has moved the deal already. Keep the last one."),
        ("won: Вручён", "won: {title: Вручён, robots: {back: {do: [{move: making}]}}}", "15:48: error: a deal in 'won' has ended, and 'move' does nothing any more. Remove it; a new deal is opened by '- open: {funnel: …}'."),
        ("won: Вручён", "won: {title: Вручён, robots: {back: {do: [{close: price}]}}}", "15:48: error: a deal in 'won' has ended, and 'close' does nothing any more. Remove it; a new deal is opened by '- open: {funnel: …}'."),
        ("{on: order paid,", "{on: order paid, from: [won],", "18:37: error: nothing is heard any more of a deal in 'won'. Give the stage 'won' a robot instead."),
        ("{on: order paid,", "{on: order paid, from: [],", "18:36: error: 'from' names no stage. Name one, or remove the line: then it listens in all of them."),
        (TAG, "{open: {funnel: orders, stage: won}}", "13:63: error: funnel 'orders' has no open stage 'won'. Known here: asked, making."),
        ("reasons:", "sources: {form: {funnel: orders, stage: lost}}\nreasons:", "19:41: error: funnel 'orders' has no open stage 'lost'. Known here: asked, making."),
        (TAG, "{task: {kind: cal, text: Набрать}}", "13:46: error: no kind of tasks is called 'cal'. Did you mean 'call'? Else add it to 'task_kinds:'."),
        ("reasons:", "checks: {calls: {what: task, kind: cal, older: 3d}}\nreasons:", "19:36: error: no kind of tasks is called 'cal'. Did you mean 'call'? Else add it to 'task_kinds:'."),
        (TAG, "{message: {text: Привет, values: [розы]}}", "13:57: error: 'values' are a template's. Add 'template: …', or remove them."),
        (TAG, "{set: {owner: person}}", "13:39: error: 'owner' is what the deal is, and no field of it. Choose a field of 'fields:'."),
        (TAG, "{set: {responsible: Лена}}", "13:39: error: 'responsible' is what the deal is, and no field of it. Write '- responsible: …'."),
    ],
)  # fmt: skip
def test_what_would_never_happen_is_told(old: str, new: str, told: str):
    assert findings(old, new) == [told]


@pytest.mark.parametrize(
    "action",
    [
        "{set: {wrap: Бумага}}", "{set: {wrap: ''}}", "{set: {budget: '{advance}'}}", "{set: {paid: yes}}", "{count: roses}", "{count: flowers}",
        "{task: {kind: call_back, text: Набрать}}", "{move: won}", "{move: making}, {tag: б}", "{close: price}, {tag: б}", "{open: {funnel: orders, stage: making}}",
    ],
)  # fmt: skip
def test_what_may_happen_is_let_be(action: str):
    assert findings(TAG, action) == []


def test_a_kind_of_tasks_may_be_the_playbooks_own():
    kinds = SHOP.replace("reasons:", "task_kinds: {bouquet: Собрать букет}\nreasons:")
    text = kinds.replace(TAG, "{task: {kind: bouquet, text: Собрать}}")
    assert load_playbook("flowers", {FILE: text})[1] == []


WITH_MAIL = (
    "    lost: Не состоялся\n  mail: {title: Почта, %sstages: {sent: Отправлен}, won: Получен, lost: Вернулся}\n"
)


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("", []),
        ("group: orders, ", []),
        ("group: parcels, ", []),  # a funnel that was renamed keeps the group of its deals
        ("group: ordres, ", ["17:31: warning: only funnel 'mail' is of group 'ordres', which may be meant so: a contact may have an open deal in it besides those of other groups. Did you mean 'orders'?"]),
        ("group: maill, ", ["17:31: warning: only funnel 'mail' is of group 'maill', which may be meant so: a contact may have an open deal in it besides those of other groups. Did you mean 'mail'?"]),
    ],
)  # fmt: skip
def test_a_funnel_that_is_alone_in_a_group_with_nearly_anothers_name_is_told(group: str, told: list[str]):
    shop = SHOP.replace("    triggers:\n      paid: {on: order paid, do: [{move: making}]}\n", "")
    _, problems = load_playbook("flowers", {FILE: shop.replace("    lost: Не состоялся\n", WITH_MAIL % group)})
    assert [str(problem) for problem in problems] == told


def test_too_many_triggers_are_told_of_instead_of_left_out():
    many = "".join(f"      t{n}: {{on: message, do: [{{tag: a}}]}}\n" for n in range(101))
    assert findings("    triggers:\n", f"    triggers:\n{many}") == [
        "118:7: error: more than 100 triggers. Join some of them."
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("9:00-20:00}}", "9:00-20:00}, holidays: [2026-03-09]}", "4:48: error: 'holidays' takes a country's two letters. Write 'holidays: RU'; single days go under 'except:', like '2026-03-09: closed'."),
        ("9:00-20:00}}", "9:00-20:00}, holidays: 2026-03-09}", "4:48: error: 'holidays' takes a country's two letters. Write 'holidays: RU'; single days go under 'except:', like '2026-03-09: closed'."),
        ("9:00-20:00}}", "9:00-20:00}, except: {2026-13-04: closed}}", "4:47: error: there is no day 2026-13-04. There is no month 13. Did you mean 2026-04-13?"),
        ("9:00-20:00}}", "9:00-20:00}, except: {2026-13-31: closed}}", "4:47: error: there is no day 2026-13-31. There is no month 13. Write the month as 01 to 12."),
        ("9:00-20:00}}", "9:00-20:00}, except: {2026-02-30: closed}}", "4:47: error: there is no day 2026-02-30. The month has 28 days."),
        ("{week: {mon-sat: 9:00-20:00}}", "{mon-sat: 9:00-20:00}", "4:9: error: 'mon-sat' is not known in hours. Put the days under 'week:'."),
        ("title: Спросили", "title: Спросили\n        late: 30m", "12:9: error: 'late' is not known in stage 'asked'. Did you mean 'late if'? How long a deal may stay is 'age: 30m'."),
        ("title: Спросили", "title: Спросили\n        deadline: 30m", "12:9: error: 'deadline' is not known in stage 'asked'. How long a deal may stay is 'age: 30m'."),
        ("{in: 15m,", "{when: 15m,", "13:18: error: 'when' is not known in robot 'call'. How long after the deal came is 'in: 30m'."),
        ("{on: order paid,", "{on: order paid, in: 1d,", "18:30: error: 'in' is not known in trigger 'paid'. A trigger acts at once: what comes later is a robot of a stage."),
        ("{on: order paid,", "{on: order paid, stages: [asked],", "18:30: error: 'stages' is not known in trigger 'paid'. The stages in which it listens are 'from: [...]'."),
        (TAG, "{task: {text: Набрать, deadline: 1h}}", "13:55: error: 'deadline' is not known in task. Until when is 'due: 2h working'."),
        (TAG, "{message: {text: Привет, channel: sms}}", "13:57: error: 'channel' is not known in message. By which channels it goes is 'by: [whatsapp, sms]'."),
        ("kind: number}", "type: number}", "26:31: error: 'type' is not known in field 'roses'. What it holds is 'kind: money'."),
        (TAG, "{task: {text: Набрать: срочно}}", "13:53: error: a table in { } goes wrong here. Write it as {key: value, key: value}; put texts with , : { } in them in quotes."),
        (TAG, "{task: {text: Набрать, срочно}}", "13:55: error: 'срочно' is not known in task. A ',' ends a text in { }: put the text before it in quotes, the comma within."),
        (TAG, "{task: {text: Набрать {name}}}", "13:54: error: a table in { } goes wrong here. Write it as {key: value, key: value}; put texts with , : { } in them in quotes."),
    ],
)  # fmt: skip
def test_what_people_try_is_told_with_how_it_is_written(old: str, new: str, told: str):
    assert findings(old, new) == [told]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('about: {place: "Садовая, 7"}', 'about: {flowers: "Розы, пионы"}', "5:9: error: 'flowers' is told by the shop, and a field of deals. Rename one of the two."),
        ('about: {place: "Садовая, 7"}', 'about: {office: "Садовая, 7"}', "5:9: error: 'office' is told by the shop, and a field of deals. Rename one of the two."),
        ("reasons:", "sources: {mesage: {funnel: orders}}\nreasons:", "19:11: warning: nothing comes in as 'mesage', unless a form is called so. Did you mean 'message'? A form or a channel that is really called so may stay."),
        ("how: in order", "how: to all, act: 1h", "33:27: error: 'act' is about one responsible, and 'to all' gives the deal to nobody. Remove it, or write 'how: evenly'."),
        ("by_turns:", "manager:", "33:3: error: 'manager' is a word, a group or a person already. Choose another name."),
        ("reasons:", "checks: {old: {older: 3d, stages: [won]}}\nreasons:", "19:35: error: no open deal stands in 'won'. Add 'state: won', or name another stage."),
        ("reasons:", "checks: {old: {state: lost, stages: [asked]}}\nreasons:", "19:37: error: no lost deal stands in 'asked'. Add 'state: open', or name another stage."),
        ("in: 15m", "if: {advance: '3500.50'}", "13:32: error: 'advance' is a sum of money, and '3500.50' is none. Write it in minor units: 350000 is 3 500."),
        ("in: 15m", "if: {callback: 89161234567}", "13:33: error: 'callback' is a phone, and '89161234567' is none. Write it like +79161234567."),
    ],
)  # fmt: skip
def test_two_words_that_do_not_go_together_are_told(old: str, new: str, told: str):
    assert findings(old, new) == [told]


@pytest.mark.parametrize(
    "sources",
    [
        "{orders: {funnel: orders}}",
        "{avito: {funnel: orders}, email: {funnel: orders}}",
        "{subscribe: {funnel: orders}}",
    ],
)
def test_a_source_may_be_a_form_or_a_channel(sources: str):
    assert findings("reasons:", f"sources: {sources}\nreasons:") == []


def test_a_check_of_closed_deals_may_name_their_stages():
    assert findings("reasons:", "checks: {old: {state: won, stages: [won]}}\nreasons:") == []


def test_a_playbook_made_to_be_slow_costs_little():
    many = ", ".join(f"c{n}" for n in range(6_000))
    text = SHOP.replace("[бумага, лента]", f"[{many}]").replace("in: 15m", f"if: {{wrap: {{has: [{many}]}}}}")
    began = time.process_time()
    load_playbook("flowers", {FILE: text})
    load_playbook("flowers", {FILE: SHOP.replace("{tag: новый}", ", ".join(["{move: making}"] * 6_000))})
    assert time.process_time() - began < 5


@pytest.mark.parametrize("act", ["move: making", "close: won", "close: price"])
def test_stages_that_cannot_be_read_are_told_once_whatever_triggers_do(act: str):
    broken = (
        "playbook: Shop\nfunnels:\n  orders:\n    title: Orders\n    stages: x\n    won: Won\n    lost: Lost\n    triggers:\n"
        f"      paid: {{on: payment, do: [{{{act}}}]}}\nreasons: {{price: Too dear}}\n"
    )
    found = [str(one) for one in load_playbook("shop", {FILE: broken})[1]]
    assert any("'stages' must be a table" in one for one in found), found
