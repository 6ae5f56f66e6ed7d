"""Who may call what: one line a call. A call without its line does not start, and a test walks the table.

Where a role may not even know that the thing exists, the answer is 404, as for what is not there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from gateway.api.calls import Call
from gateway.api.errors import Refusal, not_found
from state.records import Person


@dataclass(frozen=True, slots=True)
class Policy:
    roles: frozenset[str]
    denied: Literal[403, 404] = 404


WORKERS: Final = Policy(frozenset({"manager", "head", "admin"}))
EVERYONE: Final = Policy(frozenset({"manager", "head", "admin", "marketer"}), 403)
AUTHORS: Final = Policy(frozenset({"marketer", "head", "admin"}), 403)
HEADS: Final = Policy(frozenset({"head", "admin"}), 403)
READERS: Final = Policy(frozenset({"marketer", "head", "admin"}), 403)
COUNTED: Final = Policy(WORKERS.roles, 403)
PUBLISHERS: Final = Policy(frozenset({"marketer", "admin"}), 403)

POLICY: Final[dict[tuple[str, str], Policy]] = {
    ("GET", "/me"): EVERYONE,
    ("GET", "/deals"): WORKERS,
    ("POST", "/deals"): WORKERS,
    ("GET", "/deals/{deal_id}"): WORKERS,
    ("PATCH", "/deals/{deal_id}"): WORKERS,
    ("GET", "/deals/{deal_id}/timeline"): WORKERS,
    ("GET", "/deals/{deal_id}/robots"): WORKERS,
    ("GET", "/deals/{deal_id}/talk"): WORKERS,
    ("POST", "/deals/{deal_id}/take"): WORKERS,
    ("POST", "/deals/{deal_id}/move"): WORKERS,
    ("POST", "/deals/{deal_id}/messages"): WORKERS,
    ("POST", "/deals/{deal_id}/notes"): WORKERS,
    ("POST", "/deals/{deal_id}/clarify"): WORKERS,
    ("POST", "/deals/{deal_id}/bot"): WORKERS,
    ("POST", "/deals/{deal_id}/merge"): WORKERS,
    ("POST", "/deals/{deal_id}/split"): WORKERS,
    ("POST", "/contacts/{contact_id}/merge"): WORKERS,
    ("GET", "/merges"): WORKERS,
    ("POST", "/merges/{merge_id}/undo"): WORKERS,
    ("POST", "/merges/undo"): HEADS,
    ("GET", "/duplicates"): WORKERS,
    ("POST", "/duplicates/{duplicate_id}/merge"): WORKERS,
    ("POST", "/duplicates/{duplicate_id}/dismiss"): WORKERS,
    ("POST", "/deals/{deal_id}/tasks"): WORKERS,
    ("GET", "/tasks"): WORKERS,
    ("POST", "/tasks/{task_id}/done"): WORKERS,
    ("PATCH", "/tasks/{task_id}"): WORKERS,
    ("POST", "/me/telegram"): WORKERS,
    ("GET", "/me/telegram"): WORKERS,
    ("DELETE", "/me/telegram"): WORKERS,
    ("GET", "/contacts"): WORKERS,
    ("GET", "/contacts/{contact_id}"): WORKERS,
    ("PATCH", "/contacts/{contact_id}"): WORKERS,
    ("GET", "/entries/{entry_id}/media/{n}"): WORKERS,
    ("GET", "/upcoming"): WORKERS,
    ("GET", "/carriers/novaposhta/cities"): WORKERS,
    ("GET", "/carriers/novaposhta/offices"): WORKERS,
    ("POST", "/deals/{deal_id}/waybill"): WORKERS,
    ("GET", "/companies"): WORKERS,
    ("GET", "/companies/{company_id}"): WORKERS,
    ("PATCH", "/companies/{company_id}"): WORKERS,
    ("GET", "/audiences"): READERS,
    ("GET", "/audiences/{name}"): READERS,  # marketers write to them: whom to, and by what
    ("GET", "/audiences/{name}/csv"): READERS,
    ("GET", "/people"): WORKERS,
    ("GET", "/people/{person_id}"): WORKERS,
    ("PATCH", "/people/{person_id}"): HEADS,  # an admin: admins, and so with the three below
    ("POST", "/people/{person_id}/absence"): HEADS,
    ("DELETE", "/people/{person_id}/absence"): HEADS,
    ("POST", "/people/{person_id}/link"): HEADS,
    ("POST", "/me/presence"): EVERYONE,
    ("GET", "/events"): WORKERS,
    ("GET", "/scripts"): EVERYONE,
    ("GET", "/scripts/{name}"): EVERYONE,
    ("GET", "/scripts/{name}/versions"): EVERYONE,
    ("GET", "/scripts/{name}/versions/{which}"): EVERYONE,
    ("GET", "/scripts/{name}/compare"): EVERYONE,
    ("GET", "/scripts/{name}/standing"): EVERYONE,
    ("POST", "/scripts/{name}/publish"): PUBLISHERS,
    ("POST", "/scripts/{name}/rollback"): PUBLISHERS,
    ("POST", "/scripts/{name}/rollout"): PUBLISHERS,
    ("POST", "/simulator"): AUTHORS,
    ("POST", "/scripts/{name}/replay"): AUTHORS,
    ("GET", "/playbook"): EVERYONE,
    ("GET", "/clarifications"): EVERYONE,
    ("GET", "/templates"): EVERYONE,
    ("POST", "/deals/{deal_id}/preview"): WORKERS,
    ("GET", "/calendars"): EVERYONE,
    ("GET", "/quarantine"): HEADS,
    ("GET", "/audit/checks"): WORKERS,
    ("POST", "/audit/runs"): HEADS,
    ("GET", "/audit/runs/{run_id}"): WORKERS,
    ("GET", "/audit/findings"): WORKERS,  # managers: theirs
    ("POST", "/audit/findings/{finding_id}"): WORKERS,
    ("GET", "/audit/trend"): WORKERS,
    ("GET", "/audit/export.xlsx"): WORKERS,
    ("GET", "/audit/export.csv"): WORKERS,
    ("GET", "/reports/scripts/{name}"): READERS,
    ("GET", "/reports/scripts/{name}/rows"): HEADS,  # whose numbers lead to deals, which marketers do not see
    ("GET", "/reports/{report}"): EVERYONE,  # which of them, and how much: gateway/reports/ says of each
    ("GET", "/reports/{report}/csv"): EVERYONE,
    ("GET", "/reports/{report}/rows"): COUNTED,
}


def policy_of(call: Call) -> Policy:
    """Raises KeyError for a call that nobody has thought about."""
    return POLICY[call.method, call.path]


def admit(policy: Policy, person: Person) -> None:
    if person.role not in policy.roles:
        raise not_found() if policy.denied == 404 else Refusal(403, "forbidden", "not for your role")


def unused(calls: Iterable[Call]) -> set[tuple[str, str]]:
    """Lines of the table that no call answers to."""
    return set(POLICY) - {(call.method, call.path) for call in calls}
