// Times and numbers as people read them.

import { seconds } from "./connect.js";

const NUMBERS = new Intl.NumberFormat("en");
const MOMENTS = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const CLOCK = new Intl.DateTimeFormat("en", { timeStyle: "medium", hourCycle: "h23" });

/** @param {number} value */
export function number(value) {
  return NUMBERS.format(value);
}

/** @param {string | undefined} duration in JSON, such as `1.5s` */
export function duration(duration) {
  const time = seconds(duration);
  return time === null ? "" : span(time);
}

/** @param {number} time in milliseconds */
export function span(time) {
  if (time < 10) return `${time.toFixed(1)} ms`;
  if (time < 1000) return `${Math.round(time)} ms`;
  if (time < 60_000) return `${(time / 1000).toFixed(1)} s`;
  return left(time);
}

/**
 * Return a long time, by its two largest units.
 *
 * @param {number} time in milliseconds
 */
export function left(time) {
  const total = Math.max(0, Math.round(time / 1000));
  const [days, hours, minutes, rest] = [
    Math.floor(total / 86400),
    Math.floor((total % 86400) / 3600),
    Math.floor((total % 3600) / 60),
    total % 60,
  ];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  if (minutes) return `${minutes} min ${String(rest).padStart(2, "0")} s`;
  return `${rest} s`;
}

/** @param {string | undefined} time a timestamp of the contract */
export function moment(time) {
  const at = Date.parse(time ?? "");
  return Number.isNaN(at) ? "" : MOMENTS.format(at);
}

/** @param {number} time in milliseconds since 1970 */
export function clock(time) {
  return CLOCK.format(time);
}

/** @param {string | undefined} time @returns {number} milliseconds from now; negative for the past, NaN without a time */
export function until(time) {
  return Date.parse(time ?? "") - Date.now();
}

/**
 * Return money; a currency is never added to another.
 *
 * @param {string | number | undefined} micros millionths
 * @param {string | undefined} currency
 */
export function money(micros, currency) {
  if (!currency) return "";
  const value = Number(micros ?? 0) / 1e6;
  const digits = value && value < 0.0001 ? 6 : value < 1 ? 4 : 2;
  return `${value.toFixed(digits)} ${currency}`;
}
