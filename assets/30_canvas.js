/**
 * How do thousands of moving things get onto a Leaflet map without the page ever stopping?
 *
 * Every map gets one layer in a pane of its own: two canvases, of which one is shown while the other is filled in
 * slices of a few milliseconds and then takes its place. Nothing is drawn when nothing that can be seen has changed.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const SLICE_MS = 8;
  const PADDING = 0.1; // of the map's size, on each side: what a short drag brings into view
  const PIXELS = 20e6; // a buffer's size at most; beyond it the resolution gives way
  const PANE = 'cop';
  const PANE_Z = 620; // over markers, under tooltips and popups

  const index = cop.marks.create();
  const screens = new Map(); // Leaflet map → screen
  const handlers = { select: new Set(), hover: new Set() };
  const options = {
    leaderMinutes: 6,
    trails: true,
    labels: true,
    scale: 1,
    symbolLimit: 3000, // tracks in view, beyond which they are dots
    minorBelow: 7.75, // zoom, below which what is fixed and not in trouble is a dot
    major: ['convoys', 'aircraft', 'roadevents'], // layers that are never dots for that reason
    sizeAt: (zoom) => (zoom < 8.5 ? 0.7 : zoom < 10 ? 0.85 : 1), // of symbols, by zoom
    tooltip: describe,
  };
  let theme = 'dark';
  let picture = null;
  let now = 0;
  let selected = null;
  let due = false;

  /** What hovering says of a thing, one line each; an option replaces it. */
  function describe(thing, at) {
    const age = cop.time.age(cop.picture.age(thing, at));
    const state = cop.picture.light(thing, at) === 'none' ? '' : thing.state;
    return [
      thing.name || thing.id,
      [state, thing.why].filter(Boolean).join(': '),
      `${thing.source}, ${age} ago${cop.picture.stale(thing, at) ? ', stale' : ''}`,
      thing.origin === 'observed' ? '' : thing.origin.toUpperCase(),
    ].filter(Boolean);
  }

  // -- screens: one a map ----------------------------------------------------------------------------------------

  /** Put the layer on a map. Maps made after this file was loaded get it by themselves. */
  function attach(map) {
    if (screens.has(map)) return;
    const screen = { map, front: null, back: null, view: null, job: null, dirty: false, held: false, fine: 0 };
    screen.result = { drawn: 0, tracks: 0, looked: 0, dots: false, labels: [], nextFlip: Infinity };
    screen.stats = { frames: 0, slices: 0, lastSlice: 0, maxSlice: 0, skipped: 0 };
    screen.sprites = cop.sprites.create(() => request(screen)); // its own: maps differ in zoom, so in symbols' size
    screens.set(map, screen);
    map.whenReady(() => raise(screen));
    map.on('unload', () => screens.delete(map));
  }

  function raise(screen) {
    const { map } = screen;
    const pane = map.getPane(PANE) || map.createPane(PANE);
    pane.style.zIndex = PANE_Z;
    pane.style.pointerEvents = 'none';
    const canvas = () => {
      const made = L.DomUtil.create('canvas', 'leaflet-zoom-animated', pane);
      made.style.visibility = 'hidden';
      made.style.pointerEvents = 'none';
      return made;
    };
    screen.front = canvas();
    screen.back = canvas();
    map.on('moveend resize viewreset', () => restart(screen));
    map.on('zoomstart', () => {
      screen.job = null;
      screen.held = true; // what would be finished during the animation would be of the old zoom
    });
    map.on('zoomend', () => (screen.held = false));
    map.on('zoom', () => transform(screen, map.getCenter(), map.getZoom()));
    map.on('zoomanim', (event) => transform(screen, event.center, event.zoom));
    map.on('move', () => {
      if (!screen.held && screen.view && beyond(screen)) request(screen);
    });
    const named = (layer) => layer.on('basemapready', () => request(screen)); // now there are names of towns to write
    map.eachLayer(named);
    map.on('layeradd', (event) => named(event.layer));
    if (cop.pointer) cop.pointer.attach(screen, api);
    restart(screen);
  }

  /** Whether a drag has brought into view what the canvas doesn't hold. */
  function beyond({ map, view }) {
    const size = map.getSize();
    const corner = map.containerPointToLayerPoint([0, 0]).subtract(view.corner);
    return corner.x < 0 || corner.y < 0 || corner.x + size.x > view.width || corner.y + size.y > view.height;
  }

  /** Keep the shown canvas over its own piece of the map while the zoom changes. */
  function transform(screen, center, zoom) {
    const { map, view, front } = screen;
    const toLayer = (latlng) => map._latLngToNewLayerPoint(latlng, zoom, center);
    if (view) L.DomUtil.setTransform(front, toLayer(view.northWest), map.getZoomScale(zoom, view.zoom));
    if (cop.pointer) cop.pointer.follow(screen, toLayer);
  }

  function restart(screen) {
    screen.job = null;
    screen.held = false;
    request(screen);
  }

  function request(screen) {
    screen.dirty = true;
    if (due) return;
    due = true;
    requestAnimationFrame(work);
  }

  function requestAll() {
    for (const screen of screens.values()) request(screen);
  }

  // -- drawing ---------------------------------------------------------------------------------------------------

  function work() {
    due = false;
    const until = performance.now() + SLICE_MS;
    for (const screen of screens.values()) {
      if (screen.front && !screen.held && (screen.dirty || screen.job)) slice(screen, until);
    }
    if ([...screens.values()].some((screen) => screen.front && !screen.held && (screen.dirty || screen.job))) {
      due = true;
      requestAnimationFrame(work);
    }
  }

  function slice(screen, until) {
    const began = performance.now();
    if (!screen.job) {
      screen.dirty = false;
      screen.job = begin(screen);
    }
    let step = { done: false };
    do step = screen.job ? screen.job.drawing.next() : { done: true };
    while (!step.done && performance.now() < until);
    if (step.done && screen.job) finish(screen, step.value);
    const { stats } = screen;
    stats.slices++;
    stats.lastSlice = performance.now() - began;
    stats.maxSlice = Math.max(stats.maxSlice, stats.lastSlice);
  }

  function begin(screen) {
    const { map, back, sprites } = screen;
    const size = map.getSize();
    if (!size.x || !size.y) return null;
    const corner = map.containerPointToLayerPoint(size.multiplyBy(-PADDING)).round();
    const width = Math.ceil(size.x * (1 + 2 * PADDING));
    const height = Math.ceil(size.y * (1 + 2 * PADDING));
    const dpr = Math.min(self.devicePixelRatio || 1, Math.sqrt(PIXELS / (width * height)));
    const zoom = map.getZoom();
    const origin = map.getPixelOrigin().add(corner);
    const view = { width, height, dpr, zoom, world: map.getZoomScale(zoom, 0) * 256, x: origin.x, y: origin.y };
    view.corner = corner;
    view.northWest = map.layerPointToLatLng(corner);
    if (back.width !== Math.round(width * dpr) || back.height !== Math.round(height * dpr)) {
      back.width = Math.round(width * dpr);
      back.height = Math.round(height * dpr);
      back.style.width = `${width}px`;
      back.style.height = `${height}px`;
    }
    sprites.setLook({ theme, scale: options.scale, size: options.sizeAt(zoom), dpr });
    const trails = picture ? picture.trails : null;
    const told = { index, trails, sprites, options, selected, now, dots: screen.result.dots };
    return { view, drawing: cop.scene.draw(back.getContext('2d'), view, told) };
  }

  function finish(screen, result) {
    const { view } = screen.job;
    screen.job = null;
    screen.result = result;
    screen.view = view;
    screen.stats.frames++;
    L.DomUtil.setPosition(screen.back, view.corner);
    screen.back.style.visibility = 'visible';
    screen.front.style.visibility = 'hidden';
    [screen.front, screen.back] = [screen.back, screen.front];
    if (cop.pointer) cop.pointer.follow(screen, (latlng) => screen.map.latLngToLayerPoint(latlng));
  }

  // -- what changed ----------------------------------------------------------------------------------------------

  /**
   * Show a picture.
   * @param {object} next the picture
   * @param {?object} change what `cop.picture.apply` returned; null: everything may be new
   * @param {number} at the server's time, ms
   */
  function show(next, change, at) {
    const all = next !== picture || !change || change.reset;
    picture = next;
    now = at;
    cop.marks.update(index, picture, all ? null : change, now, all ? see : touched);
    for (const screen of screens.values()) {
      if (all || now >= screen.result.nextFlip) request(screen);
      else if (!screen.dirty) screen.stats.skipped++;
      if (screen.view && cop.pointer) cop.pointer.follow(screen, (latlng) => screen.map.latLngToLayerPoint(latlng));
    }
  }

  /** Remember where a mark was when it was last drawn or asked to be. */
  function see(mark) {
    mark.seenX = mark.x;
    mark.seenY = mark.y;
  }

  /** Ask for a drawing where a change can be seen: in view, shown, and moved by half a pixel at the least. */
  function touched(mark, x, y, moved) {
    for (const screen of screens.values()) {
      const { view } = screen;
      if (screen.dirty || !view) continue;
      const step = Math.max(Math.abs(mark.x - mark.seenX), Math.abs(mark.y - mark.seenY)) * view.world;
      if (moved && step < 0.5) continue;
      if (mark.box ? !boxInView(mark.box, view) : !inView(mark.x, mark.y, view) && !inView(x, y, view)) continue;
      if (moved && !cop.marks.shown(index, mark, now)) continue;
      request(screen);
    }
    const finest = Math.max(...[...screens.values()].map((screen) => (screen.view ? screen.view.world : 0)));
    const step = Math.max(Math.abs(mark.x - mark.seenX), Math.abs(mark.y - mark.seenY)) * finest;
    if (!(step < 0.5)) see(mark);
  }

  function inView(x, y, view) {
    const left = x * view.world - view.x;
    const top = y * view.world - view.y;
    return left > -40 && top > -40 && left < view.width + 40 && top < view.height + 40;
  }

  function boxInView([west, north, east, south], view) {
    return (
      east * view.world > view.x &&
      west * view.world < view.x + view.width &&
      south * view.world > view.y &&
      north * view.world < view.y + view.height
    );
  }

  /** Show only what passes (see `cop.picture.matches`); null shows all. */
  function setFilter(filter) {
    cop.marks.setFilter(index, filter);
    requestAll();
  }

  /** @param {'dark'|'light'} name */
  function setTheme(name) {
    theme = name in cop.sprites.THEMES ? name : 'dark';
    requestAll();
    for (const screen of screens.values()) if (screen.view && cop.pointer) cop.pointer.paint(screen);
  }

  /**
   * @param {{leaderMinutes?: number, trails?: boolean, labels?: boolean, scale?: number, symbolLimit?: number,
   *   minorBelow?: number, major?: string[], sizeAt?: (zoom: number) => number, order?: object,
   *   tooltip?: (thing: object, now: number) => string[]}} changes `scale` enlarges symbols and type (a wall: 1.5 to
   *   2); `order` gives layers by name their drawing order, 0 to 15
   */
  function setOptions(changes) {
    Object.assign(options, changes);
    if (changes.order) cop.marks.setOrder(index, changes.order);
    requestAll();
  }

  // -- choosing --------------------------------------------------------------------------------------------------

  /**
   * Listen to what the mouse, a finger or the keys choose: the listener gets the thing, or null, and where it was
   * chosen (`{map, x, y}`). What a page selects by `select` is not told back to it.
   * @param {'select'|'hover'} name
   * @param {(thing: ?object, where: object) => void} listener
   * @returns {() => void} stops listening
   */
  function on(name, listener) {
    handlers[name].add(listener);
    return () => handlers[name].delete(listener);
  }

  function emit(name, thing, where) {
    for (const listener of handlers[name]) listener(thing, where);
  }

  /**
   * Select a thing on all maps.
   * @param {?string} id null clears
   * @param {{pan?: boolean}} [how] `pan` brings it into view
   */
  function select(id, how) {
    const mark = id === null ? null : index.byId.get(id);
    const changed = id !== selected;
    selected = id;
    for (const screen of screens.values()) {
      if (how && how.pan && mark && !Number.isNaN(mark.x)) screen.map.panInside(latLng(mark), { padding: [80, 80] });
      if (changed) request(screen);
      if (screen.view && cop.pointer) cop.pointer.follow(screen, (latlng) => screen.map.latLngToLayerPoint(latlng));
    }
  }

  /** Where a mark is, for Leaflet. */
  function latLng(mark) {
    return L.CRS.EPSG3857.pointToLatLng(L.point(mark.x * 256, mark.y * 256), 0);
  }

  /**
   * The thing at a point of a map, null when there is none.
   * @param {number} x px from the map's left edge
   * @param {number} y px from its top
   * @param {{map?: object, reach?: number}} [how] the first map, and 16 px
   */
  function pick(x, y, how = {}) {
    const map = how.map || screens.keys().next().value;
    if (!map) return null;
    const world = map.getZoomScale(map.getZoom(), 0) * 256;
    const at = map.getPixelOrigin().add(map.containerPointToLayerPoint([x, y]));
    const mark = cop.marks.pick(index, at.x / world, at.y / world, ((how.reach || 16) * options.scale) / world, now);
    return mark ? mark.thing : null;
  }

  /** What a map's layer has done: for tests, benchmarks and the curious. */
  function stats(map) {
    const screen = map ? screens.get(map) : screens.values().next().value;
    if (!screen) return null;
    const { result, sprites } = screen;
    return {
      ...screen.stats,
      drawn: result.drawn,
      tracks: result.tracks,
      looked: result.looked,
      dots: result.dots,
      labels: result.labels,
      marks: index.byId.size,
      sprites: sprites.size(),
      rasterMax: sprites.slices.max,
      busy: screen.dirty || screen.job !== null || sprites.pending() > 0,
    };
  }

  const api = {
    attach,
    show,
    setFilter,
    setTheme,
    setOptions,
    select,
    pick,
    on,
    stats,
    emit,
    latLng,
    screens,
    index,
    options,
    colours: () => cop.sprites.THEMES[theme],
    selected: () => selected,
    now: () => now,
  };
  cop.canvas = api;

  let hooked = false;

  // Leaflet comes with a component library of the page and is normally here already; look again while the page loads.
  function hook() {
    if (hooked || !self.L || !self.L.Map) return;
    hooked = true;
    self.L.Map.addInitHook(function () {
      attach(this);
    });
  }
  hook();
  document.addEventListener('DOMContentLoaded', hook);
  self.addEventListener('load', hook);
})();
