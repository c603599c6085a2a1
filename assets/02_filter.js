/**
 * Which things does a view show, and how many would each switch show?
 *
 * Pure: no DOM, no clock. A filter is an object that is never changed once it is used; `read` and `write` turn it into
 * the keys of an address and back. `dashboard/sieve.py` is the twin of this file; `tests/cases/filters.json` is run
 * through both.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  const { stale, age, light, plain, nationsOf } = cop.picture;

  const MINUTE_MS = 60000;
  /** Key of the address → name in the filter, for what is a list of words. */
  const LISTS = {
    domain: 'domains',
    nation: 'nations',
    state: 'states',
    origin: 'origins',
    verdict: 'verdicts',
    source: 'sources',
  };

  const haystacks = new WeakMap();

  function haystack(thing) {
    let found = haystacks.get(thing);
    if (found === undefined) {
      const parts = [thing.name, thing.label, thing.id, ...Object.values(thing.cells || {})];
      found = plain(parts.filter((part) => part !== undefined && part !== null).join('\n'));
      haystacks.set(thing, found);
    }
    return found;
  }

  /** May it move: go, caution, no-go or unknown; empty for what nobody asks that of. */
  function verdict(thing) {
    return (thing.cells && thing.cells.verdict) || '';
  }

  /** Whether a point lies in a polygon of [lon, lat]: a ray to the east leaves it an odd number of times. */
  function inside(lon, lat, corners) {
    let found = false;
    let [beforeLon, beforeLat] = corners[corners.length - 1];
    for (const [cornerLon, cornerLat] of corners) {
      if (
        cornerLat > lat !== beforeLat > lat &&
        lon < ((beforeLon - cornerLon) * (lat - cornerLat)) / (beforeLat - cornerLat) + cornerLon
      ) {
        found = !found;
      }
      beforeLon = cornerLon;
      beforeLat = cornerLat;
    }
    return found;
  }

  const boxes = new WeakMap(); // path → [west, south, east, north]

  function boxOf(path) {
    let box = boxes.get(path);
    if (!box) {
      box = [Infinity, Infinity, -Infinity, -Infinity];
      for (const [lon, lat] of path) {
        if (lon < box[0]) box[0] = lon;
        if (lat < box[1]) box[1] = lat;
        if (lon > box[2]) box[2] = lon;
        if (lat > box[3]) box[3] = lat;
      }
      boxes.set(path, box);
    }
    return box;
  }

  /** A test of whether a thing's place, or any point of its line, lies in a polygon; the bounding box is asked first. */
  function within(corners) {
    const lons = corners.map(([lon]) => lon);
    const lats = corners.map(([, lat]) => lat);
    const [west, east] = [Math.min(...lons), Math.max(...lons)];
    const [south, north] = [Math.min(...lats), Math.max(...lats)];
    const holds = (lon, lat) =>
      lon >= west && lon <= east && lat >= south && lat <= north && inside(lon, lat, corners);
    const crosses = (path) => {
      const box = boxOf(path);
      if (box[0] > east || box[2] < west || box[1] > north || box[3] < south) return false;
      for (const [lon, lat] of path) if (holds(lon, lat)) return true;
      return false;
    };
    return (thing) =>
      (thing.lon !== undefined && holds(thing.lon, thing.lat)) || (thing.path !== undefined && crosses(thing.path));
  }

  function ofAge(wanted) {
    if (wanted === 'fresh') return (thing, now) => !stale(thing, now);
    if (wanted === 'stale') return stale;
    return (thing, now) => {
      const old = age(thing, now);
      return old !== null && old <= wanted * MINUTE_MS;
    };
  }

  function ofText(text) {
    const words = plain(text).split(/\s+/).filter(Boolean);
    return (thing) => words.every((word) => haystack(thing).includes(word));
  }

  const any = (wanted, has) => has.some((each) => wanted.has(each));

  /** What each part of a filter asks of a thing, the cheap ones first. */
  const TESTS = {
    domains: (list) => {
      const wanted = new Set(list);
      return (thing) => (thing.domains ? any(wanted, thing.domains) : wanted.has(thing.domain));
    },
    layers: (list) => {
      const wanted = new Set(list);
      return (thing) => wanted.has(thing.layer);
    },
    states: (list) => {
      const wanted = new Set(list);
      return (thing) => wanted.has(thing.state || 'unknown');
    },
    origins: (list) => {
      const wanted = new Set(list);
      return (thing) => wanted.has(thing.origin);
    },
    nations: (list) => {
      const wanted = new Set(list);
      return (thing) => any(wanted, nationsOf(thing));
    },
    verdicts: (list) => {
      const wanted = new Set(list);
      return (thing) => wanted.has(verdict(thing));
    },
    sources: (list) => {
      const wanted = new Set(list);
      return (thing) => (thing.sources ? any(wanted, thing.sources) : wanted.has(thing.source));
    },
    ids: (list) => {
      const wanted = new Set(list);
      return (thing) => wanted.has(thing.id);
    },
    age: ofAge,
    area: within,
    text: ofText,
  };
  const NAMES = Object.keys(TESTS);
  const BIT = Object.fromEntries(NAMES.map((name, place) => [name, 1 << place]));

  const made = new WeakMap(); // filter → its tests with their bits

  function tests(filter) {
    if (!filter) return [];
    let found = made.get(filter);
    if (!found) {
      found = NAMES.filter((name) => filter[name] !== null && filter[name] !== undefined && filter[name] !== '').map(
        (name) => [BIT[name], TESTS[name](filter[name])]
      );
      made.set(filter, found);
    }
    return found;
  }

  /**
   * Whether a thing passes a filter. Each list names what passes; null or absent lets all pass, an empty list nothing.
   * A thing of several nations, domains or sources passes by any of them, one without a nation by ''. Every word of
   * `text` must occur. `age` is `fresh`, `stale` or a number of minutes; `area` corners [lon, lat]: a thing without a
   * place is in none.
   * @param {{domains?, nations?, layers?, states?, origins?, verdicts?, sources?, ids?: ?string[], text?: ?string,
   *   age?: ?(string|number), area?: ?number[][]}} [filter] not changed any more once it was used
   * @param {number} now
   */
  function matches(thing, filter, now) {
    for (const [, test] of tests(filter)) if (!test(thing, now)) return false;
    return true;
  }

  /** Whether a thing may pass or fail a filter by moving, or by the clock alone. */
  function fickle(filter) {
    return Boolean(filter && (filter.age || filter.area));
  }

  /**
   * How many things pass the filter: `total`, `stale`, by `layer` and `state`, and by `domain` and `nation`
   * `{n, red, amber, green, unknown}` (see `light`). `beside` has what each switch would show if the others stayed as
   * they are, by domain, nation, state, origin, verdict, source, layer and age (all, fresh, stale, `most`: at most so
   * many `minutes` old); a source of which nothing would be shown is there with 0. One pass: a thing that fails one part
   * of the filter counts for the switches of that part only.
   */
  function counts(picture, filter, now, minutes) {
    const found = { total: 0, stale: 0, domain: {}, nation: {}, layer: {}, state: {} };
    const beside = { domain: {}, nation: {}, state: {}, origin: {}, verdict: {}, source: {}, layer: {} };
    beside.age = { all: 0, fresh: 0, stale: 0, most: 0 };
    found.beside = beside;
    const asked = tests(filter);
    for (const thing of picture.byHandle.values()) {
      let failed = 0;
      for (const [bit, test] of asked) {
        if (test(thing, now)) continue;
        failed |= bit;
        if (failed !== bit) break;
      }
      if (thing.sources) for (const source of thing.sources) beside.source[source] = beside.source[source] || 0;
      else beside.source[thing.source] = beside.source[thing.source] || 0;
      if (failed & (failed - 1)) continue;
      const old = stale(thing, now);
      const state = thing.state || 'unknown';
      if (!failed) {
        const shown = light(thing, now);
        found.total++;
        if (old) found.stale++;
        one(found.layer, thing.layer);
        one(found.state, state);
        tally(found.domain, thing.domain, shown);
        for (const nation of nationsOf(thing)) tally(found.nation, nation, shown);
      }
      const concerns = (name) => !failed || failed === BIT[name];
      if (concerns('domains')) for (const domain of thing.domains || [thing.domain]) one(beside.domain, domain);
      if (concerns('nations')) for (const nation of nationsOf(thing)) one(beside.nation, nation);
      if (concerns('states')) one(beside.state, state);
      if (concerns('origins')) one(beside.origin, thing.origin);
      if (concerns('verdicts')) one(beside.verdict, verdict(thing));
      if (concerns('sources')) for (const source of thing.sources || [thing.source]) one(beside.source, source);
      if (concerns('layers')) one(beside.layer, thing.layer);
      if (concerns('age')) {
        beside.age.all++;
        beside.age[old ? 'stale' : 'fresh']++;
        const since = age(thing, now);
        if (since !== null && since <= minutes * MINUTE_MS) beside.age.most++;
      }
    }
    return found;
  }

  function one(rows, key) {
    rows[key] = (rows[key] || 0) + 1;
  }

  function tally(rows, key, shown) {
    const row = (rows[key] = rows[key] || { n: 0, red: 0, amber: 0, green: 0, unknown: 0 });
    row.n++;
    if (shown !== 'none') row[shown]++;
  }

  // -- the filter in an address --------------------------------------------------------------------------------------

  const some = (list) => (list && list.length ? list : null);
  const words = (text) => some((text || '').split(',').filter(Boolean));

  /** The corners of `lon,lat;lon,lat;…`; null for what isn't three or more. */
  function area(text) {
    const corners = (text || '').split(';').map((part) => part.split(',').map((each) => (each.trim() ? Number(each) : NaN)));
    const good = ([lon, lat, more]) => Math.abs(lon) <= 180 && Math.abs(lat) <= 90 && more === undefined;
    return corners.length >= 3 && corners.every(good) ? corners : null;
  }

  function areaText(corners) {
    return corners.map((corner) => corner.join(',')).join(';');
  }

  /** `fresh`, `stale`, or a number of minutes over 0; null for anything else. */
  function ageOf(text) {
    if (text === 'fresh' || text === 'stale') return text;
    const minutes = text ? Number(text) : NaN;
    return minutes > 0 && minutes < Infinity ? minutes : null;
  }

  /**
   * The filter that an address sets.
   * @param {URLSearchParams} query
   * @param {string[]} layers all that there are
   */
  function read(query, layers) {
    const filter = {};
    for (const [key, name] of Object.entries(LISTS)) filter[name] = words(query.get(key));
    const hidden = words(query.get('hide'));
    filter.layers = hidden ? layers.filter((name) => !hidden.includes(name)) : null;
    filter.text = (query.get('q') || '').trim() || null;
    filter.age = ageOf(query.get('age'));
    filter.area = area(query.get('area'));
    return filter;
  }

  /** Set the keys of a filter in an address; `read` gives the same filter again. */
  function write(filter, layers, query) {
    for (const [key, name] of Object.entries(LISTS)) if (filter[name]) query.set(key, filter[name].join(','));
    const hidden = filter.layers ? layers.filter((name) => !filter.layers.includes(name)) : [];
    if (hidden.length) query.set('hide', hidden.join(','));
    if (filter.age) query.set('age', String(filter.age));
    if (filter.text) query.set('q', filter.text);
    if (filter.area) query.set('area', areaText(filter.area));
  }

  Object.assign(cop.picture, { matches, counts });
  cop.filter = { LISTS, some, matches, counts, fickle, inside, area, areaText, ageOf, read, write };
})();
