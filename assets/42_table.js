/**
 * What does the table show? The rows of what the filter lets pass, changed only where the picture changed.
 *
 * Rows are kept beside the grid. A thing that only moved or was heard again changes its row in place: ages are counted
 * in the rows that are on the screen, and the grid is told of a row only when something in it reads differently.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, byId, write, hide, now, on, STATE_MARK } = cop.desk;

  const EVENTS = 'events';
  const VERDICT_MARK = { go: '✓', caution: '▲', 'no-go': '■', unknown: '?' };
  const ORIGIN_MARK = { observed: '●', simulated: '◇', injected: '◆' };
  const SEVERITY = ['closed', 'restricted', 'degraded', 'unknown', 'open'];
  const ANSWERS = ['no-go', 'caution', 'unknown', 'go'];
  const BESIDE = new Set(['status', 'name', 'state', 'reason', 'verdict']); // fields that every table has anyway
  const READ = ['name', 'nations', 'state', 'why', 'source', 'origin', 'marking'];

  const rows = new Map(); // id → row, the very object that the grid has
  const dirty = new Set();
  let anew = true;
  let shaped = null; // the table whose columns the grid has
  let grid = null;
  let told = { layers: {}, columns: {}, verdict: '' };

  // -- columns -------------------------------------------------------------------------------------------------------

  const { compare } = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  const filled = (value) => value !== undefined && value !== null && value !== '';

  /** Numbers by size, texts by alphabet; what is missing stands last in a rising order. */
  function natural(a, b) {
    if (!filled(a) || !filled(b)) return Number(!filled(a)) - Number(!filled(b));
    return typeof a === 'number' && typeof b === 'number' ? a - b : compare(String(a), String(b));
  }
  const ranked = (order) => (a, b) => order.indexOf(a) - order.indexOf(b);
  const marked = (marks) => (p) => (filled(p.value) ? `${marks[p.value] || '?'} ${p.value}` : '');

  const NAME = { field: 'name', headerName: 'Name', pinned: 'left', width: 190 };
  const LAYER = { field: 'layerTitle', headerName: 'Layer', width: 120 };
  const STATE = { field: 'state', headerName: 'Status', width: 108, comparator: ranked(SEVERITY), cellClass: (p) => `state ${p.value}`, valueFormatter: marked(STATE_MARK) };
  const NATION = { field: 'nations', headerName: 'Nation', width: 84 };
  const AGE = {
    colId: 'age',
    headerName: 'Age',
    width: 88,
    valueGetter: (p) => p.data.at,
    valueFormatter: (p) => (filled(p.value) ? cop.time.age(now() - p.value) : '?'),
    comparator: (a, b) => (b || 0) - (a || 0), // the youngest first, and what tells no time last
    filter: 'agNumberColumnFilter',
    filterValueGetter: (p) => (filled(p.data.at) ? Math.floor((now() - p.data.at) / 60000) : null),
    headerTooltip: 'How old the newest report is. Its filter counts minutes.',
  };
  const REST = [
    { field: 'why', headerName: 'Reason', minWidth: 200, flex: 2 },
    AGE,
    { field: 'source', headerName: 'Source', width: 110 },
    { field: 'origin', headerName: 'Origin', width: 112, cellClass: (p) => `origin ${p.value}`, valueFormatter: marked(ORIGIN_MARK) },
    { field: 'marking', headerName: 'Marking', minWidth: 150, flex: 1 },
  ];

  const verdict = () => ({
    colId: 'cell-verdict',
    headerName: told.verdict,
    width: 116,
    valueGetter: (p) => p.data.cells.verdict,
    comparator: (a, b) => (filled(a) && filled(b) ? ranked(ANSWERS)(a, b) : natural(a, b)),
    cellClass: (p) => (p.value ? `verdict ${p.value}` : ''),
    valueFormatter: marked(VERDICT_MARK),
  });
  const first = (cells, keys) => keys.map((key) => cells[key]).find(filled);

  function columns() {
    if (page.tableLayer === EVENTS) {
      const own = Object.entries(told.columns).map(([title, keys]) => ({
        colId: `event-${title}`,
        headerName: title,
        valueGetter: (p) => first(p.data.cells, keys),
        width: 150,
      }));
      const until = { colId: 'cell-until', headerName: 'Until, UTC', valueGetter: (p) => p.data.cells.until, width: 130 };
      return [NAME, LAYER, STATE, NATION, ...own, until, ...REST];
    }
    const layer = page.layers.find((each) => each.name === page.tableLayer);
    if (!layer) return [NAME, LAYER, STATE, verdict(), NATION, ...REST];
    const own = layer.fields
      .filter((field) => field.table && !BESIDE.has(field.key))
      .map((field) => ({
        colId: `cell-${field.key}`,
        headerName: field.unit ? `${field.title}, ${field.unit}` : field.title,
        valueGetter: (p) => p.data.cells[field.key],
        width: 130,
      }));
    const moves = layer.fields.some((field) => field.table && field.key === 'verdict');
    return [NAME, STATE, ...(moves ? [verdict()] : []), NATION, ...own, ...REST];
  }

  function shape() {
    if (shaped === page.tableLayer) return;
    shaped = page.tableLayer;
    grid.setFilterModel(null);
    grid.setGridOption('columnDefs', columns().map((column) => ({ comparator: natural, ...column })));
    cop.columns.restore(grid, shaped);
  }

  // -- rows ----------------------------------------------------------------------------------------------------------

  function row(thing) {
    const layer = page.layers.find((each) => each.name === thing.layer);
    return {
      id: thing.id,
      name: thing.name,
      layerTitle: layer ? layer.title : thing.layer,
      nations: (thing.nations || []).join(' '),
      state: thing.state || 'unknown',
      why: thing.why || '',
      at: thing.at,
      source: thing.source,
      origin: thing.origin,
      marking: thing.marking || '',
      cells: thing.cells || {},
    };
  }

  /** Whether two rows of a thing read the same, whatever their age. */
  function same(a, b) {
    for (const key of READ) if (a[key] !== b[key]) return false;
    if (a.cells === b.cells) return true;
    const keys = Object.keys(a.cells);
    return keys.length === Object.keys(b.cells).length && keys.every((key) => a.cells[key] === b.cells[key]);
  }

  function stands(thing) {
    if (page.tableLayer !== EVENTS) return !page.tableLayer || thing.layer === page.tableLayer;
    const states = told.layers[thing.layer];
    return Boolean(states) && (!states.length || states.includes(thing.state));
  }

  function fits(thing, at) {
    return stands(thing) && cop.picture.matches(thing, page.filter, at);
  }

  function fill(at) {
    rows.clear();
    dirty.clear();
    for (const thing of page.picture.byId.values()) if (fits(thing, at)) rows.set(thing.id, row(thing));
    shape();
    grid.setGridOption('rowData', [...rows.values()]);
    mark(page.selected);
  }

  function change(at) {
    if (page.filter && page.filter.age) for (const id of page.picture.byId.keys()) dirty.add(id); // the clock sorts out
    const update = [];
    const add = [];
    const remove = [];
    for (const id of dirty) {
      const thing = page.picture.byId.get(id);
      const before = rows.get(id);
      if (thing === undefined || !fits(thing, at)) {
        if (before && rows.delete(id)) remove.push({ id });
        continue;
      }
      const after = row(thing);
      if (!before) add.push(after);
      else if (same(before, after)) {
        before.at = after.at;
        continue;
      } else update.push(after);
      rows.set(id, after);
    }
    const aged = dirty.size > 0;
    dirty.clear();
    if (update.length || add.length || remove.length) grid.applyTransaction({ update, add, remove });
    if (aged && grid.getColumnState().some((column) => column.colId === 'age' && column.sort)) {
      grid.refreshClientSideRowModel('sort');
    }
    if (grid.getFilterModel().age) grid.onFilterChanged();
  }

  function table() {
    if (!grid || !page.tableOpen || !page.layers.length) return;
    const at = now();
    if (anew) {
      anew = false;
      fill(at);
    } else {
      change(at);
      grid.refreshCells({ rowNodes: grid.getRenderedNodes(), columns: ['age'], force: true });
    }
    say();
  }

  /** How many rows there are, and if there is none, why. */
  function say() {
    const shown = grid.getDisplayedRowCount();
    write('table-count', shown === rows.size ? `${rows.size} rows` : `${shown} of ${rows.size} rows`);
    hide('table-empty', shown > 0);
    if (!shown) write('table-empty', why());
  }

  function why() {
    if (rows.size) return 'No row passes the filters inside the columns.';
    const layer = page.layers.find((each) => each.name === page.tableLayer);
    const title = page.tableLayer === EVENTS ? 'Events' : layer ? layer.title : '';
    let there = 0;
    for (const thing of page.picture.byId.values()) if (stands(thing)) there++;
    if (!title) return there ? `Nothing passes the filters: ${there} things are hidden.` : 'Nothing is known yet.';
    if (!there) return `${title}: none is known in this world.`;
    const off = layer && page.filter && page.filter.layers && !page.filter.layers.includes(layer.name);
    return off ? `${title}: the layer is switched off in the filters.` : `${title}: none of ${there} passes the filters.`;
  }

  // -- the grid ------------------------------------------------------------------------------------------------------

  function mark(id) {
    if (!grid) return;
    const node = id ? grid.getRowNode(id) : null;
    if (!node) {
      grid.deselectAll('api');
      return;
    }
    node.setSelected(true, true, 'api');
    grid.ensureNodeVisible(node);
  }

  function begin() {
    if (grid || !byId('grid') || !self.dash_ag_grid) return;
    let api;
    try {
      api = self.dash_ag_grid.getApi('grid');
    } catch {
      return; // not yet there
    }
    if (!api) return;
    grid = api;
    told = JSON.parse(byId('table-tools').dataset.events);
    api.addEventListener('rowSelected', (event) => {
      if (event.node.isSelected() && event.source !== 'api') cop.page.select(event.data.id, true);
    });
    api.addEventListener('cellKeyDown', ({ event, data }) => {
      if (event.key !== 'Enter' || !data) return;
      event.preventDefault();
      cop.page.select(data.id, true);
    });
    api.addEventListener('filterChanged', say);
    cop.columns.attach(api, () => page.tableLayer);
    anew = true;
    table();
  }

  on('moment', () => cop.table.anew());

  cop.table = {
    /** The table must be made anew: another filter, layer or picture. */
    anew() {
      anew = true;
      table();
    },
    /** These things changed. */
    changed(change) {
      for (const thing of [...change.put, ...change.moved, ...change.dropped]) dirty.add(thing.id);
      if (change.reset) anew = true;
    },
    /** Bring the table up to date; begin with it when the grid has come. */
    tick() {
      if (page.layers.length) begin();
      table();
    },
    /** Choose the row of a thing, or none. */
    choose: mark,
  };
})();
