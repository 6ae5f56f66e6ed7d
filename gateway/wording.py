"""What the timeline says of the system's own acts, in the shop's language. Customers never see these lines."""

from typing import Final

RU: Final = {
    "opened": "Сделка открыта",
    "joined": "Обращение присоединено к открытой сделке",
    "bot_started": "Бот «{bot}» начал разговор",
    "bot_finished": "Бот «{bot}» остановлен: сценарий пройден до конца",
    "bot_handed_off": "Бот «{bot}» остановлен: разговор передан менеджеру",
    "bot_timed_out": "Бот «{bot}» остановлен: клиент не ответил вовремя",
    "bot_moved": "Бот «{bot}» продолжает разговор по новой версии сценария",
    "bot_stopped": "Бот «{bot}» остановлен: {why}",
    "why_taken": "разговор взял менеджер {who}",
    "why_written": "менеджер {who} написал клиенту",
    "why_command": "менеджер {who} остановил бота",
    "why_loop": "слишком много автоматических сообщений подряд, похоже на переписку двух роботов",
    "why_unreachable": "клиент больше не получает сообщения",
    "why_opted_out": "клиент попросил больше не писать",
    "why_undelivered": "сообщение бота не доставлено",
    "why_closed": "сделка закрыта",
    "why_lost": "его сценария больше нет",
    "why_moved_on": "сделка перешла на другой этап",
    "why_unsaid": "вопрос не удалось задать",
    "why_clarify": "менеджер {who} попросил бота уточнить: {what}",
    "why_moved": "разговор продолжается в другой сделке",
    "taken": "{who}: взял(а) сделку в работу",
    "wanting": "Для этапа «{stage}» не хватает: {names}. Заполните и переведите сделку",
    "closed": "Сделка закрыта: {why}",
    "stage": "Этап: {old} → {new}",
    "edited": "Клиент исправил сообщение: {text}",
    "undelivered": "Сообщение не доставлено: {why}",
    "task_undelivered": "Сообщение клиенту не доставлено ({why}). Свяжитесь с ним другим способом",
    "task_loop": "Бот остановлен защитой от зацикливания. Проверьте, кто пишет с той стороны",
    "task_unreachable": "Клиент больше не получает наши сообщения. Свяжитесь с ним другим способом",
    "task_opted_out": "Клиент попросил больше не писать. Решите, нужен ли звонок",
    "task_timer": "Бот не смог продолжить разговор. Ответьте клиенту сами",
    "task_poison": "Событие не удалось обработать (№ {id}). Ответьте клиенту сами и покажите руководителю: карантин открыт ему",
    "task_quarantine": "Пришло то, чего не удалось понять ({channel}; код причины: {reason}). Покажите руководителю: карантин открыт ему",
    "task_bot_busy": "Бот «{bot}» не начал разговор: идёт разговор с ботом «{other}». Напишите клиенту сами, когда он закончится",
    "task_bot_mute": "Бот «{bot}» не начал разговор: написать клиенту некуда. Свяжитесь с ним сами",
    "task_bot_gone": "Бот «{bot}» не начал разговор: его сценария нет. Свяжитесь с клиентом сами и покажите маркетологу",
    "task_bot_closed": "Бот «{bot}» не начал разговор: сделка закрыта. Свяжитесь с клиентом сами, если это нужно",
    "task_circle": "Роботы воронки ходят по кругу (последний: {robot}). Покажите маркетологу: правило остановлено",
    "task_robot_empty": "Робот не написал клиенту: не заполнено ({names}). Заполните и напишите сами: {text}",
    "task_robot_mute": "Робот не смог написать клиенту: нет открытого канала. Свяжитесь с ним сами: {text}",
    "task_robot_heavy": "Робот не написал клиенту: файлы не помещаются в письмо ({names}). Отправьте их сами другим способом: {text}",
    "task_webhook": "Не удалось передать сделку наружу: {endpoint} не настроен или у клиента нет ни одного адреса",
    "task_webhook_failed": "Не удалось передать сделку наружу: адрес не ответил ({why}). Покажите тому, кто отвечает за сайт",
    "why_staff": "этот чат теперь менеджера, не клиента",
    "why_robot": "так велит правило воронки",
    "assigned": "Ответственный: {name}",
    "not_acted": "{name}: сделка осталась без движения, ищем другого ответственного",
    "left": "{name} больше не ведёт эту сделку",
    "task_next_step": "По сделке давно ничего не происходит. Решите, что дальше: продвиньте её, назначьте задачу или закройте",
    "task_left": "Сделка перешла от {name}, клиент ждёт ответа. Ответьте ему",
    "led_to": "Продолжается в сделке № {id}",
    "task_window": "Клиент писал больше суток назад, бот написать не может. Напишите ему сами: {text}",
    "task_form": "Заявка с сайта «{form}». Свяжитесь с клиентом",
    "task_call": "Пропущенный звонок. Перезвоните клиенту",
    "task_call_again": "Пропущенные звонки: звонили ещё раз, всего {calls}. Перезвоните клиенту",
    "task_silent": "Клиент не ответил боту «{bot}». Сделка уже дальше уточнения данных и осталась открытой: свяжитесь с клиентом",
    "task_message": "Новое обращение ({source}). Ответьте клиенту",
    "task_mail": "Клиент написал письмо, а бот говорит с ним не по почте. Прочитайте и ответьте",
    "mail_files": "Письмо без текста, файлы: {names}",
    "mail_left": "В письме были и другие файлы: {files}",
    "task_bot_stopped": "Бота остановил(а) {who}. Продолжите разговор с клиентом",
    "task_bot_lost": "Бот не может продолжить разговор. Ответьте клиенту сами",
    "task_released": "{who}: сделка возвращена в общую очередь. Решите, кто ею займётся",
    "task_released_waiting": "{who}: сделка возвращена в общую очередь, клиент ждёт ответа. Ответьте ему",
    "changed": "{who}: изменено: {what}",
    "changed_title": "название",
    "contact_corrected": "{who}: клиент: {what}",
    "changed_name": "имя теперь {value}",
    "changed_phone": "телефон теперь {value}",
    "changed_email": "e-mail теперь {value}",
    "changed_fields": "поля ({names})",
    "changed_tags": "метки",
    "changed_responsible": "ответственный теперь {name}",
    "changed_released": "ответственный снят",
    "order": "Заказ {number}: {what}",
    "order_title": "Заказ {number}",
    "order_joined": "Заказ {number} присоединён к обращению: это один и тот же клиент",
    "payment": "Оплата по заказу {number}: {total}",
    "refund": "Возврат денег по заказу {number}: {total}",
    "refund_over": "Вернули больше, чем известно оплат. Проверьте, все ли оплаты дошли сюда",
    "overpaid": "Пришло больше, чем стоит заказ: лишние {sum}. Решите, вернуть или зачесть",
    "sum_known": "Сумма стала известна",
    "task_unknown_sum": "По заказу {number} пришло {total}, а сколько он стоит, неизвестно. Запишите сумму: станет видно, оплачен ли он",
    "task_foreign": "По заказу {number} названа сумма в другой валюте: {total}. Она нигде не учтена, решите сами",
    "task_order_lost": "Заказ {number}: {what}, а сделка по нему закрыта. Решите, вести ли его дальше",
    "task_unpaid_again": "По заказу {number} раньше сообщали, что он оплачен, а теперь — что нет. Проверьте оплату",
    "parcel": "Посылка {number}: {what}",
    "task_paid_lost": "Пришла оплата по заказу {number}, а сделка закрыта. Решите, отгружать или вернуть деньги",
    "why_order": "пришёл заказ {number}",
    "not_a_customer": "Звонок не от клиента",
    "call_missed": "Пропущенный звонок",
    "call_unanswered": "Клиент не взял трубку",
    "call_answered": "Разговор по телефону, {seconds} с",
    "form": "Заявка с сайта «{form}»",
    "blocked": "Клиент заблокировал нас",
    "unblocked": "Клиент снова принимает сообщения",
    "opted_out": "Клиент отписался от сообщений",
    "opted_in": "Клиент снова подписался на сообщения",
    "merged": "Сделка присоединена к сделке № {id}: это один и тот же клиент",
    "merged_took": "К этой сделке присоединена сделка № {id}: это один и тот же клиент",
    "parted": "Объединение отменено: сделка № {id} снова отдельная",
    "split": "Часть разговора выделена в сделку № {id}",
    "split_from": "Сделка выделена из сделки № {id}",
    "task_parted": "Разговор снова ведётся отдельно. Посмотрите, на чём он остановился, и ответьте клиенту",
    "found_no_next_task": "Дальше ничего не запланировано: ни задачи, ни бота, ни правила воронки",
    "found_overdue_task": "Задача просрочена: {text}",
    "found_unanswered": "Клиент ждёт ответа дольше положенного",
    "found_left_manager": "Ответственный здесь больше не работает",
    "found_orphan": "Сделку никто не ведёт, и сама она ничего не ждёт",
    "found_stage_too_old": "Стоит на этапе «{stage}» дольше положенного",
    "found_missing": "Не заполнено: {names}",
    "found_duplicate_contact": "Контакты № {one} и № {other}, возможно, один человек: {why}",
    "found_duplicate_deal": "Похожа на сделку № {other}: {why}",
    "found_no_contact": "Задача закрыта без разговора с клиентом: {text}. {why}",
    "found_no_reason": "Сделка потеряна, а причина не указана",
    "found_task": "Задача: {text}",
    "audit_nobody": "Без ответственного",
    "location": "Место на карте",
    "phone_shared": "Клиент поделился телефоном: {phone}",
    "task_done": "Задача выполнена: {result}",
    "amiss_task": "Вместо этого поставлена задача",
    "task_passed": "Сделка ушла с этапа «{stage}», задача больше не нужна",
    "task_ended": "Снята задача «{text}»: {why}",
    "why_passed": "сделка ушла с этапа «{stage}»",
    "task_done_no_contact": "Задача выполнена: {result}\nБез разговора с клиентом: {why}",
    "task_edited": "Задача изменена: {what}",
    "task_text": "текст «{text}»",
    "task_due": "срок {at}",
    "task_overdue": "{who}: не выполнено в срок, задач: {n}. Самая старая ждёт с {since}",
    "overdue_pool": "Общая очередь",
}

AMISS: Final = {
    "message unreachable": "Сообщение клиенту не отправлено: написать некуда",
    "message barred": "Сообщение клиенту не отправлено: он заблокировал нас или отписался",
    "message window_shut": "Сообщение клиенту не отправлено: он писал слишком давно, а одобренного шаблона нет",
    "message empty_value": "Сообщение клиенту не отправлено: не заполнено ({about})",
    "message too_heavy": "Сообщение клиенту не отправлено: файл слишком велик ({about})",
    "message no_template": "Сообщение клиенту не отправлено: шаблона нет",
    "message loop": "Сообщение клиенту не отправлено: слишком много автоматических сообщений подряд",
    "task already": "Задача не поставлена ещё раз: такая же ещё открыта",
    "task nobody": "Для задачи никого не нашлось ({about}): она у ответственного за сделку",
    "tell nobody": "Сообщить некому ({about}): задача у ответственного за сделку",
    "responsible nobody": "Ответственный не найден ({about})",
    "set unfit": "Поле «{about}» не заполнено: такое значение в нём не хранится",
    "set no_date": "Поле «{about}» не заполнено: не от чего отсчитать дату",
    "start busy": "Бот «{about}» не начал разговор: идёт разговор с другим ботом",
    "start no_script": "Бот «{about}» не начал разговор: его сценария нет",
    "start unreachable": "Бот «{about}» не начал разговор: написать клиенту некуда",
    "start closed": "Бот «{about}» не начал разговор: сделка закрыта",
    "move closed": "Сделка не переведена на другой этап: она уже закрыта",
    "close closed": "Сделка не закрыта ещё раз: она уже закрыта",
    "delete written": "Сделка не удалена, а закрыта: клиент в ней писал",
    "open already": "Вторая сделка не открыта: есть сделка № {about}",
    "webhook no_endpoint": "Сделка не передана наружу: адрес «{about}» не настроен",
    "webhook no_address": "Сделка не передана наружу («{about}»): у клиента нет ни одного адреса",
}
"""What a robot's deed came to where it did not do what it says, and why."""

ORDER_EVENTS: Final = {
    "placed": "оформлен", "paid": "оплачен", "in_work": "в работе", "item_refused": "поставщик отказал в позиции",
    "sync_lost": "связь с поставщиком потеряна", "ready": "готов к выдаче", "handed_over": "выдан", "sent": "отправлен",
    "cancelled": "отменён",
}  # fmt: skip
PARCEL_STATUSES: Final = {
    "created": "накладная создана", "accepted": "принята перевозчиком", "in_transit": "в пути", "arrived": "прибыла в отделение",
    "collected": "получена", "money_received": "деньги получены", "refused": "клиент отказался", "returned": "возвращена",
}  # fmt: skip

CHANNELS: Final = {
    "telegram": "Telegram", "whatsapp": "WhatsApp", "sms": "SMS", "web": "чат на сайте", "form": "форма на сайте", "call": "звонок",
    "phone": "телефон", "order": "заказ", "payment": "оплата", "parcel": "посылка", "visit": "сайт", "manual": "вручную", "email": "e-mail",
    "mail": "письмо",
}  # fmt: skip
"""What managers call the channels and sources; another system's name is shown as it is, with a capital."""

FIELDS: Final = {
    "phone": "Телефон", "name": "Имя", "email": "E-mail", "comment": "Комментарий", "message": "Сообщение", "text": "Сообщение",
    "question": "Вопрос", "city": "Город", "page": "Страница", "no_contact": "Без разговора с клиентом", "referrer": "Откуда пришли", "referer": "Откуда пришли", "files": "Файлы",
    "language": "Язык клиента",
}  # fmt: skip
"""What forms and calls often bring, where no script names it."""

DOUBTS: Final = {
    "empty": "Имя клиента неизвестно",
    "digits": "В имени есть цифры: «{name}»",
    "symbols": "В имени есть знаки, которых в именах не бывает: «{name}»",
    "company": "Похоже на название организации, а не на имя: «{name}»",
    "no_name": "Похоже, это не имя: «{name}»",
    "letter": "Вместо имени одна буква: «{name}»",
    "alphabets": "В имени смешаны русские и латинские буквы: «{name}»",
    "nonsense": "Похоже на случайный набор букв: «{name}»",
    "patronymic": "Одно отчество, без имени: «{name}»",
    "long": "Слишком длинно для имени: «{name}»",
    "order": "Фамилия стоит перед именем: «{name}». Проверьте обращение",
    "case": "Необычные заглавные буквы в имени: «{name}»",
}
"""What a manager is told of a customer's name before it is sent."""
MAIL_LEFT: Final = {
    "type": "не сохранён, такие файлы не принимаются", "size": "не сохранён, больше 20 МБ", "empty": "пустой",
    "absent": "почтовый сервис его не передал",
    "many": "не сохранён, файлов в письме слишком много", "often": "не сохранён, от этого отправителя слишком много файлов",
    "mail": "вложенное письмо, его текст не показан", "cut": "сохранён, но пришёл не целиком", "more": "и другие, их слишком много",
}  # fmt: skip
"""Why a file of a mail is not among those that managers see."""
LIKE: Final = {"phone": "телефон", "email": "e-mail", "order": "номер заказа", "name": "имя"}
"""By what two contacts are alike."""
AUDIENCE_COLUMNS: Final = (
    "Контакт",
    "Имя",
    "Телефон",
    "Почта",
    "Каналы",
    "Писать нельзя",
    "Сделка",
    "С какого времени",
)
AUDIT_COLUMNS: Final = ("Менеджер", "Клиент", "Сумма", "Этап", "Что не так", "С какого времени")

STAFF: Final = {
    "new": "Новая задача",
    "reassigned": "Задача передана вам",
    "handed": "Задача передана вам",
    "overdue": "Задача просрочена",
    "customer": "Клиент: {who}",
    "deal": "Сделка № {id}, {stage}",
    "due": "Срок: {at}",
    "quote": "Клиент пишет:\n{words}",
    "take": "Взять",
    "done": "Готово",
    "open": "Открыть",
    "reply_hint": "Ответьте на это сообщение, и ответ уйдёт клиенту.",
    "welcome": "{who}, теперь задачи приходят сюда. Отвязать этот чат: /stop",
    "bad_code": "Ссылка уже не действует. Возьмите новую в консоли: она годится один час и один раз.",
    "not_for_role": "Вашей роли задачи по клиентам не положены.",
    "untied": "Чат отвязан, задачи сюда больше не приходят.",
    "help": "Ответьте на сообщение о задаче: «/r текст» уйдёт клиенту, кнопка «Готово» закроет задачу. Отвязать чат: /stop",
    "text_only": "Понятен только текст, написанный здесь вами: без файлов и пересланного.",
    "ask_result": "Что вышло? Ответьте на это сообщение, и задача будет закрыта.\n\n{text}",
    "ask_reason": "С клиентом никто не разговаривал с тех пор, как поставлена задача. Почему она закрыта? Ответьте на это сообщение.\n\n{text}",
    "finished": "Задача закрыта: {result}",
    "done_by": "Задача уже закрыта: {who}",
    "taken": "Сделка № {id} ваша.",
    "taken_by": "Сделку № {id} уже взял(а) {who}.",
    "task_of": "Задачей уже занимается {who}.",
    "written": "Передано клиенту ({channel}).",
    "gone": "Этой задачи больше нет.",
    "closed": "Сделка № {id} уже закрыта.",
    "window": "Клиент писал слишком давно, свободный текст не дойдёт. Отправьте шаблон из консоли.",
    "no_channel": "Написать клиенту некуда: канал недоступен. Выберите другой в консоли.",
    "refused": "Не получилось: {why}",
}  # fmt: skip
"""What those who work here read in their own chat with the bot."""

STALE_PRESS: Final = "Эта кнопка уже не действует. Ответьте, пожалуйста, на последний вопрос."
SHARE_PHONE: Final = "Поделиться телефоном"

REASONS: Final = {
    "converted": "продолжается в другой сделке", "joined": "присоединена к другой сделке", "not_a_customer": "звонок не от клиента",
}  # fmt: skip
"""Why deals are closed by themselves, where the playbook has no words of its own for it."""

_TOPICS: Final = {"ru": "Ваше обращение № {deal}", "uk": "Ваше звернення № {deal}", "en": "Your inquiry no. {deal}"}
"""The subject of a mail that nobody gave one. Customers read it."""


def topic(language: str, deal: int) -> str:
    return _TOPICS.get(language, _TOPICS["ru"]).format(deal=deal)


def source_title(source: str) -> str:
    """A deal's source or an entry's channel: `form:callback` is «форма на сайте «callback»»."""
    channel, _, which = source.partition(":")
    title = CHANNELS.get(channel, channel[:1].upper() + channel[1:])
    return f"{title} «{which}»" if which else title


def line(key: str, **values: object) -> str:
    """A value that is not there leaves no colon behind which nothing comes."""
    text = RU[key].format(**values)
    return text if text == text.rstrip() else text.rstrip().removesuffix(":")


def mail_left(name: str, why: str) -> str:
    """One file of a mail that is not there as it came, and why."""
    told = MAIL_LEFT.get(why, why)
    return told if why == "more" else f"«{name or '?'}» — {told}"


def staff_line(key: str, **values: object) -> str:
    return STAFF[key].format(**values)
