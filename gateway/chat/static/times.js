// @ts-check
// Instants as people say them, in the customer's own zone.

import { lang, words } from "./words.js";

const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hour12: false });
const thisYear = new Intl.DateTimeFormat(lang, { day: "numeric", month: "long" });
const longAgo = new Intl.DateTimeFormat(lang, { day: "numeric", month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "short" });

/** @param {Date} at */
export const timeOf = (at) => clock.format(at);

/** @param {Date} at */
export const exactly = (at) => exact.format(at);

/** A key that is the same for the same local day. @param {Date} at */
export const dayKey = (at) => `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`;

/** «Сегодня», «Вчера», «12 марта», «12 марта 2023 г.». @param {Date} at @param {Date} now */
export function dayOf(at, now) {
  if (dayKey(at) === dayKey(now)) return words.today;
  const before = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayKey(at) === dayKey(before)) return words.yesterday;
  return (at.getFullYear() === now.getFullYear() ? thisYear : longAgo).format(at);
}

/** A server's instant; a clock that makes no sense becomes now. @param {string} iso */
export function instant(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? new Date() : at;
}
