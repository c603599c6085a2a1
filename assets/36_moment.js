/**
 * Which moment does somebody mean, how is it written, and in what order are moments asked for?
 *
 * Pure: no DOM, no clock; times are ms UTC.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;
  const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080].map((minutes) => minutes * MINUTE);

  const WHOLE = /^(\d{4})-(\d\d)-(\d\d)[T ]+(\d\d):?(\d\d)(?::?(\d\d)(?:\.\d+)?)?\s*(?:Z|UTC)?$/i;
  const CLOCK = /^(\d\d?):(\d\d)(?::(\d\d))?\s*(?:Z|UTC)?$/i;
  const GROUP = /^(\d\d)(\d\d)(\d\d)\s*Z\s*([A-Z]{3})\s*(\d\d|\d{4})$/i;

  const HOW = 'Write 2026-11-25 10:15, 10:15 or 251015Z NOV 26, in UTC.';

  /** The moment of these numbers; null when there is none, as on 30 February. */
  function moment(year, month, day, hour, minute, second) {
    const at = Date.UTC(year, month - 1, day, hour, minute, second);
    const made = new Date(at);
    const same =
      made.getUTCFullYear() === year &&
      made.getUTCMonth() === month - 1 &&
      made.getUTCDate() === day &&
      made.getUTCHours() === hour &&
      made.getUTCMinutes() === minute &&
      made.getUTCSeconds() === second;
    return same ? at : null;
  }

  /**
   * The moment that a text means, in UTC: a date and a time, a time alone, or a date-time group (STANAG 2014 has them
   * as 251015Z NOV 26).
   * @param {string} text
   * @param {number} near a time alone is of this moment's day
   * @returns {{at: number} | {error: string}} `error` says what is wrong, as a sentence
   */
  function parse(text, near) {
    const said = String(text || '').trim();
    if (!said) return { error: `Say which moment. ${HOW}` };
    let at = null;
    let found;
    if ((found = WHOLE.exec(said))) {
      at = moment(+found[1], +found[2], +found[3], +found[4], +found[5], +(found[6] || 0));
    } else if ((found = CLOCK.exec(said))) {
      const day = new Date(near);
      const date = [day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate()];
      at = moment(...date, +found[1], +found[2], +(found[3] || 0));
    } else if ((found = GROUP.exec(said))) {
      const year = found[5].length === 2 ? 2000 + +found[5] : +found[5];
      at = moment(year, MONTHS.indexOf(found[4].toUpperCase()) + 1, +found[1], +found[2], +found[3], 0);
    } else return { error: `“${said}” is not a moment. ${HOW}` };
    return at === null ? { error: `There is no ${said}. ${HOW}` } : { at };
  }

  /** A moment as an address has it: `2026-11-25T10:15:00Z`. */
  function iso(at) {
    return `${new Date(at).toISOString().slice(0, 19)}Z`;
  }

  /** A moment as people read it: `2026-11-25 10:15:00Z (12:15 local)`. */
  function words(at) {
    return `${cop.time.utc(at)} (${cop.time.local(at).slice(11, 16)} local)`;
  }

  /** Moments are of whole seconds: what an address says is what is asked for. */
  function whole(at) {
    return Math.floor(at / SECOND) * SECOND;
  }

  /**
   * Where a scale from `first` to `last` has its marks: at round times of the day, at most `most` of them.
   * @returns {{at: number, utc: string, local: string}[]}
   */
  function ticks(first, last, most) {
    const step = STEPS.find((each) => (last - first) / each <= most) || Math.ceil((last - first) / most / DAY) * DAY;
    const found = [];
    for (let at = Math.ceil(first / step) * step; at <= last; at += step) {
      const midnight = at % DAY === 0;
      const utc = cop.time.utc(at);
      const local = cop.time.local(at);
      found.push({ at, utc: midnight ? `${utc.slice(8, 10)} ${MONTHS[+utc.slice(5, 7) - 1]}` : `${utc.slice(11, 16)}Z`, local: local.slice(11, 16) });
    }
    return found;
  }

  /**
   * One question at a time: of what is wanted while one is under way only the newest is asked next.
   * @param {(at: number) => Promise<void>} ask
   */
  function asker(ask) {
    let busy = false;
    let next = null;
    return {
      want(at) {
        next = at;
        if (busy) return;
        busy = true;
        (async () => {
          try {
            while (next !== null) {
              const at_ = next;
              next = null;
              await ask(at_);
            }
          } finally {
            busy = false;
          }
        })();
      },
      /** Nothing is wanted any more; what is under way goes on. */
      drop() {
        next = null;
      },
      /** Whether something newer waits for what is under way. */
      waits: () => next !== null,
      busy: () => busy,
    };
  }

  cop.moment = { parse, iso, words, whole, ticks, asker, MINUTE, HOUR };
})();
