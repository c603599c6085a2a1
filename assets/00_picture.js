/**
 * What is known about each thing, and how does a frame of the push change that?
 *
 * Pure: no DOM, no clock; `now` is an argument (ms UTC). Pages and the shared worker load this same file.
 * docs/protocol.md is the contract for frames and things.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const NOTICES = 200;
  const TRAIL_POINTS = 40;
  const TRAIL_STEP_M = 50;
  const TRAIL_JUMP_M = 50000; // further than that between two reports is not a course sailed: the trail starts anew
  const M_PER_DEGREE = 111320;

  /** What a state means to who wants to pass. A state that is missing here is unknown. */
  const LIGHT = { open: 'green', restricted: 'amber', degraded: 'amber', closed: 'red' };
  const LIGHTS = ['red', 'amber', 'green', 'unknown'];
  const FEED_RANK = { ok: 0, late: 1, failed: 2 };
  const NATIONS = ['EE', 'LV', 'LT'];

  /**
   * An empty picture.
   * @param {{trails?: boolean}} [options] `trails: false` keeps no trails (the shared worker draws none)
   */
  function create(options) {
    return {
      world: null,
      now: 0,
      byHandle: new Map(),
      byId: new Map(),
      feeds: new Map(),
      notices: [],
      trails: options && options.trails === false ? null : new Map(),
    };
  }

  /**
   * Merge one frame into the picture.
   * @returns {{reset: boolean, put: object[], moved: object[], dropped: object[], feeds: boolean, notices: object[]}}
   *   what changed; a delta of another world changes nothing
   */
  function apply(picture, frame) {
    const change = { reset: false, put: [], moved: [], dropped: [], feeds: false, notices: [] };
    if (frame.k === 'snapshot') {
      change.reset = true;
      for (const kept of [picture.byHandle, picture.byId, picture.feeds, picture.trails]) if (kept) kept.clear();
      picture.notices = [];
      picture.world = frame.w;
    } else if (picture.world !== null && frame.w !== picture.world) {
      return change;
    }
    picture.world = frame.w;
    picture.now = frame.now;
    for (const thing of frame.put || []) put(picture, thing, change);
    if (frame.move) move(picture, frame.move, frame.now, change);
    for (const h of frame.drop || []) {
      const thing = picture.byHandle.get(h);
      if (thing) drop(picture, thing, change);
    }
    for (const feed of frame.feeds || []) {
      picture.feeds.set(`${feed.world} ${feed.source}`, feed);
      change.feeds = true;
    }
    for (const notice of frame.notices || []) {
      if (picture.notices.some((n) => n.at === notice.at && n.id === notice.id && n.state === notice.state)) continue;
      picture.notices.push(notice);
      change.notices.push(notice);
    }
    if (picture.notices.length > NOTICES) picture.notices.splice(0, picture.notices.length - NOTICES);
    return change;
  }

  function put(picture, thing, change) {
    const tenant = picture.byHandle.get(thing.h);
    if (tenant && tenant.id !== thing.id) drop(picture, tenant, change);
    const before = picture.byId.get(thing.id);
    if (before && before.h !== thing.h) picture.byHandle.delete(before.h);
    picture.byHandle.set(thing.h, thing);
    picture.byId.set(thing.id, thing);
    if (before && before.lon !== undefined && thing.lon !== undefined && !change.reset) {
      extend(picture, thing.id, before.lon, before.lat, thing.lon, thing.lat);
    }
    change.put.push(thing);
  }

  function move(picture, columns, now, change) {
    for (let i = 0; i < columns.h.length; i++) {
      const thing = picture.byHandle.get(columns.h[i]);
      if (!thing) continue;
      const lon = columns.x[i] / 1e5;
      const lat = columns.y[i] / 1e5;
      if (thing.lon !== undefined && !change.reset) extend(picture, thing.id, thing.lon, thing.lat, lon, lat);
      thing.lon = lon;
      thing.lat = lat;
      // undefined, not deleted: deleting a key would turn 20,000 objects into slow dictionaries
      thing.course = columns.c[i] < 0 ? undefined : columns.c[i];
      thing.speed = columns.s[i] < 0 ? undefined : columns.s[i] / 10;
      thing.at = now - columns.t[i] * 100;
      change.moved.push(thing);
    }
  }

  function drop(picture, thing, change) {
    picture.byHandle.delete(thing.h);
    picture.byId.delete(thing.id);
    if (picture.trails) picture.trails.delete(thing.id);
    change.dropped.push(thing);
  }

  /** Lengthen a trail: a flat array lon, lat, lon, lat … of where the thing was, the oldest first. */
  function extend(picture, id, fromLon, fromLat, lon, lat) {
    if (!picture.trails) return;
    let trail = picture.trails.get(id);
    const n = trail ? trail.length : 0;
    const lastLon = n ? trail[n - 2] : fromLon;
    const lastLat = n ? trail[n - 1] : fromLat;
    const east = (lon - lastLon) * M_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
    const north = (lat - lastLat) * M_PER_DEGREE;
    const metres = Math.sqrt(east * east + north * north);
    if (metres <= TRAIL_STEP_M) return;
    if (metres > TRAIL_JUMP_M) {
      picture.trails.set(id, [lon, lat]);
      return;
    }
    if (!trail) picture.trails.set(id, (trail = [fromLon, fromLat]));
    trail.push(lon, lat);
    if (trail.length > 2 * TRAIL_POINTS) trail.splice(0, trail.length - 2 * TRAIL_POINTS);
  }

  /** The picture as one snapshot frame: `apply` of it to an empty picture gives the same picture, without trails. */
  function snapshot(picture, why) {
    return {
      k: 'snapshot',
      w: picture.world,
      now: picture.now,
      why,
      put: [...picture.byHandle.values()],
      feeds: [...picture.feeds.values()],
      notices: picture.notices.slice(),
    };
  }

  /** How old the newest report about a thing is, ms; null when nobody says. */
  function age(thing, now) {
    return thing.at === undefined || thing.at === null ? null : Math.max(0, now - thing.at);
  }

  /** Whether a thing that ages is past its time. A thing that ages and tells no time is stale. */
  function stale(thing, now) {
    if (!thing.stale_s) return false;
    const old = age(thing, now);
    return old === null || old > thing.stale_s * 1000;
  }

  /** Whether it is something that moves: it has a course or a speed. */
  function moves(thing) {
    return thing.course !== undefined || thing.speed !== undefined;
  }

  /**
   * The light that a thing shows: red, amber, green, unknown, or none for a moving thing that nobody gave a state.
   * A stale "open" is unknown: what nobody has confirmed in time is never a go. A stale "closed" stays red.
   */
  function light(thing, now) {
    const shown = LIGHT[thing.state] || 'unknown';
    if (shown === 'unknown') return moves(thing) ? 'none' : 'unknown';
    return shown === 'green' && stale(thing, now) ? 'unknown' : shown;
  }

  const UNDECOMPOSED = { ł: 'l', Ł: 'l', ø: 'o', Ø: 'o', đ: 'd', Đ: 'd', æ: 'ae', Æ: 'ae', ß: 'ss' };

  /** Text as it is searched: lower case without diacritics (Šiauliai → siauliai). */
  function plain(text) {
    const said = String(text);
    if (/^[\x20-\x7e]*$/.test(said)) return said.toLowerCase();
    return said
      .normalize('NFD')
      .replace(/[\u0300-\u036f]/g, '')
      .replace(/[łŁøØđĐæÆß]/g, (c) => UNDECOMPOSED[c])
      .toLowerCase();
  }

  /** The nations of a thing or a feed; of one that has none the empty name. */
  function nationsOf(thing) {
    return thing.nations && thing.nations.length ? thing.nations : [''];
  }

  /** A feed's state by our own reckoning: as the server said, but late once its newest word is too old. */
  function feedState(feed, now) {
    if (feed.state === 'failed') return 'failed';
    const newest = feed.newest || feed.heard;
    if (feed.state !== 'ok' || !newest) return 'late';
    return feed.stale_s && now - newest > feed.stale_s * 1000 ? 'late' : 'ok';
  }

  /**
   * How fresh each nation's feeds are, the three states first: worst `state`, `silence` (ms since any of them spoke,
   * null: never), how many are ok, late and failed, `simulated` (none of them is observed), and the feeds, worst first.
   * @param {Map|object[]} feeds
   */
  function feedsByNation(feeds, now) {
    const rows = new Map(NATIONS.map((nation) => [nation, []]));
    for (const feed of feeds.values()) {
      for (const nation of nationsOf(feed)) {
        if (!rows.has(nation)) rows.set(nation, []);
        rows.get(nation).push({ ...feed, state: feedState(feed, now) });
      }
    }
    return [...rows].map(([nation, told]) => {
      told.sort((a, b) => FEED_RANK[b.state] - FEED_RANK[a.state] || (a.heard || 0) - (b.heard || 0));
      const heard = Math.max(0, ...told.map((feed) => feed.heard || 0));
      const of = (state) => told.filter((feed) => feed.state === state).length;
      return {
        nation,
        state: told.length ? told[0].state : 'failed', // a nation that no feed speaks for is not known to be well
        silence: heard ? Math.max(0, now - heard) : null,
        ok: of('ok'),
        late: of('late'),
        failed: of('failed'),
        simulated: told.length > 0 && told.every((feed) => feed.origin !== 'observed'),
        feeds: told,
      };
    });
  }

  /**
   * Whether the page may call itself live.
   * @param {{lastHeard: ?number, now: number, limit?: number, lag?: number}} told ms
   * @returns {{live: boolean, silence: ?number}} silence null: never heard anything
   */
  function liveness(told) {
    const limit = told.limit || 10000;
    if (!told.lastHeard) return { live: false, silence: null };
    const silence = told.now - told.lastHeard;
    // a silence far below nought means that somebody set a clock: nothing is known then, so it is not live
    return { live: Math.abs(silence) <= limit && (told.lag || 0) <= limit, silence: Math.max(0, silence) };
  }

  cop.picture = {
    LIGHTS,
    create,
    apply,
    snapshot,
    age,
    stale,
    moves,
    light,
    plain,
    nationsOf,
    feedState,
    feedsByNation,
    liveness,
  };

  const RIGA = { timeZone: 'Europe/Riga', hourCycle: 'h23' };
  const DATE = { year: 'numeric', month: '2-digit', day: '2-digit' };
  const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit' };
  const riga = new Intl.DateTimeFormat('en-GB', { ...RIGA, ...DATE, ...TIME });

  cop.time = {
    /** An age for people: `12 s`, `3 min`, `2 h 5 min`, `4 d`; `?` when unknown. */
    age(ms) {
      if (ms === null || ms === undefined || Number.isNaN(ms)) return '?';
      const s = Math.max(0, Math.floor(ms / 1000));
      if (s < 60) return `${s} s`;
      if (s < 3600) return `${Math.floor(s / 60)} min`;
      if (s >= 86400) return `${Math.floor(s / 86400)} d`;
      const min = Math.floor((s % 3600) / 60);
      return min ? `${Math.floor(s / 3600)} h ${min} min` : `${Math.floor(s / 3600)} h`;
    },

    /** UTC: `2026-11-24 14:05:09Z`. */
    utc(ms) {
      return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
    },

    /** Local time of all three states, summer time as Europe/Riga has it: `2026-11-24 16:05:09 EET`. */
    local(ms) {
      const at = Object.fromEntries(riga.formatToParts(ms).map((part) => [part.type, part.value]));
      const wall = Date.UTC(+at.year, at.month - 1, +at.day, +at.hour, +at.minute, +at.second);
      const zone = Math.round((wall - ms) / 3600000) === 3 ? 'EEST' : 'EET';
      return `${at.year}-${at.month}-${at.day} ${at.hour}:${at.minute}:${at.second} ${zone}`;
    },
  };
})();
