/**
 * What does the table show? The rows of what the filter lets pass, changed only where the picture changed.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, byId, write, now, STATE_MARK } = cop.desk;

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
      if (event.node.isSelected() && event.source !== 'api') cop.page.select(event.data.id, true);
    });
    byId('csv').addEventListener('click', () => {
      const marking = page.world === 'real' ? 'REAL' : `EXERCISE ${page.world}`;
      const shown = cop.time.utc(now());
      api.exportDataAsCsv({ fileName: `${page.tableLayer || 'picture'}.csv`, prependContent: `# ${marking}, as of ${shown}\n` });
    });
    tableAnew = true;
    table();
  }

  cop.table = {
    /** The table must be made anew: another filter, layer or picture. */
    anew() {
      tableAnew = true;
      table();
    },
    /** These things changed. */
    changed(change) {
      for (const thing of [...change.put, ...change.moved, ...change.dropped]) dirty.add(thing.id);
      if (change.reset) tableAnew = true;
    },
    /** Bring the table up to date; begin with it when the grid has come. */
    tick() {
      tableReady();
      table();
    },
    /** Choose the row of a thing, or none. */
    choose(id) {
      if (!grid) return;
      const node = id ? grid.getRowNode(id) : null;
      if (node) {
        node.setSelected(true, true, 'api');
        grid.ensureNodeVisible(node);
      } else grid.deselectAll('api');
    },
  };
})();
