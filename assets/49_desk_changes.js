/**
 * What changed since I last looked? All of it in order, with what it was and is, why and who says so; and the mark of
 * the last look, which this browser keeps for each world.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined' || !cop.office) return;
  const { page, byId, element, write, hide, clock, on, STATE_MARK } = cop.desk;
  const { recall, remember, get, copy, tab, pressed, say } = cop.office;

  const FIRST_LOOK_MS = 3600000; // a browser that never looked is told of the last hour
  const OVERLAP_MS = 5000; // those who write are not quite of one time
  const PAUSE_MS = 400;
  const WHATS = { state: 'state', limit: 'limit', feed: 'feed', alert: 'alert' };
  const HEAD = ['time_utc', 'id', 'name', 'layer', 'domain', 'nations', 'what', 'was', 'now', 'why', 'origin', 'source', 'happened_utc'];

  /** The last look: {at: ms, seen: keys of what was listed shortly before it, or null when a time was chosen}. */
  let mark = null;
  let before = null; // the mark before that, for Undo
  let rows = new Map(); // key → row, in the order in which they happened
  let told = null; // {first: from when on nothing is missing, behind: whether the server itself lacks the newest}
  let trouble = '';
  let mistyped = ''; // what is wrong with the time that was typed
  let asOf = null;
  let grid = null;
  let inGrid = new Map();
  let anew = true;
  let asking = null;
  let round = 0; // answers to an earlier mark are dropped

  const slot = () => `seen.${page.world}`;

  // -- asking --------------------------------------------------------------------------------------------------------

  function wanted() {
    if (asking === null) asking = setTimeout(look, PAUSE_MS);
  }

  async function look() {
    if (page.kind !== 'staff' || page.picture.world === null) { // nobody knows the world before its picture has come
      asking = null;
      return;
    }
    if (mark === null) begin();
    const mine = round;
    const start = mark.seen ? mark.at - OVERLAP_MS : mark.at;
    const newest = [...rows.values()].reduce((most, each) => Math.max(most, each.at), 0);
    try {
      const answer = await get(`changes?since=${Math.floor(Math.max(start, newest - OVERLAP_MS, 0))}`);
      if (mine === round) {
        const { complete, first, since } = answer;
        told = { first: Math.max(told ? told.first : 0, first), behind: !complete && first <= since };
        asOf = answer.until;
        trouble = '';
        for (const each of answer.changes) take(each);
      }
    } catch (error) {
      trouble = error.message;
    }
    asking = null;
    if (mine !== round) wanted();
    draw();
  }

  function take(change) {
    const key = `${change.at} ${change.what} ${change.id} ${change.now}`;
    if (rows.has(key)) return;
    if (change.at < mark.at && !(mark.seen && change.at >= mark.at - OVERLAP_MS && !mark.seen.includes(key))) return;
    rows.set(key, { ...change, key, order: rows.size, nation: (change.nations || []).join(' ') });
  }

  function begin() {
    mark = recall(slot(), null);
    if (mark && Number.isFinite(mark.at)) mark.at = Math.floor(mark.at);
    if (!mark || !Number.isFinite(mark.at)) {
      mark = { at: Math.floor(clock() - FIRST_LOOK_MS), seen: null }; // the clock has parts of a millisecond
      remember(slot(), mark);
    }
  }

  /** Another mark: everything is asked anew. */
  function setMark(next, undoable) {
    mistyped = '';
    before = undoable ? mark : null;
    mark = { ...next, at: Math.floor(next.at) };
    remember(slot(), mark);
    rows = new Map();
    told = null;
    round++;
    anew = true;
    hide('changes-undo', before === null);
    draw();
    wanted();
  }

  function seenAll() {
    const all = listed(false);
    const newest = all.reduce((most, each) => Math.max(most, each.at), 0);
    if (!newest) return;
    const late = all.filter((each) => each.at > newest - OVERLAP_MS).map((each) => each.key);
    setMark({ at: newest + 1, seen: late }, true);
  }

  /** The latest moment of that name: a time alone is of today, or of yesterday when it isn't yet. */
  function typed(field) {
    const found = cop.moment.parse(field.value, clock());
    let { at } = found;
    if (at > clock() && /^\d\d?:\d\d/.test(field.value.trim())) at -= 24 * cop.moment.HOUR;
    mistyped = found.error || (at > clock() ? `${cop.time.utc(at)} is still to come.` : '');
    if (mistyped) return notes();
    cop.office.set('changes-since', { value: '' });
    setMark({ at, seen: null }, true);
    return undefined;
  }

  // -- what is listed ------------------------------------------------------------------------------------------------

  /** What is listed, oldest first: since the mark, up to the moment that is shown, and through the page's filters. */
  function listed(filtered) {
    const until = page.moment === null ? Infinity : page.moment;
    const found = [];
    for (const each of rows.values()) if (each.at <= until && (!filtered || passes(each))) found.push(each);
    return found.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  function passes(change) {
    const { at, layer, domain, nations, origin, source, id, name } = change;
    const thing = page.picture.byId.get(id) || { id, name, layer, domain, nations, origin, source, sources: [source], state: change.now, at };
    return cop.picture.matches(thing, page.filter, cop.page.now());
  }

  const shortUtc = (at) => {
    const text = cop.time.utc(at);
    return text.slice(0, 10) === cop.time.utc(clock()).slice(0, 10) ? text.slice(11) : text.slice(5);
  };
  const word = (value) => (STATE_MARK[value] ? `${STATE_MARK[value]} ${value}` : value || '–');

  const columns = () => [
    { field: 'at', headerName: 'Time, UTC', width: 122, sort: pressed('changes-order') ? 'desc' : 'asc', comparator: (a, b, one, other) => a - b || one.data.order - other.data.order, valueFormatter: (p) => shortUtc(p.value), tooltipValueGetter: (p) => cop.time.local(p.value), cellClass: 'num' },
    { field: 'name', headerName: 'Thing', width: 190, tooltipField: 'id' },
    { field: 'nation', headerName: 'Nation', width: 72 },
    { field: 'what', headerName: 'What', width: 64, valueFormatter: (p) => WHATS[p.value] || p.value },
    { field: 'was', headerName: 'Was', width: 112, valueFormatter: (p) => word(p.value), tooltipField: 'was' },
    { field: 'now', headerName: 'Is', width: 132, valueFormatter: (p) => word(p.value), cellClass: (p) => `state ${p.value}`, tooltipField: 'now' },
    { field: 'why', headerName: 'Why', minWidth: 180, flex: 2, tooltipField: 'why' },
    { field: 'source', headerName: 'Source', width: 120, tooltipField: 'source' },
    { field: 'origin', headerName: 'Origin', width: 92 },
  ];

  function draw() {
    if (!byId('changes-board') || mark === null) return;
    const unseen = listed(false);
    write('n-changes', unseen.length ? String(unseen.length) : '');
    write('changes-mark', `Since ${cop.time.utc(mark.at)}`);
    byId('changes-mark').title = cop.time.local(mark.at);
    const shown = pressed('changes-filtered') ? listed(true) : unseen;
    const all = shown.length === unseen.length ? `${shown.length} changes` : `${shown.length} of ${unseen.length} changes`;
    write('changes-count', all);
    notes();
    if (!grid || byId('changes-grid').offsetParent === null) return; // unseen: nobody needs rows
    fill(shown);
  }

  function notes() {
    const said = mistyped ? [mistyped] : [];
    if (trouble) said.push(`What changed could not be asked for: ${trouble}${asOf ? ` The list is as of ${cop.time.utc(asOf)}.` : ''}`);
    if (told && told.first > mark.at) said.push(`Complete only from ${cop.time.utc(told.first)}: what was before is not kept.`);
    if (told && told.behind) said.push('The server is behind: the newest changes may be missing.');
    if (page.moment !== null) said.push(`The past is shown: listed up to ${cop.time.utc(page.moment)}.`);
    say('changes-said', said.join(' '));
  }

  /** Bring the grid to what is listed; what one reads stays where it is. */
  function fill(shown) {
    const next = new Map(shown.map((each) => [each.key, each]));
    if (anew) {
      anew = false;
      grid.setGridOption('columnDefs', columns());
      grid.setGridOption('rowData', shown);
      inGrid = next;
      hide('changes-more', true);
      return;
    }
    const add = shown.filter((each) => !inGrid.has(each.key));
    const remove = [...inGrid.values()].filter((each) => !next.has(each.key));
    if (!add.length && !remove.length) return;
    const view = byId('changes-grid').querySelector('.ag-body-viewport');
    const reading = view && (view.scrollTop > 0 || byId('changes-grid').matches(':hover, :focus-within'));
    const first = grid.getDisplayedRowAtIndex(grid.getFirstDisplayedRowIndex());
    const was = first ? first.rowIndex : 0;
    grid.applyTransaction({ add, remove });
    inGrid = next;
    const shift = first && first.rowIndex !== null ? first.rowIndex - was : 0;
    if (!reading || shift <= 0) return;
    view.scrollTop += shift * 26;
    newer((Number(byId('changes-more').dataset.n) || 0) + shift);
  }

  function newer(count) {
    const button = byId('changes-more');
    button.dataset.n = count;
    button.textContent = `▲ ${count} newer`;
    button.hidden = count === 0;
  }

  function wire() {
    if (grid || !byId('changes-grid') || !self.dash_ag_grid) return;
    let api;
    try {
      api = self.dash_ag_grid.getApi('changes-grid');
    } catch {
      return; // not yet there
    }
    if (!api) return;
    grid = api;
    const choose = (row) => row && page.picture.byId.has(row.id) && cop.page.select(row.id, true);
    api.addEventListener('cellClicked', (event) => choose(event.data));
    api.addEventListener('cellKeyDown', (event) => {
      if (event.event.key !== 'Enter' || !event.data) return;
      event.node.setSelected(true, true);
      choose(event.data);
    });
    api.addEventListener('bodyScroll', () => {
      const view = byId('changes-grid').querySelector('.ag-body-viewport');
      if (view && view.scrollTop < 13) newer(0);
    });
    draw();
  }

  // -- taking it away ------------------------------------------------------------------------------------------------

  /** What the grid lists, in its order. */
  function order() {
    const found = [];
    if (grid) grid.forEachNodeAfterFilterAndSort((node) => found.push(node.data));
    return found;
  }

  const iso = (at) => cop.moment.iso(at);

  /** The marking and the times, as the server's own CSV has them, and that it was filtered. */
  function heading() {
    const marking = page.world === 'real' ? 'REAL' : 'EXERCISE EXERCISE EXERCISE';
    const until = page.moment === null ? asOf || clock() : page.moment;
    const whole = !told ? 'not known to be complete' : told.first > mark.at ? `incomplete before ${iso(told.first)}` : told.behind ? 'incomplete at its end' : 'complete';
    const filtered = pressed('changes-filtered') ? '; only what the page’s filters show' : '';
    return `${marking}; world ${page.world}; changes from ${iso(mark.at)} to ${iso(until)}; ${whole}${filtered}`;
  }

  /** A cell of CSV that no spreadsheet takes for a formula. */
  function cell(value) {
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function csv() {
    const lines = order().map((each) => [
      iso(each.at), each.id, each.name, each.layer, each.domain, each.nation, each.what, each.was, each.now, each.why, each.origin, each.source,
      each.happened ? iso(each.happened) : '',
    ]);
    return [[heading()], HEAD, ...lines].map((line) => line.map((each) => cell(String(each || ''))).join(',')).join('\r\n') + '\r\n';
  }

  function text() {
    const lines = order().map((each) => {
      const by = [each.source, each.origin].filter(Boolean).join(', ');
      return `${cop.time.utc(each.at)}  ${each.name} (${each.id}), ${each.what}: ${each.was || '–'} → ${each.now || '–'}${each.why ? `; ${each.why}` : ''}${by ? ` [${by}]` : ''}`;
    });
    return [heading(), ...lines].join('\n') + '\n';
  }

  function save() {
    const link = element('a');
    link.href = URL.createObjectURL(new Blob([`\ufeff${csv()}`], { type: 'text/csv' })); // without the mark Excel reads no ā
    link.download = `changes-${page.world.replace('/', '-')}.csv`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // -- beginning -----------------------------------------------------------------------------------------------------

  const presses = {
    'changes-seen': seenAll,
    'changes-undo': () => before && setMark(before, false),
    'changes-csv': save,
    async 'changes-copy'() {
      const done = await copy(text());
      write('changes-copy', done ? 'Copied' : 'Not copied');
      setTimeout(() => write('changes-copy', 'Copy'), 2000);
    },
    'changes-order'() {
      write('changes-order', pressed('changes-order', !pressed('changes-order')) ? 'Newest first' : 'Oldest first');
      anew = true;
      draw();
    },
    'changes-filtered'() {
      pressed('changes-filtered', !pressed('changes-filtered'));
      draw();
    },
    'changes-more'() {
      byId('changes-grid').querySelector('.ag-body-viewport').scrollTop = 0;
      newer(0);
    },
  };

  document.addEventListener('click', (event) => {
    const found = event.target.closest && event.target.closest('#changes-board button');
    if (!found) return;
    if (found.dataset.span) setMark({ at: clock() - Number(found.dataset.span) * cop.moment.MINUTE, seen: null }, true);
    else if (presses[found.id]) presses[found.id]();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.target.id !== 'changes-since') return;
    event.preventDefault();
    typed(event.target);
  });

  function open() {
    tab('changes');
    setTimeout(focus, 60); // when the tab has come
  }

  /** To the first row, where the arrows go on; never to a button that forgets. */
  function focus() {
    draw();
    if (grid && grid.getDisplayedRowCount()) grid.setFocusedCell(0, 'at');
    else if (byId('changes-order')) byId('changes-order').focus();
  }

  cop.keys.push({ key: 'n', says: 'what changed', there: () => byId('changes-board') !== null, run: open });
  on('begin', wanted);
  on('desk', wanted);
  on('filter', draw);
  on('moment', draw);
  on('tick', () => {
    wire();
    if (trouble || told === null) wanted();
    draw();
  });

  cop.changes = { mark: () => mark, csv, text };
})();
