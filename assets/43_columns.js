/**
 * Which columns does the table have, in which order, and how does what it shows become a file? The table's two menus.
 *
 * Columns are remembered in this browser, for each table. Files come from `/api/v1/export` with the page's address.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, byId, element, write } = cop.desk;

  const KEY = 'cop.table.';
  const BY_HAND = /^(ui|columnMenu|contextMenu)/; // what a person did to a column, as the grid calls it
  const KEPT = ['colId', 'hide', 'pinned', 'width', 'flex', 'sort', 'sortIndex'];
  const NOT_EXPORTED = ['theme', 'lat', 'lon', 'z', 'sel', 'tab', 'at', 'table'];

  let grid = null;
  let table = () => '';

  // -- what is remembered --------------------------------------------------------------------------------------------

  const key = () => KEY + (table() || 'all');

  function save() {
    const state = grid.getColumnState().map((column) => Object.fromEntries(KEPT.map((name) => [name, column[name]])));
    try {
      localStorage.setItem(key(), JSON.stringify(state));
    } catch {
      // a browser that keeps nothing: the columns last as long as the page
    }
  }

  function remembered() {
    try {
      const found = JSON.parse(localStorage.getItem(key()));
      return Array.isArray(found) ? found : null;
    } catch {
      return null;
    }
  }

  /** Give the grid the columns that were chosen for this table, or its own. */
  function restore(api) {
    grid = api;
    grid.resetColumnState();
    const state = remembered();
    if (state) grid.applyColumnState({ state, applyOrder: true });
    if (!byId('columns-menu').hidden) list();
  }

  // -- menus ---------------------------------------------------------------------------------------------------------

  const NAMES = ['columns', 'export'];

  function open(name, wanted) {
    for (const each of NAMES) {
      const shown = each === name && wanted;
      byId(`${each}-menu`).hidden = !shown;
      byId(`${each}-open`).setAttribute('aria-expanded', String(shown));
    }
    if (!wanted) return;
    if (name === 'columns') list();
    else links();
    place(byId(`${name}-menu`), byId(`${name}-open`));
    const target = byId(`${name}-menu`).querySelector('input, a, button');
    if (target) target.focus();
  }

  /** Above or below its button, wherever there is more room, and never over the edge. */
  function place(menu, button) {
    const at = button.getBoundingClientRect();
    const above = at.top > innerHeight - at.bottom;
    menu.style.right = `${Math.max(4, innerWidth - at.right)}px`;
    menu.style.top = above ? 'auto' : `${at.bottom + 4}px`;
    menu.style.bottom = above ? `${innerHeight - at.top + 4}px` : 'auto';
    menu.style.maxHeight = `${Math.min(innerHeight * 0.6, (above ? at.top : innerHeight - at.bottom) - 12)}px`;
  }

  function close(focus) {
    const shown = NAMES.find((name) => byId(`${name}-menu`) && !byId(`${name}-menu`).hidden);
    if (!shown) return false;
    open(shown, false);
    if (focus) byId(`${shown}-open`).focus();
    return true;
  }

  // -- the columns' menu ---------------------------------------------------------------------------------------------

  function list(focused) {
    const rows = grid.getColumnState().map((column) => item(column));
    const reset = element('button', 'quiet', 'Reset');
    reset.type = 'button';
    reset.addEventListener('click', () => {
      localStorage.removeItem(key());
      grid.setFilterModel(null);
      grid.resetColumnState();
      list();
      byId('columns-menu').querySelector('.foot button').focus();
    });
    const columns = element('ol');
    columns.append(...rows);
    const foot = element('div', 'foot');
    foot.append(element('span', 'hint', 'Drag, or Alt with the arrow keys, to move a column'), reset);
    byId('columns-menu').replaceChildren(columns, foot);
    if (focused) rows.find((each) => each.dataset.column === focused).querySelector('input').focus();
  }

  function item(column) {
    const row = element('li');
    const label = element('label');
    const box = element('input');
    const shown = grid.getColumn(column.colId);
    box.type = 'checkbox';
    box.checked = !column.hide;
    box.disabled = column.colId === 'name'; // a row without a name is nobody's
    box.addEventListener('change', () => {
      grid.setColumnsVisible([column.colId], box.checked);
      save();
    });
    label.append(box, element('span', '', shown.getColDef().headerName));
    row.append(element('span', 'grip', '⠿'), label);
    row.dataset.column = column.colId;
    row.draggable = true;
    row.addEventListener('dragstart', (event) => {
      event.dataTransfer.setData('text/plain', column.colId);
      event.dataTransfer.effectAllowed = 'move';
    });
    row.addEventListener('dragover', (event) => event.preventDefault());
    row.addEventListener('dragenter', () => row.classList.add('over'));
    row.addEventListener('dragleave', (event) => row.contains(event.relatedTarget) || row.classList.remove('over'));
    row.addEventListener('drop', (event) => {
      event.preventDefault();
      move(event.dataTransfer.getData('text/plain'), column.colId);
    });
    row.addEventListener('keydown', (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const beside = step < 0 ? row.previousElementSibling : row.nextElementSibling;
      if (!beside) return;
      if (event.altKey) move(column.colId, beside.dataset.column);
      else beside.querySelector('input').focus();
    });
    return row;
  }

  /** Move a column to where another one stands. */
  function move(id, to) {
    const state = grid.getColumnState();
    const from = state.findIndex((column) => column.colId === id);
    const target = state.findIndex((column) => column.colId === to);
    if (from < 0 || target < 0 || from === target) return;
    state.splice(target, 0, ...state.splice(from, 1));
    grid.applyColumnState({ state, applyOrder: true });
    save();
    list(id);
  }

  // -- the exports' menu ---------------------------------------------------------------------------------------------

  /** Where a file of what is shown can be had. */
  function address(format) {
    const q = new URLSearchParams(cop.address.text());
    for (const name of NOT_EXPORTED) q.delete(name);
    q.set('world', page.world);
    if (page.tableLayer) q.set('table', page.tableLayer);
    if (page.moment !== null) q.set('at', new Date(page.moment).toISOString());
    return `/api/v1/export/${format}?${q}`;
  }

  function links() {
    for (const link of document.querySelectorAll('a.export')) link.setAttribute('href', address(link.dataset.format));
    const inside = grid && grid.isAnyFilterPresent();
    write('export-said', inside ? 'Filters inside the columns do not count here: the file has all rows of the table.' : '');
  }

  async function fetched(format, title) {
    write('export-said', `${title}: in preparation…`);
    try {
      const answer = await fetch(address(format));
      if (!answer.ok) {
        const why = await answer.json().catch(() => ({}));
        throw new Error(typeof why.detail === 'string' ? why.detail : `the server answered ${answer.status}`);
      }
      const name = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') || '');
      const link = element('a');
      link.href = URL.createObjectURL(await answer.blob());
      link.download = name ? name[1] : `picture.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      write('export-said', `Saved: ${link.download}, ${answer.headers.get('x-rows')} rows`);
    } catch (error) {
      write('export-said', `${title} was not saved: ${error.message}`);
    }
  }

  // -- beginning -----------------------------------------------------------------------------------------------------

  document.addEventListener('click', (event) => {
    const name = NAMES.find((each) => event.target.closest(`#${each}-open`));
    if (name) {
      if (grid) open(name, byId(`${name}-menu`).hidden);
      return;
    }
    const link = event.target.closest('a.export');
    if (link) {
      event.preventDefault();
      fetched(link.dataset.format, link.textContent);
    } else if (event.target.isConnected && !event.target.closest('.table-menu')) close(false);
  });
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.key === 'Escape' && close(true)) event.stopPropagation();
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const link = step && event.target.closest && event.target.closest('a.export');
      if (!link) return;
      event.preventDefault();
      const beside = step < 0 ? link.previousElementSibling : link.nextElementSibling;
      if (beside) beside.focus();
    },
    true,
  );

  cop.columns = {
    restore,
    /** Remember what a person does to the columns of the grid. `named` tells which table is shown. */
    attach(api, named) {
      grid = api;
      table = named;
      for (const what of ['columnMoved', 'columnVisible', 'columnResized', 'columnPinned', 'sortChanged']) {
        api.addEventListener(what, (event) => {
          if (event.finished !== false && BY_HAND.test(event.source)) save();
        });
      }
    },
  };
})();
