/**
 * How is one view of the picture drawn, in slices short enough that the page never stops?
 *
 * `draw` is a generator: it yields whenever its caller may stop and go on later. It reads the marks as they are and
 * writes only to the canvas that it was given.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const RANKS = 48;
  const LOOKED_AT = 512; // marks between two yields while looking
  const DRAWN = 8; // sprites between two yields while drawing: a new one may have to be made
  const STROKED = 60; // lines in one stroke
  const NEW_RED_MS = 60000;
  const LABELS_TRIED = 1200;
  const LABELS_PLACED = 400;
  const TRAILED = 600; // more tracks than that in view have no trails
  const TRACK_LABEL_ZOOM = 8;
  const PLACE_LABEL_ZOOM = 7;
  const HEADING_PX = 16;
  const STATE_WORDS = { closed: 'CLOSED', restricted: 'RESTRICTED', degraded: 'DEGRADED' };
  const VERDICT_WORDS = { closed: 'NO-GO', restricted: 'CAUTION', degraded: 'LATE' };

  const widths = new Map(); // font and text → px

  function textWidth(g, text) {
    const key = `${g.font}|${text}`;
    let width = widths.get(key);
    if (width === undefined) {
      if (widths.size > 8000) widths.clear();
      widths.set(key, (width = g.measureText(text).width));
    }
    return width;
  }

  /**
   * Draw a view.
   * @param {CanvasRenderingContext2D} g
   * @param {{width, height, dpr, zoom, world, x, y: number}} view size in CSS px; `world` px of the world's side, `x`,
   *   `y` the view's corner in it
   * @param {{index, trails, sprites, options, selected, now}} told
   * @returns {{drawn, tracks, looked: number, dots: boolean, labels: object[], nextFlip: number}} at its end;
   *   `nextFlip` is when the clock alone will change what is seen
   */
  function* draw(g, view, told) {
    const { index, sprites, options, now } = told;
    const seen = yield* look(view, told);
    const dots = seen.tracks > options.symbolLimit * (told.dots ? 0.8 : 1); // no flicker at the limit
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, g.canvas.width, g.canvas.height);
    yield;
    g.setTransform(view.dpr, 0, 0, view.dpr, 0, 0);
    g.lineJoin = g.lineCap = 'round';
    yield* drawLines(g, view, told);
    if (options.trails && seen.tracks <= TRAILED) yield* drawTrails(g, view, told, seen.ranks);
    if (!dots) yield* drawLeaders(g, view, told, seen.ranks);
    const taken = cop.labels.board();
    const wanted = [];
    g.setTransform(1, 0, 0, 1, 0, 0);
    let drawn = 0;
    for (const marks of seen.ranks) {
      for (const mark of marks || []) {
        if (mark.gone) continue;
        const { thing } = mark;
        const old = cop.picture.stale(thing, now);
        const light = old && mark.light === 'green' ? 'unknown' : mark.light;
        const quiet = light !== 'red' && light !== 'amber' && !options.major.includes(thing.layer);
        const many = dots && (light === 'none' || cop.picture.moves(thing));
        const small = thing.id !== told.selected && (many || (quiet && view.zoom < options.minorBelow));
        const sprite = small ? sprites.dot(thing, light, old) : sprites.stamp(thing, light, old);
        const x = mark.x * view.world - view.x;
        const y = mark.y * view.world - view.y;
        if (mark.redAt && now - mark.redAt < NEW_RED_MS) halo(g, view, sprites, x, y, sprite.half);
        g.drawImage(sprite.image, Math.round(x * view.dpr) - sprite.x, Math.round(y * view.dpr) - sprite.y);
        if (!small) note(mark, light, old, x, y, sprite.half, view, told, taken, wanted);
        if (++drawn % DRAWN === 0) yield;
      }
    }
    g.setTransform(view.dpr, 0, 0, view.dpr, 0, 0);
    const labels = options.labels ? yield* drawLabels(g, view, told, taken, wanted) : [];
    return { drawn, tracks: seen.tracks, looked: seen.looked, dots, labels, nextFlip: seen.nextFlip };
  }

  /** Find what is in view, by rank, and when the clock will next change how it looks. */
  function* look(view, told) {
    const { index, now } = told;
    const margin = 24;
    const west = (view.x - margin) / view.world;
    const north = (view.y - margin) / view.world;
    const east = (view.x + view.width + margin) / view.world;
    const south = (view.y + view.height + margin) / view.world;
    const seen = { ranks: new Array(RANKS), tracks: 0, looked: 0, nextFlip: Infinity };
    let rested = 0;
    for (const held of [...cop.marks.cellsIn(index, west, north, east, south)]) {
      for (const mark of held.slice()) {
        seen.looked++;
        if (mark.x < west || mark.x > east || mark.y < north || mark.y > south) continue;
        if (!cop.marks.shown(index, mark, now)) continue;
        const { thing } = mark;
        if (cop.picture.moves(thing)) seen.tracks++;
        (seen.ranks[mark.rank] = seen.ranks[mark.rank] || []).push(mark);
        if (thing.stale_s && !cop.picture.stale(thing, now)) {
          seen.nextFlip = Math.min(seen.nextFlip, thing.at + thing.stale_s * 1000 + 1);
        }
        if (mark.redAt && now - mark.redAt < NEW_RED_MS) {
          seen.nextFlip = Math.min(seen.nextFlip, mark.redAt + NEW_RED_MS);
        }
      }
      if (seen.looked - rested > LOOKED_AT) {
        rested = seen.looked;
        yield;
      }
    }
    return seen;
  }

  /** Roads and other lines: red ones last and thickest, with cross bars; what is unknown or stale is broken. */
  function* drawLines(g, view, told) {
    const { index, sprites, now } = told;
    const colours = sprites.colours();
    const scale = sprites.look().scale;
    const visible = [];
    for (const mark of index.lines) {
      const [west, north, east, south] = mark.box;
      if (east * view.world < view.x || west * view.world > view.x + view.width) continue;
      if (south * view.world < view.y || north * view.world > view.y + view.height) continue;
      if (cop.marks.shown(index, mark, now)) visible.push(mark);
    }
    visible.sort((a, b) => a.rank - b.rank);
    let n = 0;
    for (const mark of visible) {
      const old = cop.picture.stale(mark.thing, now);
      const light = old && mark.light === 'green' ? 'unknown' : mark.light;
      const width = (light === 'red' ? 5 : light === 'amber' ? 4 : 2.5) * scale;
      g.globalAlpha = old ? 0.45 : 1;
      g.setLineDash([]);
      line(g, view, mark.path);
      g.strokeStyle = colours.halo;
      g.lineWidth = width + 2 * scale;
      g.stroke();
      if (old || light === 'unknown') g.setLineDash([7 * scale, 6 * scale]);
      g.strokeStyle = colours[light];
      g.lineWidth = width;
      g.stroke();
      if (light === 'red' && !old) {
        g.setLineDash([2 * scale, 9 * scale]);
        g.lineCap = 'butt';
        g.strokeStyle = '#ffffff';
        g.lineWidth = width - 2 * scale;
        g.stroke();
        g.lineCap = 'round';
      }
      if (++n % 8 === 0) yield;
    }
    g.setLineDash([]);
    g.globalAlpha = 1;
  }

  function line(g, view, path) {
    let lastX = NaN;
    let lastY = NaN;
    g.beginPath();
    for (let i = 0; i < path.length; i += 2) {
      const x = path[i] * view.world - view.x;
      const y = path[i + 1] * view.world - view.y;
      const last = i === path.length - 2;
      if (!last && Math.abs(x - lastX) < 1 && Math.abs(y - lastY) < 1) continue; // nobody sees less than a pixel
      if (i === 0) g.moveTo(x, y);
      else g.lineTo(x, y);
      lastX = x;
      lastY = y;
    }
  }

  function* drawTrails(g, view, told, ranks) {
    const colours = told.sprites.colours();
    g.lineWidth = 1.4 * told.sprites.look().scale;
    g.globalAlpha = 0.5;
    let n = 0;
    for (const marks of ranks) {
      for (const mark of marks || []) {
        const trail = told.trails && told.trails.get(mark.thing.id);
        if (!trail || mark.gone) continue;
        g.beginPath();
        for (let i = 0; i < trail.length; i += 2) {
          const x = cop.marks.mercatorX(trail[i]) * view.world - view.x;
          const y = cop.marks.mercatorY(trail[i + 1]) * view.world - view.y;
          if (i === 0) g.moveTo(x, y);
          else g.lineTo(x, y);
        }
        g.lineTo(mark.x * view.world - view.x, mark.y * view.world - view.y);
        g.strokeStyle = colours[mark.thing.domain] || colours.soft;
        g.stroke();
        if (++n % 16 === 0) yield;
      }
    }
    g.globalAlpha = 1;
  }

  /**
   * Where each track will be in some minutes if it goes on so; a tick where only the course is known. A stale track has
   * neither: it would look as if we knew.
   */
  function* drawLeaders(g, view, told, ranks) {
    const { now, options } = told;
    const look = told.sprites.look();
    g.lineWidth = 1.6 * look.scale;
    g.strokeStyle = told.sprites.colours().ink;
    g.globalAlpha = 0.75;
    let n = 0;
    g.beginPath();
    for (const marks of ranks) {
      for (const mark of marks || []) {
        const { course, speed, lat } = mark.thing;
        if (mark.gone || course === undefined || speed === 0 || cop.picture.stale(mark.thing, now)) continue;
        const far = speed === undefined ? 0 : leader(speed, options.leaderMinutes, lat) * view.world;
        const px = speed === undefined ? HEADING_PX * look.scale : far;
        if (px < 3) continue;
        const angle = (course * Math.PI) / 180;
        const x = mark.x * view.world - view.x;
        const y = mark.y * view.world - view.y;
        g.moveTo(x, y);
        g.lineTo(x + px * Math.sin(angle), y - px * Math.cos(angle));
        if (++n % STROKED === 0) {
          g.stroke();
          g.beginPath();
          yield;
        }
      }
    }
    g.stroke();
    g.globalAlpha = 1;
  }

  function leader(speed, minutes, lat) {
    return speed * minutes * 60 * cop.marks.perMetre(lat);
  }

  /** A steady ring around what has just turned red: it draws the eye without blinking. */
  function halo(g, view, sprites, x, y, half) {
    const { scale } = sprites.look();
    g.beginPath();
    g.arc(x * view.dpr, y * view.dpr, (Math.max(half.x, half.y) + 7 * scale) * view.dpr, 0, 2 * Math.PI);
    g.globalAlpha = 0.28;
    g.fillStyle = g.strokeStyle = sprites.colours().red;
    g.fill();
    g.globalAlpha = 1;
    g.lineWidth = 2.5 * scale * view.dpr;
    g.stroke();
  }

  /** Remember the space that a symbol takes, and its label if it should have one. */
  function note(mark, light, old, x, y, half, view, told, taken, wanted) {
    const { thing } = mark;
    taken.take({ x: x - half.x, y: y - half.y, w: 2 * half.x, h: 2 * half.y, symbol: true });
    const chosen = thing.id === told.selected;
    const bad = light === 'red' || light === 'amber';
    const major = told.options.major.includes(thing.layer);
    const least = major ? 0 : cop.picture.moves(thing) ? TRACK_LABEL_ZOOM : PLACE_LABEL_ZOOM;
    if (!thing.label || (!chosen && !bad && view.zoom < least) || wanted.length >= 4 * LABELS_TRIED) return;
    const order = chosen ? 0 : light === 'red' ? 1 : light === 'amber' ? 2 : 3;
    wanted.push({ mark, light, old, x, y, half, chosen, key: order * 16 + 15 - (mark.rank % 16) });
  }

  /** A convoy's state is what the rules say of it. */
  function wordOf(thing) {
    return (thing.cells && thing.cells.verdict ? VERDICT_WORDS : STATE_WORDS)[thing.state] || '';
  }

  function* drawLabels(g, view, told, taken, wanted) {
    const colours = told.sprites.colours();
    const { scale } = told.sprites.look();
    const size = 12 * scale;
    const placed = [];
    wanted.sort((a, b) => a.key - b.key || (a.mark.thing.id < b.mark.thing.id ? -1 : 1));
    g.textBaseline = 'alphabetic';
    g.textAlign = 'left';
    g.lineWidth = 3 * scale;
    g.strokeStyle = colours.halo;
    for (const [n, want] of wanted.slice(0, LABELS_TRIED).entries()) {
      if (placed.length >= LABELS_PLACED) break;
      if (n % 4 === 3) yield;
      const { mark, light, x, y, half } = want;
      const word = light === 'red' || light === 'amber' ? wordOf(mark.thing) : '';
      const text = String(mark.thing.label);
      g.font = `${light === 'red' || want.chosen ? 700 : 500} ${size}px ${cop.sprites.FONT}`;
      let w = textWidth(g, text);
      if (word) {
        g.font = `700 ${size * 0.8}px ${cop.sprites.FONT}`;
        w = Math.max(w, textWidth(g, word));
      }
      const h = (word ? 2.15 : 1.25) * size;
      const must = want.chosen || light === 'red';
      const box = cop.labels.place(taken, { x, y, dx: half.x, dy: half.y, w, h, must }, view.width, view.height);
      if (!box) continue;
      g.globalAlpha = want.old ? 0.6 : 1;
      g.font = `${must ? 700 : 500} ${size}px ${cop.sprites.FONT}`;
      write(g, text, box.x, box.y + size, want.chosen ? colours.select : colours.ink);
      if (word) {
        g.font = `700 ${size * 0.8}px ${cop.sprites.FONT}`;
        write(g, word, box.x, box.y + size * 1.95, colours[light]);
      }
      placed.push({ ...box, text, id: mark.thing.id });
    }
    g.globalAlpha = 1;
    yield* drawPlaces(g, view, told, taken, placed, size);
    return placed;
  }

  function write(g, text, x, y, colour) {
    g.strokeText(text, x, y);
    g.fillStyle = colour;
    g.fillText(text, x, y);
  }

  /** Names of towns, in the room that is left. */
  function* drawPlaces(g, view, told, taken, placed, size) {
    if (!cop.basemap || typeof cop.basemap.places !== 'function') return;
    g.font = `italic 400 ${size}px ${cop.sprites.FONT}`;
    let n = 0;
    for (const place of cop.basemap.places(view.zoom)) {
      if (placed.length >= LABELS_PLACED) return;
      const x = cop.marks.mercatorX(place.lon) * view.world - view.x;
      const y = cop.marks.mercatorY(place.lat) * view.world - view.y;
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      const label = { x, y, dx: 3, dy: 3, w: textWidth(g, place.name), h: 1.25 * size };
      const box = cop.labels.place(taken, label, view.width, view.height);
      if (!box) continue;
      write(g, place.name, box.x, box.y + size, told.sprites.colours().soft);
      placed.push({ ...box, text: place.name, id: null });
      if (++n % 16 === 0) yield;
    }
  }

  cop.scene = { draw, textWidth };
})();
