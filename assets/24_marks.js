/**
 * Where on the map is each thing, which of them are in view, and what is near a point?
 *
 * A mark is a thing's place in web Mercator, 0..1 from the north-west corner of the world, in the cells of a grid. The
 * index follows a picture's changes: its cost is that of what changed, not of what there is.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const CELLS = 1024; // cells along the world's side: some 25 km in the Baltic states
  const EQUATOR_M = 40075016.686;
  const LIGHT_RANK = { red: 32, amber: 16 };

  /** Longitude to 0..1, eastwards. */
  function mercatorX(lon) {
    return lon / 360 + 0.5;
  }

  /** Latitude to 0..1, southwards. */
  function mercatorY(lat) {
    const sin = Math.sin((Math.max(-85.0511, Math.min(85.0511, lat)) * Math.PI) / 180);
    return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
  }

  /** How much of the world's side a metre is at a latitude. */
  function perMetre(lat) {
    return 1 / (EQUATOR_M * Math.cos((lat * Math.PI) / 180));
  }

  /**
   * An empty index.
   * @property {?object} filter what is shown; `setFilter` it
   * @property {object} order drawing order by layer name, 0..15
   */
  function create() {
    return { byId: new Map(), cells: new Map(), lines: new Set(), filter: null, fickle: false, revision: 0, order: {} };
  }

  /**
   * Follow a picture's change.
   * @param {?object} change what `cop.picture.apply` returned; null: take the picture as a whole
   * @param {(mark: object, x: number, y: number, moved: boolean) => void} touched called with where the mark was (NaN:
   *   it was not there); `moved` when nothing else changed
   */
  function update(index, picture, change, now, touched) {
    if (change === null || change.reset) {
      const known = index.byId;
      index.byId = new Map();
      index.cells.clear();
      index.lines.clear();
      for (const thing of picture.byHandle.values()) {
        const before = known.get(thing.id);
        const mark = put(index, thing, now, false, touched);
        if (before && before.light === mark.light) mark.redAt = before.redAt; // a reconnect is not news
      }
      return;
    }
    for (const thing of change.dropped) {
      const mark = index.byId.get(thing.id);
      if (!mark || mark.thing !== thing) continue;
      touched(mark, mark.x, mark.y, false);
      mark.gone = true;
      leaveCell(index, mark);
      index.lines.delete(mark);
      index.byId.delete(thing.id);
    }
    for (const thing of change.put) {
      if (picture.byId.get(thing.id) === thing) put(index, thing, now, true, touched);
    }
    for (const thing of change.moved) {
      const mark = index.byId.get(thing.id);
      if (!mark || mark.thing !== thing) continue;
      const { x, y } = mark;
      settle(index, mark);
      touched(mark, x, y, true);
    }
  }

  function put(index, thing, now, news, touched) {
    let mark = index.byId.get(thing.id);
    const was = mark ? mark.light : null;
    if (!mark) {
      mark = { thing, x: NaN, y: NaN, cell: -1, slot: 0, path: null, box: null, rank: 0, light: '', redAt: 0 };
      Object.assign(mark, { gone: false, shown: false, revision: -1, seenX: NaN, seenY: NaN });
      index.byId.set(thing.id, mark);
    }
    const { x, y } = mark;
    mark.thing = thing;
    mark.revision = -1;
    mark.light = cop.picture.light(thing, thing.at || now);
    if (mark.light !== 'red') mark.redAt = 0;
    else if (news && was !== 'red') mark.redAt = now;
    mark.rank = (LIGHT_RANK[mark.light] || 0) + Math.max(0, Math.min(15, index.order[thing.layer] || 0));
    trace(index, mark);
    settle(index, mark);
    touched(mark, x, y, false);
    return mark;
  }

  function trace(index, mark) {
    const points = mark.thing.path;
    if (!points || points.length < 2) {
      mark.path = mark.box = null;
      index.lines.delete(mark);
      return;
    }
    const path = new Float64Array(points.length * 2);
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    points.forEach(([lon, lat], i) => {
      const x = (path[2 * i] = mercatorX(lon));
      const y = (path[2 * i + 1] = mercatorY(lat));
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    });
    mark.path = path;
    mark.box = box;
    index.lines.add(mark);
  }

  /** Give a mark the place that its thing tells (a line without one stands at its middle point) and the right cell. */
  function settle(index, mark) {
    const { thing, path } = mark;
    if (thing.lon !== undefined) {
      mark.x = mercatorX(thing.lon);
      mark.y = mercatorY(thing.lat);
    } else {
      const middle = path ? 2 * Math.floor(path.length / 4) : 0;
      mark.x = path ? path[middle] : NaN;
      mark.y = path ? path[middle + 1] : NaN;
    }
    const cell = Number.isNaN(mark.x) ? -1 : Math.floor(mark.y * CELLS) * CELLS + Math.floor(mark.x * CELLS);
    if (cell === mark.cell) return;
    leaveCell(index, mark);
    if (cell < 0) return;
    let held = index.cells.get(cell);
    if (!held) index.cells.set(cell, (held = []));
    mark.cell = cell;
    mark.slot = held.length;
    held.push(mark);
  }

  function leaveCell(index, mark) {
    const held = index.cells.get(mark.cell);
    if (held) {
      const last = held.pop();
      if (last !== mark) {
        held[mark.slot] = last;
        last.slot = mark.slot;
      } else if (!held.length) {
        index.cells.delete(mark.cell);
      }
    }
    mark.cell = -1;
  }

  /** The cells that touch a box, as arrays of marks. */
  function* cellsIn(index, west, north, east, south) {
    const x0 = Math.floor(west * CELLS);
    const x1 = Math.floor(east * CELLS);
    const y0 = Math.floor(north * CELLS);
    const y1 = Math.floor(south * CELLS);
    if ((x1 - x0 + 1) * (y1 - y0 + 1) > index.cells.size) {
      for (const [cell, held] of index.cells) {
        const x = cell % CELLS;
        const y = (cell - x) / CELLS;
        if (x >= x0 && x <= x1 && y >= y0 && y <= y1) yield held;
      }
      return;
    }
    for (let y = y0; y <= y1; y++) {
      for (let x = x0; x <= x1; x++) {
        const held = index.cells.get(y * CELLS + x);
        if (held) yield held;
      }
    }
  }

  /** Whether the filter lets a mark through; reckoned once a thing and filter, when somebody looks. What the clock or a
   *  move may change is asked each time. */
  function shown(index, mark, now) {
    if (mark.revision !== index.revision || index.fickle) {
      mark.revision = index.revision;
      mark.shown = !mark.gone && cop.picture.matches(mark.thing, index.filter, now);
    }
    return mark.shown && !mark.gone;
  }

  function setFilter(index, filter) {
    index.filter = filter;
    index.fickle = cop.filter.fickle(filter);
    index.revision++;
  }

  /** Set the drawing order of layers and rank the marks anew. */
  function setOrder(index, order) {
    index.order = order;
    for (const mark of index.byId.values()) {
      mark.rank = (LIGHT_RANK[mark.light] || 0) + Math.max(0, Math.min(15, order[mark.thing.layer] || 0));
    }
  }

  /** The square of the distance from a point to a mark's line, in the same 0..1; Infinity when it has none. */
  function toLine(mark, x, y) {
    const path = mark.path;
    let best = Infinity;
    for (let i = 2; path && i < path.length; i += 2) {
      const ax = path[i - 2];
      const ay = path[i - 1];
      const dx = path[i] - ax;
      const dy = path[i + 1] - ay;
      const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
      const ex = x - ax - along * dx;
      const ey = y - ay - along * dy;
      best = Math.min(best, ex * ex + ey * ey);
    }
    return best;
  }

  /**
   * The shown mark at a point: the highest in drawing order of those that are about as near as the nearest, else the
   * nearest line; null when nothing is within reach.
   * @param {number} reach in 0..1 of the world's side
   */
  function pick(index, x, y, reach, now) {
    const found = [];
    for (const held of cellsIn(index, x - reach, y - reach, x + reach, y + reach)) {
      for (const mark of held) {
        const distance = Math.hypot(mark.x - x, mark.y - y);
        if (distance <= reach && shown(index, mark, now)) found.push({ mark, distance });
      }
    }
    if (found.length) {
      const nearest = Math.min(...found.map((each) => each.distance));
      const close = found.filter((each) => each.distance <= nearest + reach / 3);
      return close.reduce((a, b) => (b.mark.rank > a.mark.rank ? b : a)).mark;
    }
    let best = null;
    let least = (reach / 2) ** 2;
    for (const mark of index.lines) {
      const [west, north, east, south] = mark.box;
      if (x < west - reach || x > east + reach || y < north - reach || y > south + reach) continue;
      const distance = toLine(mark, x, y);
      if (distance <= least && shown(index, mark, now)) {
        best = mark;
        least = distance;
      }
    }
    return best;
  }

  cop.marks = { create, update, cellsIn, shown, setFilter, setOrder, pick, mercatorX, mercatorY, perMetre };
})();
