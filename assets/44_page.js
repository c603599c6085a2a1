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
  const { page, query, byId, now, write, hide, emit, addressed } = cop.desk;

  const LIMIT_MS = 10000;
  const SLOW_MS = 1000;
  const EXERCISE_MS = 15000;

  // -- the link ----------------------------------------------------------------------------------------------------

  function hear(frame, state) {
    page.state = state;
    const change = cop.picture.apply(page.picture, frame);
    if (page.map) cop.canvas.show(page.picture, change, now());
    cop.table.changed(change);
    emit('change', change);
    if (change.reset || change.notices.length) cop.lists.news();
    if (change.reset || change.feeds) cop.freshness();
    liveness();
    if (change.reset || change.notices.length) slow();
  }

  function liveness() {
    const told = cop.picture.liveness({ lastHeard: page.state.lastHeard, lag: page.state.lag, now: Date.now(), limit: LIMIT_MS });
    const { silence } = told;
    const never = page.state.lastHeard === null;
    const waiting = never && performance.now() < LIMIT_MS;
    document.body.dataset.live = told.live ? 'yes' : waiting ? 'waiting' : 'no';
    write('live-text', told.live ? `live · ${cop.time.age(silence)}` : waiting ? 'connecting' : 'not live');
    hide('not-live', told.live || waiting);
    if (!told.live && !waiting) {
      write('not-live-why', page.state.error || (page.state.lag > LIMIT_MS ? 'frames come late' : 'nothing is heard'));
      const at = page.state.frameNow;
      write('not-live-since', at ? `the picture is of ${cop.time.utc(at)}, ${cop.time.age(now() - at)} ago` : 'no picture yet');
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
    write('clock-local', page.kind === 'wall' ? local.slice(11) : local.slice(11));
    exerciseClock(at);
    cop.lists.counts(at);
    if (page.kind === 'wall') cop.lists.reddest(at);
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

  function chooseFromNews(event) {
    const row = event.target.closest('#news li[data-id]');
    if (row && (event.type === 'click' || event.key === 'Enter')) select(row.dataset.id, true);
  }

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
    const q = new URLSearchParams();
    const filter = page.filter || {};
    q.set('world', page.world);
    const lists = { domain: filter.domains, nation: filter.nations, state: filter.states, origin: filter.origins };
    for (const [key, list] of Object.entries(lists)) if (list) q.set(key, list.join(','));
    if (filter.layers) {
      const hidden = layerNames().filter((name) => !filter.layers.includes(name));
      if (hidden.length) q.set('hide', hidden.join(','));
    }
    if (filter.text) q.set('q', filter.text);
    if (page.selected) q.set('sel', page.selected);
    if (page.theme !== 'dark') q.set('theme', page.theme);
    if (page.map) {
      const at = page.map.getCenter();
      q.set('lat', at.lat.toFixed(4));
      q.set('lon', at.lng.toFixed(4));
      q.set('z', String(page.map.getZoom()));
    }
    for (const part of addressed) part(q);
    if (page.kind === 'staff') {
      history.replaceState(history.state, '', `${location.pathname}?${readable(q)}`);
    }
  }

  /** A query that a person can read: a comma, a slash and a colon need no escape there. */
  function readable(q) {
    return q.toString().replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':');
  }

  function layerNames() {
    return page.layers.map((layer) => layer.name);
  }

  // -- what Dash calls -----------------------------------------------------------------------------------------------

  const some = (list) => (list && list.length ? list : null);
  const still = () => self.dash_clientside.no_update;

  cop.page = {
    now,
    select,
    address,
    layerNames,
    state: () => page,

    filter(domains, nations, states, origins, layers, text) {
      const all = page.layers.length > 0 && layers && layers.length === page.layers.length;
      page.filter = {
        domains: some(domains),
        nations: some(nations),
        states: some(states),
        origins: some(origins),
        layers: all || !layers ? null : layers,
        text: text || null,
      };
      if (page.map) cop.canvas.setFilter(page.filter);
      cop.table.anew();
      emit('filter');
      slow();
      address();
      return still();
    },

    cleared(clicks) {
      return clicks ? [[], [], [], [], layerNames(), ''] : Array(6).fill(still());
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
        location.search = readable(q);
      }
      return still();
    },

    table(layer, tab) {
      page.tableLayer = layer || '';
      page.tableOpen = tab === 'table';
      hide('table-tools', !page.tableOpen);
      cop.table.anew();
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
    if (page.selected) cop.canvas.select(page.selected, { pan: true });
  }

  let turn = 0;
  function rotate() {
    if (page.kind !== 'wall' || !page.map) return;
    const turns = [null, 'land', 'maritime', 'air', 'cyber'];
    const domain = turns[turn++ % turns.length];
    page.filter = domain ? { domains: [domain] } : null;
    cop.canvas.setFilter(page.filter);
    write('turn', domain ? domain : 'all domains');
  }

  function begin(root) {
    page.kind = root.dataset.page;
    setTheme(page.theme);
    mark();
    if (page.kind === 'wall') {
      cop.canvas.setOptions({ scale: 1.5 });
      const seconds = Number(query.get('turn') || 20);
      rotate();
      if (seconds > 0) setInterval(rotate, seconds * 1000);
    }
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
    document.addEventListener('click', chooseFromNews);
    document.addEventListener('click', (event) => {
      if (event.target.id === 'detail-close') select(null);
    });
    document.addEventListener('keydown', keys);
    document.addEventListener('toggle', cop.lists.legend, true);
    askExercise();
    setInterval(slow, SLOW_MS);
    setInterval(cop.table.tick, SLOW_MS);
    const box = byId('map-box');
    if (box) new ResizeObserver(() => page.map && page.map.invalidateSize()).observe(box);
    cop.lists.news();
    slow();
  }

  function keys(event) {
    chooseFromNews(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === 'Escape' && !typing) select(null);
    else if (typing) return;
    else if (event.key === '/') {
      const search = byId('filter-text');
      if (search) {
        event.preventDefault();
        search.focus();
      }
    } else if (event.key === 't' && byId('theme-switch')) byId('theme-switch').click();
  }

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
      cop.table.anew();
    });
  cop.link.open(page.world, hear, (state) => {
    page.state = state;
    liveness();
  });
})();
