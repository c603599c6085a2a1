/**
 * How do the movement tabs talk with the rest of the page? Rows that choose, links in the panel, places picked on the
 * map, and the two dialogs, which write through the same API as a program would.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, byId } = cop.desk;

  const MARKS = { go: '✓', caution: '▲', unknown: '?', 'no-go': '■' };
  const STATES = { cleared: '✓', pending: '▲', unknown: '?', missing: '■', late: '■', blocked: '■' };
  const CREDITS = { green: '✓', amber: '▲', red: '■', unknown: '?' };
  const FLY_ZOOM = 11;
  const STILL_PX = 5;

  // -- how the grids write ---------------------------------------------------------------------------------------------

  function utc(at) {
    if (at === null || at === undefined) return '–';
    const text = new Date(at).toISOString();
    const today = new Date(cop.page.now()).toISOString().slice(0, 10) === text.slice(0, 10);
    return today ? text.slice(11, 16) : `${text.slice(5, 10)} ${text.slice(11, 16)}`;
  }

  function minutes(value) {
    if (value === null || value === undefined) return '–';
    const whole = Math.round(value);
    return whole > 0 ? `+${whole}` : whole < 0 ? `−${-whole}` : '0';
  }

  const marked = (marks) => (value) => `${marks[value] || '?'} ${value}`;

  self.dashAgGridFunctions = Object.assign(self.dashAgGridFunctions || {}, {
    copUtc: utc,
    copMinutes: minutes,
    copSpan: (ms) => (ms === null || ms === undefined ? '–' : (ms / 60000).toFixed(1)),
    copAnswer: marked(MARKS),
    copState: marked(STATES),
    copCredit: marked(CREDITS),
  });

  // -- rows ------------------------------------------------------------------------------------------------------------

  const grids = {}; // name → the grid's API, once it is there

  /** What a row of each grid does when it is clicked, or Enter is pressed on it. */
  const chooses = {
    moves: (row) => cop.page.select(row.id, true),
    clearances: (row) => cop.page.select(row.movement, true),
    conflicts: (row) => {
      cop.page.select(row.first, false);
      fly(row.lon, row.lat);
    },
  };

  function wire() {
    for (const name of Object.keys(chooses)) {
      if (grids[name] || !byId(`${name}-grid`) || !self.dash_ag_grid) continue;
      let api;
      try {
        api = self.dash_ag_grid.getApi(`${name}-grid`);
      } catch {
        continue; // not yet there
      }
      if (!api) continue;
      grids[name] = api;
      api.addEventListener('cellClicked', (event) => event.data && chooses[name](event.data));
      api.addEventListener('cellKeyDown', (event) => {
        if (event.event.key !== 'Enter' || !event.data) return;
        event.node.setSelected(true, true);
        chooses[name](event.data);
      });
      if (name === 'moves') mark(page.selected);
    }
  }

  function mark(id) {
    if (!grids.moves) return;
    const node = id ? grids.moves.getRowNode(id) : null;
    if (node) {
      node.setSelected(true, true, 'api');
      grids.moves.ensureNodeVisible(node);
    } else grids.moves.deselectAll('api');
  }

  function fly(lon, lat) {
    if (page.map) page.map.flyTo([lat, lon], Math.max(page.map.getZoom(), FLY_ZOOM), { duration: 0.8 });
  }

  // -- a place from the map --------------------------------------------------------------------------------------------

  let picking = null; // {field, button}
  let pressed = null;

  function pick(button) {
    stop();
    picking = { field: button.dataset.pick, button };
    button.textContent = 'Click on the map…';
    document.body.classList.add('picking');
    if (page.map) page.map.getContainer().addEventListener('click', place, true);
    if (page.map) page.map.getContainer().addEventListener('pointerdown', press, true);
  }

  function press(event) {
    pressed = [event.clientX, event.clientY];
  }

  /** The click is the place and nothing else: no thing is chosen by it. */
  function place(event) {
    event.stopImmediatePropagation();
    const moved = pressed ? Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) : 0;
    if (moved > STILL_PX) return; // a drag of the map
    const at = page.map.mouseEventToLatLng(event);
    self.dash_clientside.set_props(picking.field, { value: `${at.lng.toFixed(4)},${at.lat.toFixed(4)}` });
    stop();
  }

  function stop() {
    if (!picking) return;
    picking.button.textContent = 'Pick on map';
    document.body.classList.remove('picking');
    if (page.map) page.map.getContainer().removeEventListener('click', place, true);
    if (page.map) page.map.getContainer().removeEventListener('pointerdown', press, true);
    picking = null;
  }

  // -- what is written -------------------------------------------------------------------------------------------------

  /** The trouble that the API told, as a sentence; null when it did what it was asked. */
  async function send(method, path, body) {
    try {
      const answer = await fetch(`/api/v1/${path}?world=${encodeURIComponent(page.world)}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (answer.ok) return null;
      const told = await answer.json().catch(() => ({}));
      const { detail } = told;
      if (Array.isArray(detail)) return detail.map((each) => `${each.loc[each.loc.length - 1]}: ${each.msg}`).join('; ');
      return String(detail || `the server answered ${answer.status}`);
    } catch {
      return 'the server could not be reached; nothing was written';
    }
  }

  function sentence(text) {
    return `Not done: ${text}${text.endsWith('.') ? '' : '.'}`;
  }

  function openApproval(told) {
    const set = self.dash_clientside.set_props;
    set('approve-for', { data: told });
    set('approve-object', {
      data: told.objects.map((each) => ({ value: each, label: each })),
      value: told.objects[0],
    });
    set('approve-said', { children: '' });
    set('approve-dialog', { opened: true, title: `Approve with caution: ${told.movement.replace('convoy:', '')}` });
  }

  async function approve(clicks, told, object, by, minutes_, note) {
    if (!clicks || !told) return self.dash_clientside.no_update;
    if (!by || by.trim().length < 2) return sentence('say who approves');
    const body = { object, by: by.trim(), until_min: Number(minutes_) || 0, note: note || '' };
    const trouble = await send('POST', `movements/${encodeURIComponent(told.movement)}/approvals`, body);
    if (trouble) return sentence(trouble);
    self.dash_clientside.set_props('approve-dialog', { opened: false });
    return '';
  }

  let row = null; // the clearance that is being submitted
  let sent = 0;

  function openClearance() {
    const chosen = grids.clearances ? grids.clearances.getSelectedRows()[0] : null;
    cop.desk.write('clearance-hint', chosen ? '' : 'Choose a row first.');
    if (!chosen) return;
    row = chosen;
    const set = self.dash_clientside.set_props;
    set('clearance-of', { children: `${row.convoy} at ${row.border_id}, ETA ${utc(row.eta)} UTC. ${row.missing_text}` });
    set('clearance-permission', { value: row.permission || 'REQUESTED' });
    set('clearance-form302', { value: row.form302 || '' });
    set('clearance-said', { children: '' });
    set('clearance-dialog', { opened: true });
  }

  async function submit(ready, permission, form302, vehicles, by, note) {
    if (!ready || ready.clicks <= sent) return ''; // it was typed: what was said of the last attempt is over
    sent = ready.clicks;
    if (!row) return sentence('choose a row of the board first');
    if (ready.problem) return `Not sent: form 302, ${ready.problem}.`;
    if (!by || by.trim().length < 2) return sentence('say by whom');
    const body = { movement: row.movement, border: row.border, permission, by: by.trim(), note: note || '' };
    body.form302 = (form302 || '').trim();
    if (typeof vehicles === 'number') body.vehicles_declared = vehicles;
    const trouble = await send('PUT', `clearances/${encodeURIComponent(row.key)}`, body);
    if (trouble) return sentence(trouble);
    self.dash_clientside.set_props('clearance-dialog', { opened: false });
    cop.desk.write('clearance-hint', `${row.convoy} at ${row.border_id} is submitted.`);
    return '';
  }

  cop.moves = {
    approve,
    submit,
    chosen(data) {
      mark((data && data.id) || null);
      return self.dash_clientside.no_update;
    },
  };

  // -- beginning -------------------------------------------------------------------------------------------------------

  document.addEventListener('click', (event) => {
    const target = event.target.closest('[data-select], [data-approve], [data-pick], #clearance-open');
    if (!target) return;
    if (target.dataset.select) cop.page.select(target.dataset.select, true);
    else if (target.dataset.approve) openApproval(JSON.parse(target.dataset.approve));
    else if (target.dataset.pick) pick(target);
    else openClearance();
  });

  // Escape ends what is innermost, and only that: first the dialog or the picking, then the choice.
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape') return;
      if (picking) stop();
      else if (!document.querySelector('[role="dialog"]:not([hidden])')) return;
      event.stopPropagation();
    },
    true,
  );
  setInterval(wire, 500);
})();
