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

  const LIMIT_MS = 10000;
  const SLOW_MS = 1000;
  const EXERCISE_MS = 15000;
  const NEWS = 60;
  const NATION_NAMES = { EE: 'Estonia', LV: 'Latvia', LT: 'Lithuania', FI: 'Finland', '': 'Others' };
  const STATE_MARK = { open: '✓', restricted: '▲', degraded: '◆', closed: '■', unknown: '?' };
  const FEED_MARK = { ok: '●', late: '◐', failed: '○' };

  const config = JSON.parse((document.getElementById('cop-config') || { textContent: '{}' }).textContent);
  const query = new URLSearchParams(location.search);
  const page = {
    world: query.get('world') || config.world || 'real',
    picture: cop.picture.create(),
    filter: null,
    selected: query.get('sel'),
    theme: query.get('theme') === 'light' ? 'light' : 'dark',
    state: { connected: false, lastHeard: null, frameNow: null, lag: 0, error: null },
    layers: [],
    map: null,
    kind: null,
    tableLayer: '',
    tableOpen: true,
  };

  const byId = (id) => document.getElementById(id);
  const now = () => cop.link.serverNow(page.state, Date.now());

  /** An element with text (never markup: what feeds say is not trusted). */
  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function write(id, text) {
    const found = byId(id);
    if (found && found.textContent !== text) found.textContent = text;
  }

  function hide(id, hidden) {
    const found = byId(id);
    if (found && found.hidden !== hidden) found.hidden = hidden;
  }

  // -- the link ----------------------------------------------------------------------------------------------------

  function hear(frame, state) {
    page.state = state;
    const change = cop.picture.apply(page.picture, frame);
    if (page.map) cop.canvas.show(page.picture, change, now());
    for (const thing of change.put) dirty.add(thing.id);
    for (const thing of change.moved) dirty.add(thing.id);
    for (const thing of change.dropped) dirty.add(thing.id);
    if (change.reset) tableAnew = true;
    if (change.reset || change.notices.length) news();
    if (change.reset || change.feeds) freshness();
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
    counts(at);
    if (page.kind === 'wall') reddest(at);
    for (const time of document.querySelectorAll('time.age')) {
      const text = `${cop.time.age(at - Number(time.dataset.at))} old`;
      if (time.textContent !== text) time.textContent = text;
      if (!time.title) time.title = cop.time.utc(Number(time.dataset.at));
    }
    for (const time of document.querySelectorAll('time.clock-at')) {
      const text = cop.time.utc(Number(time.dataset.at)).slice(11);
      if (time.textContent !== text) time.textContent = text;
    }
    freshness();
    liveness();
  }

  let exercise = null; // {startex, scale}, asked for now and then: a scenario may begin anew
  function askExercise() {
    if (page.world === 'real') return;
    fetch(`/api/v1/exercises/${encodeURIComponent(page.world.replace('exercise/', ''))}`)
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((told) => (exercise = told))
      .catch(() => {}); // the link says that the server is away
  }

  function exerciseClock(at) {
    hide('clock-exercise-box', !exercise);
    if (!exercise) return;
    const minutes = Math.floor(((at - exercise.startex) * exercise.scale) / 60000);
    write('clock-exercise', `T${minutes < 0 ? '-' : '+'}${Math.abs(minutes)} min`);
  }

  function counts(at) {
    const { filter, picture } = page;
    const found = cop.picture.counts(picture, filter, at);
    const without = (key) => (filter && filter[key] ? cop.picture.counts(picture, { ...filter, [key]: null }, at) : found);
    const show = (kind, of, value) => {
      for (const label of document.querySelectorAll(`[id^="n-${kind}-"]`)) {
        const text = String(value(of, label.id.slice(kind.length + 3)) || 0);
        if (label.textContent !== text) label.textContent = text;
      }
    };
    if (page.kind === 'staff') {
      show('domain', without('domains').domain, (of, key) => of[key] && of[key].n);
      show('nation', without('nations').nation, (of, key) => of[key] && of[key].n);
      show('state', without('states').state, (of, key) => of[key]);
      show('layer', without('layers').layer, (of, key) => of[key]);
      show('origin', originCounts(filter, at), (of, key) => of[key]);
      write('n-all', `${found.total} shown of ${picture.byId.size}${found.stale ? `, ${found.stale} stale` : ''}`);
    }
    if (page.kind === 'wall') {
      const all = cop.picture.counts(picture, null, at);
      for (const kind of ['domain', 'nation']) {
        for (const cell of document.querySelectorAll(`[id^="w-${kind}-"]`)) {
          const [, , key, light] = cell.id.split('-');
          const row = all[kind][key];
          const text = String(row ? row[light] : 0);
          if (cell.textContent !== text) cell.textContent = text;
          cell.classList.toggle('none', text === '0');
        }
      }
    }
  }

  function originCounts(filter, at) {
    const found = {};
    const open = filter ? { ...filter, origins: null } : null;
    let simulated = false;
    for (const thing of page.picture.byId.values()) {
      if (thing.origin === 'simulated') simulated = true;
      if (cop.picture.matches(thing, open, at)) found[thing.origin] = (found[thing.origin] || 0) + 1;
    }
    hide('simulated-sign', !simulated);
    return found;
  }

  function simulatedSign() {
    let simulated = false;
    for (const thing of page.picture.byId.values()) {
      if (thing.origin === 'simulated') {
        simulated = true;
        break;
      }
    }
    hide('simulated-sign', !simulated);
  }

  /** The wall's list: closed before limited, the newest first, never more than fits. */
  function reddest(at) {
    simulatedSign();
    const list = byId('reddest');
    if (!list) return;
    const rank = { red: 0, amber: 1 };
    const found = [];
    for (const thing of page.picture.byId.values()) {
      const light = cop.picture.light(thing, at);
      if (light in rank) found.push([rank[light], -(thing.since || thing.at || 0), thing]);
    }
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const fits = Math.max(1, Math.floor(list.clientHeight / Math.max(1, rowHeight(list))));
    const rows = found.slice(0, fits).map(([, , thing]) => line(thing, thing.since || thing.at, at));
    write('attention', found.length > fits ? `Needs attention: ${fits} of ${found.length}` : 'Needs attention');
    if (!found.length) rows.push(element('li', 'empty', 'Nothing is closed or limited.'));
    list.replaceChildren(...rows);
  }

  function rowHeight(list) {
    return list.firstElementChild ? list.firstElementChild.offsetHeight : 48;
  }

  function line(thing, when, at) {
    const row = element('li');
    row.dataset.id = thing.id;
    row.append(element('span', `state ${thing.state}`, `${STATE_MARK[thing.state] || '?'} ${thing.state}`));
    row.append(element('strong', '', thing.name));
    row.append(element('span', 'where', (thing.nations || []).join(' ')));
    row.append(element('span', 'why', thing.why || ''));
    if (when) row.append(element('time', '', cop.time.age(at - when)));
    return row;
  }

  // -- what is new ---------------------------------------------------------------------------------------------------

  function news() {
    const list = byId('news');
    if (!list) return;
    const at = now();
    const most = page.kind === 'wall' ? 3 : NEWS;
    const rows = page.picture.notices
      .slice(-most)
      .reverse()
      .map((notice) => {
        const row = line(notice, notice.at, at);
        row.querySelector('time').dataset.at = notice.at;
        row.querySelector('time').className = 'age';
        const state = row.querySelector('.state');
        if (notice.was) state.title = `was ${notice.was}`;
        if (notice.was && notice.state === 'unknown') state.textContent = `was ${notice.was}`;
        row.tabIndex = page.kind === 'wall' ? -1 : 0;
        return row;
      });
    if (!rows.length) rows.push(element('li', 'empty', 'Nothing has changed since this page was opened.'));
    list.replaceChildren(...rows);
  }

  function chooseFromNews(event) {
    const row = event.target.closest('#news li[data-id]');
    if (row && (event.type === 'click' || event.key === 'Enter')) select(row.dataset.id, true);
  }

  // -- freshness -----------------------------------------------------------------------------------------------------

  function freshness() {
    const bar = byId('freshness');
    if (!bar) return;
    const at = now();
    const rows = cop.picture.feedsByNation(page.picture.feeds, at);
    const groups = rows.map((row) => {
      const group = element('div', `nation ${row.state}`);
      group.dataset.nation = row.nation;
      const silence = row.silence === null ? 'never heard' : cop.time.age(row.silence);
      group.append(element('strong', '', NATION_NAMES[row.nation] || row.nation));
      group.append(element('span', 'silence', `${FEED_MARK[row.state]} ${silence}`));
      group.append(...row.feeds.filter((feed) => !shared(feed)).map((feed) => chip(feed, at)));
      return group;
    });
    const common = new Map(rows.flatMap((row) => row.feeds.filter(shared)).map((feed) => [`${feed.world} ${feed.source}`, feed]));
    if (common.size) {
      const group = element('div', 'nation');
      group.append(element('span', 'hint', 'several nations'), ...[...common.values()].map((feed) => chip(feed, at)));
      groups.push(group);
    }
    bar.replaceChildren(...groups);
  }

  const shared = (feed) => (feed.nations || []).length > 1;

  function chip(feed, at) {
    const made = element('span', `feed ${feed.state}`, `${FEED_MARK[feed.state]} ${feed.source}`);
    const age = feed.newest ? cop.time.age(at - feed.newest) : 'no report yet';
    made.append(element('small', '', ` ${age}${feed.origin === 'observed' ? '' : ` ${feed.origin}`}`));
    made.title = [
      feed.state,
      feed.detail,
      `newest report ${age} old`,
      `last heard ${feed.heard ? cop.time.age(at - feed.heard) : 'never'} ago`,
      `${feed.records} reports, ${feed.rejects} in quarantine`,
    ]
      .filter(Boolean)
      .join(' · ');
    return made;
  }

  // -- the table -----------------------------------------------------------------------------------------------------

  const dirty = new Set();
  let tableAnew = true;
  let rowsShown = new Set();
  let grid = null;

  const COMMON = [
    { field: 'name', headerName: 'Name', pinned: 'left', width: 190 },
    { field: 'layerTitle', headerName: 'Layer', width: 120 },
    { field: 'nations', headerName: 'Nation', width: 84 },
    { field: 'state', headerName: 'Status', width: 104, cellClass: (p) => `state ${p.value}`, valueFormatter: (p) => `${STATE_MARK[p.value] || '?'} ${p.value}` },
    { field: 'why', headerName: 'Reason', minWidth: 200, flex: 2 },
    { field: 'age', headerName: 'Age', width: 88, valueFormatter: (p) => (p.value === null ? '' : cop.time.age(p.value)) },
    { field: 'source', headerName: 'Source', width: 110 },
    { field: 'origin', headerName: 'Origin', width: 100 },
    { field: 'marking', headerName: 'Marking', minWidth: 150, flex: 1 },
  ];

  function columns() {
    const layer = page.layers.find((each) => each.name === page.tableLayer);
    if (!layer) return COMMON;
    const taken = new Set(['status', 'name', 'state', 'reason']);
    const own = layer.fields
      .filter((field) => field.table && !taken.has(field.key))
      .map((field) => ({
        colId: `cell-${field.key}`,
        headerName: field.unit ? `${field.title}, ${field.unit}` : field.title,
        valueGetter: (p) => p.data.cells[field.key],
        width: 130,
      }));
    return [COMMON[0], ...COMMON.slice(2, 4), ...own, ...COMMON.slice(4)];
  }

  function row(thing, at) {
    const layer = page.layers.find((each) => each.name === thing.layer);
    return {
      id: thing.id,
      name: thing.name,
      layerTitle: layer ? layer.title : thing.layer,
      nations: (thing.nations || []).join(' '),
      state: thing.state || 'unknown',
      why: thing.why || '',
      age: cop.picture.age(thing, at),
      source: thing.source,
      origin: thing.origin,
      marking: thing.marking || '',
      lon: thing.lon,
      lat: thing.lat,
      cells: thing.cells || {},
    };
  }

  function tabulated(thing, at) {
    return (!page.tableLayer || thing.layer === page.tableLayer) && cop.picture.matches(thing, page.filter, at);
  }

  function table() {
    if (!grid || !page.tableOpen || !page.layers.length) return;
    const at = now();
    if (tableAnew) {
      tableAnew = false;
      dirty.clear();
      const rows = [];
      for (const thing of page.picture.byId.values()) if (tabulated(thing, at)) rows.push(row(thing, at));
      rowsShown = new Set(rows.map((each) => each.id));
      grid.setGridOption('columnDefs', columns());
      grid.setGridOption('rowData', rows);
    } else {
      const update = [];
      const add = [];
      const remove = [];
      for (const id of dirty) {
        const thing = page.picture.byId.get(id);
        const fits = thing !== undefined && tabulated(thing, at);
        if (fits && rowsShown.has(id)) update.push(row(thing, at));
        else if (fits) add.push(row(thing, at));
        else if (rowsShown.has(id)) remove.push({ id });
        if (fits) rowsShown.add(id);
        else rowsShown.delete(id);
      }
      dirty.clear();
      if (update.length || add.length || remove.length) grid.applyTransaction({ update, add, remove });
    }
    write('table-count', `${rowsShown.size} rows`);
  }

  function tableReady() {
    if (grid || !byId('grid') || !self.dash_ag_grid) return;
    let api;
    try {
      api = self.dash_ag_grid.getApi('grid');
    } catch {
      return; // not yet there
    }
    if (!api) return;
    grid = api;
    api.addEventListener('rowSelected', (event) => {
      if (event.node.isSelected() && event.source !== 'api') select(event.data.id, true);
    });
    byId('csv').addEventListener('click', () => {
      const marking = page.world === 'real' ? 'REAL' : `EXERCISE ${page.world}`;
      const shown = cop.time.utc(now());
      api.exportDataAsCsv({ fileName: `${page.tableLayer || 'picture'}.csv`, prependContent: `# ${marking}, as of ${shown}\n` });
    });
    tableAnew = true;
    table();
  }

  function legend() {
    const box = byId('legend');
    if (!box || box.childElementCount || !page.layers.length || !box.closest('details').open) return;
    for (const layer of page.layers) {
      const list = element('ul');
      for (const key of layer.legend) {
        const image = element('img');
        image.src = `/symbols/${key.symbol}.svg`;
        image.alt = '';
        const item = element('li');
        item.append(image, element('span', '', key.text));
        list.append(item);
      }
      box.append(element('h3', '', layer.title), list);
    }
  }

  // -- choosing ------------------------------------------------------------------------------------------------------

  function select(id, pan) {
    page.selected = id || null;
    if (page.map) cop.canvas.select(page.selected, { pan: Boolean(pan) });
    if (self.dash_clientside && byId('selected') === null) {
      self.dash_clientside.set_props('selected', { data: { id: page.selected, world: page.world } });
    }
    if (grid) {
      const node = id ? grid.getRowNode(id) : null;
      if (node) {
        node.setSelected(true, true, 'api');
        grid.ensureNodeVisible(node);
      } else grid.deselectAll('api');
    }
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
      tableAnew = true;
      table();
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
      tableAnew = true;
      table();
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
    document.addEventListener('toggle', legend, true);
    askExercise();
    setInterval(askExercise, EXERCISE_MS);
    setInterval(slow, SLOW_MS);
    setInterval(() => {
      tableReady();
      table();
    }, SLOW_MS);
    new ResizeObserver(() => page.map && page.map.invalidateSize()).observe(byId('map-box'));
    news();
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
    if (root && root !== current && byId('map-box')) {
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
      tableAnew = true;
    });
  cop.link.open(page.world, hear, (state) => {
    page.state = state;
    liveness();
  });
})();
