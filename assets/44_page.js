/**
 * How does a page come alive? Joins the link, the picture and the canvas to what Dash laid out.
 *
 * Everything that changes with the push is written here, straight into the document; Dash properties carry only what a
 * person chose. Each part looks for its own element, so the same file serves the staff, wall and control pages.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, query, byId, now, clock, write, hide, emit } = cop.desk;

  const LIMIT_MS = 10000;
  const SLOW_MS = 1000;
  const EXERCISE_MS = 15000;

  // -- the link ----------------------------------------------------------------------------------------------------

  function hear(frame, state) {
    page.state = state;
    if (frame.desk !== undefined && (frame.desk !== page.picture.desk || frame.k === 'snapshot')) {
      page.picture.desk = frame.desk;
      emit('desk', frame.desk);
    }
    if (page.moment === null) merge(frame);
    else if (page.returning && frame.k === 'snapshot') {
      page.moment = null;
      page.returning = false;
      merge(frame);
      emit('moment', null);
    } else liveness(); // in the past the push is heard, so that a lost server is noticed, and not shown
  }

  /** Show what a frame changes, of the push or of the past. */
  function merge(frame) {
    const change = cop.picture.apply(page.picture, frame);
    if (page.map) cop.canvas.show(page.picture, change, now());
    cop.table.changed(change);
    emit('change', change);
    if (change.reset || change.feeds) cop.freshness();
    liveness();
    if (change.reset || change.notices.length) slow();
  }

  function liveness() {
    const told = cop.picture.liveness({ lastHeard: page.state.lastHeard, lag: page.state.lag, now: Date.now(), limit: LIMIT_MS });
    const { silence } = told;
    const never = page.state.lastHeard === null;
    const waiting = never && performance.now() < LIMIT_MS;
    page.heard = told.live;
    if (page.moment !== null) {
      document.body.dataset.live = 'past';
      write('live-text', `past · ${cop.time.age(clock() - page.moment)} ago`);
      hide('not-live', true); // its own band says more
      return;
    }
    document.body.dataset.live = told.live ? 'yes' : waiting ? 'waiting' : 'no';
    write('live-text', told.live ? `live · ${cop.time.age(silence)}` : waiting ? 'connecting' : 'not live');
    hide('not-live', told.live || waiting);
    if (!told.live && !waiting) {
      write('not-live-why', page.state.error || (page.state.lag > LIMIT_MS ? 'frames come late' : 'nothing is heard'));
      const at = page.state.frameNow;
      write('not-live-since', at ? `the picture is of ${cop.time.utc(at)}, ${cop.time.age(clock() - at)} ago` : 'no picture yet');
    }
  }

  // -- what is written once a second ---------------------------------------------------------------------------------

  function slow() {
    if (!page.kind) return;
    const at = now();
    const zulu = cop.time.utc(at);
    const local = cop.time.local(at);
    if (cop.basemap) write('credits', cop.basemap.credits().join(' · '));
    write('clock-utc', page.kind === 'wall' ? zulu.slice(11) : zulu);
    write('clock-local', local.slice(11, page.kind === 'wall' ? 19 : undefined));
    write('clock-zone', local.slice(20));
    exerciseClock(at);
    cop.lists.counts(at);
    for (const time of document.querySelectorAll('time.age')) {
      const text = `${cop.time.age(at - Number(time.dataset.at))} old`;
      if (time.textContent !== text) time.textContent = text;
      if (!time.title) time.title = cop.time.utc(Number(time.dataset.at));
    }
    for (const time of document.querySelectorAll('time.clock-at')) {
      const text = cop.time.utc(Number(time.dataset.at)).slice(11);
      if (time.textContent !== text) time.textContent = text;
    }
    cop.freshness();
    liveness();
    emit('tick', at);
  }

  let exercise = null; // {startex, scale}, asked for now and then: a scenario may begin anew
  function askExercise() {
    if (page.world === 'real') return;
    fetch(`/api/v1/exercises/${encodeURIComponent(page.world.replace('exercise/', ''))}`)
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((told) => (exercise = told))
      .catch(() => {}) // the link says that the server is away
      .finally(() => setTimeout(askExercise, exercise ? EXERCISE_MS : 2 * SLOW_MS)); // just opened: not there quite yet
  }

  function exerciseClock(at) {
    hide('clock-exercise-box', !exercise);
    if (!exercise) return;
    const minutes = Math.floor(((at - exercise.startex) * exercise.scale) / 60000);
    write('clock-exercise', `T${minutes < 0 ? '-' : '+'}${Math.abs(minutes)} min`);
  }

  // -- choosing ------------------------------------------------------------------------------------------------------

  function select(id, pan) {
    page.selected = id || null;
    if (page.map) cop.canvas.select(page.selected, { pan: Boolean(pan) });
    if (self.dash_clientside && byId('selected') === null) {
      self.dash_clientside.set_props('selected', { data: { id: page.selected, world: page.world } });
    }
    cop.table.choose(page.selected);
    emit('selected', page.selected);
    address();
  }

  /** The address is the view: whoever opens it sees the same. */
  function address() {
    cop.address.write();
  }

  function layerNames() {
    return page.layers.map((layer) => layer.name);
  }

  // -- what Dash calls -----------------------------------------------------------------------------------------------

  const still = () => self.dash_clientside.no_update;

  cop.page = {
    now,
    merge,
    relive,
    select,
    address,
    layerNames,
    state: () => page,

    filter(...switches) {
      page.switches = switches;
      page.filter = cop.address.filterOf(...switches);
      if (page.map) cop.canvas.setFilter(page.filter);
      cop.table.anew();
      emit('filter');
      slow();
      address();
      return still();
    },

    theme(name) {
      setTheme(name);
      return still();
    },

    world(world) {
      if (world && world !== page.world) {
        const q = new URLSearchParams(location.search);
        q.set('world', world);
        q.delete('sel');
        location.search = cop.address.readable(q);
      }
      return still();
    },

    table(layer, tab) {
      cop.address.opened(layer, tab);
      page.tableOpen = tab === 'table';
      hide('table-tools', !page.tableOpen);
      cop.table.anew();
      address();
      return still();
    },

    chosen(data) {
      const id = (data && data.id) || null;
      if (id !== page.selected) select(id, true);
      return still();
    },
  };

  // -- beginning -----------------------------------------------------------------------------------------------------

  function setTheme(name) {
    page.theme = name === 'light' ? 'light' : 'dark';
    document.documentElement.dataset.mantineColorScheme = page.theme;
    document.body.dataset.theme = page.theme;
    write('theme-switch', page.theme === 'dark' ? 'Light' : 'Dark');
    if (page.base) page.base.setTheme(page.theme);
    if (page.map) cop.canvas.setTheme(page.theme);
    address();
  }

  function mark() {
    const exercise = page.world !== 'real';
    document.body.dataset.world = exercise ? 'exercise' : 'real';
    const name = page.world.replace('exercise/', '');
    write('world-name', exercise ? `EXERCISE ${name}` : 'REAL');
    for (const edge of document.querySelectorAll('.edge')) {
      const text = exercise ? Array(12).fill(`EXERCISE ${name}`).join('  ·  ') : '';
      if (edge.textContent !== text) edge.textContent = text;
    }
  }

  function withMap(map) {
    page.map = map;
    if (cop.basemap) page.base = cop.basemap.layer({ theme: page.theme }).addTo(map);
    cop.canvas.attach(map);
    cop.canvas.setTheme(page.theme);
    if (page.filter) cop.canvas.setFilter(page.filter);
    cop.canvas.on('select', (thing) => select(thing ? thing.id : null, false));
    map.on('moveend', address);
    map.on('mousemove', (event) => {
      write('pointer-latlon', cop.latlon(event.latlng.lng, event.latlng.lat));
      write('pointer-mgrs', cop.mgrs(event.latlng.lng, event.latlng.lat, 5));
    });
    cop.canvas.show(page.picture, { reset: true, put: [], moved: [], dropped: [] }, now());
    if (page.selected) cop.canvas.select(page.selected, { pan: !query.has('lat') }); // an address says where it looks
    emit('map');
  }

  function begin(root) {
    page.kind = root.dataset.page;
    setTheme(page.theme);
    mark();
    emit('begin');
    const themeSwitch = byId('theme-switch');
    if (themeSwitch) {
      themeSwitch.addEventListener('click', () => {
        const name = page.theme === 'dark' ? 'light' : 'dark';
        self.dash_clientside.set_props('theme-name', { data: name });
        self.dash_clientside.set_props('theme', { forceColorScheme: name });
      });
    }
    const fold = byId('drawer-fold');
    if (fold) {
      fold.addEventListener('click', () => {
        const folded = document.body.classList.toggle('folded');
        fold.textContent = folded ? '▴' : '▾';
        if (page.map) page.map.invalidateSize();
      });
    }
    document.addEventListener('click', (event) => {
      if (event.target.id === 'detail-close') select(null);
    });
    document.addEventListener('toggle', cop.lists.legend, true);
    const report = byId('report-link');
    if (report) report.addEventListener('click', () => (report.href = `/report${location.search}`)); // of what is shown
    askExercise();
    setInterval(slow, SLOW_MS);
    setInterval(cop.table.tick, SLOW_MS);
    const box = byId('map-box');
    if (box) new ResizeObserver(() => page.map && page.map.invalidateSize()).observe(box);
    slow();
  }

  cop.keys.push(
    { key: '/', says: 'search', there: () => byId('filter-text') !== null, run: () => byId('filter-text').focus() },
    { key: 't', says: 'dark or light', there: () => byId('theme-switch') !== null, run: () => byId('theme-switch').click() },
    { key: 'r', says: 'situation report', there: () => byId('report-link') !== null, run: () => byId('report-link').click() },
    { key: 'Escape', says: 'end what is innermost: a dialog, picking a place, then the choice', run: () => select(null) },
  );

  // Dash builds the page when it likes, and may build it anew: look for its root until it is there.
  let current = null;
  new MutationObserver(() => {
    const root = document.querySelector('[data-page]');
    if (root && root !== current && (byId('map-box') || byId('feeds-grid'))) {
      const first = current === null;
      current = root;
      if (first) begin(root);
      else mark();
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  if (self.L) {
    self.L.Map.addInitHook(function () {
      this.whenReady(() => withMap(this));
    });
  }
  fetch('/api/v1/layers')
    .then((answer) => answer.json())
    .then((layers) => {
      page.layers = layers;
      cop.canvas.setOptions({ order: Object.fromEntries(layers.map((layer, place) => [layer.name, place])) });
      if (page.switches) cop.page.filter(...page.switches); // they were read before it was known what all layers are
      else cop.table.anew();
    });
  function listen() {
    return cop.link.open(page.world, hear, (state) => {
      page.state = state;
      liveness();
    });
  }
  let link = listen();

  /** Back to what is now: the past stays on the page, and says so, until the whole picture has come. */
  function relive() {
    page.returning = true;
    link.close();
    link = listen();
  }
})();
