/**
 * What is reddest, and how does every red stay on a wall? As itself while there is room, else in a group.
 *
 * `sorted` and `pack` are pure; `reddest` writes the list.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const NEW_MS = 60000;
  const LINE_EM = 1.36; // of the list: wall.css has the same
  const MARK = { closed: '■', restricted: '▲', degraded: '◆', open: '✓', unknown: '?' };
  const VERDICT = { closed: 'NO-GO', restricted: 'CAUTION', degraded: 'LATE' };
  const RANK = { red: 0, amber: 1 };

  /** What a thing's state is called: of a movement, what the rules say of it. */
  function wordOf(thing) {
    return (thing.cells && thing.cells.verdict && VERDICT[thing.state]) || thing.state;
  }

  /**
   * What is red and what is amber, the newest first: by when it became so, or by when we were told, if that is later.
   * For a minute what happened stands before what follows from it: a closed bridge before the convoys that it stops.
   * @returns {{reds: object[], ambers: object[]}}
   */
  function sorted(picture, at) {
    const told = new Map();
    for (const notice of picture.notices) told.set(`${notice.id} ${notice.state}`, notice.at);
    const found = [];
    for (const thing of picture.byId.values()) {
      const rank = RANK[cop.picture.light(thing, at)];
      if (rank === undefined) continue;
      const news = told.get(`${thing.id} ${thing.state}`) || 0;
      const order = !news || at - news >= NEW_MS ? 2 : follows(thing) ? 1 : 0;
      found.push({ rank, order, thing, news, when: Math.max(thing.since || thing.at || 0, news) });
    }
    const byId = (a, b) => (a.thing.id < b.thing.id ? -1 : 1);
    found.sort((a, b) => a.rank - b.rank || a.order - b.order || b.when - a.when || byId(a, b));
    const reds = found.filter((each) => each.rank === 0);
    return { reds, ambers: found.slice(reds.length) };
  }

  /** Whether a thing is red because something else is: a movement, or its clearance. */
  function follows(thing) {
    return Boolean(thing.cells && thing.cells.verdict) || thing.layer === 'clearances';
  }

  const GROUPINGS = [
    ({ thing }) => [thing.layer, (thing.nations || [])[0] || '', wordOf(thing)],
    ({ thing }) => [thing.layer, '', wordOf(thing)],
    ({ thing }) => [thing.domain, '', 'red'],
    () => ['things', '', 'red'],
  ];

  function grouped(entries, keyOf) {
    const groups = new Map();
    for (const entry of entries) {
      const key = keyOf(entry);
      const name = key.join('|');
      if (!groups.has(name)) groups.set(name, { layer: key[0], nation: key[1], word: key[2], entries: [] });
      groups.get(name).entries.push(entry);
    }
    return [...groups.values()];
  }

  /**
   * Lay reds and ambers into a number of lines. First the rows lose their second line, then the oldest reds are put
   * into groups, each finer than need be coarse; ambers fill what is left. No red is ever left out.
   * @param {number} lines how many rows of one line there is room for, at least 1
   * @returns {{rows: object[], ambers: number}} rows: {entry, full} or {group}; how many ambers are among them
   */
  function pack(reds, ambers, lines) {
    const rows = [];
    let left = lines;
    if (2 * reds.length <= lines) {
      for (const entry of reds) rows.push({ entry, full: true });
      left -= 2 * reds.length;
    } else if (reds.length <= lines) {
      for (const entry of reds) rows.push({ entry, full: false });
      left -= reds.length;
    } else {
      rows.push(...groupedRows(reds, lines));
      left = 0;
    }
    const full = 2 * ambers.length <= left;
    const shown = full ? ambers : ambers.slice(0, left);
    for (const entry of shown) rows.push({ entry, full });
    return { rows, ambers: shown.length };
  }

  function groupedRows(reds, lines) {
    for (const [place, keyOf] of GROUPINGS.entries()) {
      const least = place < 2 ? Math.floor(lines / 4) : 0;
      for (let kept = lines - 1; kept >= least; kept--) {
        const groups = grouped(reds.slice(kept), keyOf);
        if (kept + groups.length > lines) continue;
        const rest = groups.map((group) => (group.entries.length > 1 ? { group } : { entry: group.entries[0] }));
        return [...reds.slice(0, kept).map((entry) => ({ entry, full: false })), ...rest];
      }
    }
    return [];
  }

  cop.reddest = { sorted, pack, wordOf, MARK, LINE_EM };
  if (typeof document === 'undefined') return;

  const { page, byId, element, write } = cop.desk;
  const convoys = (n) => (n === undefined ? '' : n === 0 ? 'no convoys' : `${n} ${n === 1 ? 'convoy' : 'convoys'}`);

  function row({ entry, full }, at) {
    const { thing, news, when } = entry;
    const word = wordOf(thing);
    const fresh = news && at - news < NEW_MS ? ' new' : '';
    const made = element('li', `${full ? 'full' : 'line'}${entry.rank ? ' amber' : ''}${fresh}`);
    made.dataset.id = thing.id;
    const said = full || word !== thing.state ? `${MARK[thing.state] || '?'} ${word}` : MARK[thing.state] || '?';
    made.append(element('span', `state ${thing.state}`, said));
    made.append(element('strong', '', thing.name));
    const nations = (thing.nations || []).join(' ');
    if (full) {
      made.append(element('time', '', when ? cop.time.age(at - when) : ''));
      const why = element('span', 'why', [nations, thing.why].filter(Boolean).join(' · '));
      made.append(element('span', 'convoys', convoys(thing.convoys)), why);
    } else {
      made.append(element('span', 'where', nations));
      made.append(element('span', 'convoys', convoys(thing.convoys)));
      made.append(element('time', '', when ? cop.time.age(at - when) : ''));
    }
    return made;
  }

  function groupRow({ group }, at) {
    const made = element('li', `line group${group.entries.some((e) => e.news && at - e.news < NEW_MS) ? ' new' : ''}`);
    const layer = page.layers.find((each) => each.name === group.layer);
    const noun = (layer ? layer.title : group.layer).toLowerCase();
    made.dataset.id = `${group.layer} ${group.nation} ${group.word}`;
    made.dataset.count = String(group.entries.length);
    made.append(element('span', 'state closed', MARK.closed));
    const nations = new Set(group.entries.flatMap((entry) => entry.thing.nations || []));
    const where = group.nation || (nations.size < 5 ? [...nations].sort().join(' ') : '');
    made.append(element('strong', '', [group.entries.length, noun, where, group.word].filter(Boolean).join(' ')));
    const most = Math.max(...group.entries.map((entry) => entry.thing.convoys || 0));
    if (most) made.append(element('span', 'convoys', `up to ${convoys(most)}`));
    return made;
  }

  function reddest(at) {
    const list = byId('reddest');
    if (!list) return;
    const { reds, ambers } = sorted(page.picture, at);
    const em = parseFloat(getComputedStyle(list).fontSize) || 33;
    const lines = Math.max(1, Math.floor(list.clientHeight / (LINE_EM * em)));
    const told = pack(reds, ambers, lines);
    const more = told.ambers < ambers.length ? ` (${told.ambers} shown)` : '';
    write('attention', reds.length + ambers.length ? `■ ${reds.length} red · ▲ ${ambers.length} amber${more}` : 'Needs attention');
    const rows = told.rows.map((each) => (each.group ? groupRow(each, at) : row(each, at)));
    if (!rows.length) rows.push(element('li', 'empty', 'Nothing is closed or limited.'));
    lay(list, rows);
  }

  /** Put rows into a list, those that stay as they were: one that is put in anew would flash again. */
  function lay(list, rows) {
    const there = new Map([...list.children].map((each) => [`${each.className} ${each.dataset.id}`, each]));
    rows.forEach((row, place) => {
      const known = there.get(`${row.className} ${row.dataset.id}`) || row;
      there.delete(`${row.className} ${row.dataset.id}`);
      if (known !== row && known.textContent !== row.textContent) {
        known.replaceChildren(...row.childNodes);
        if (row.dataset.count) known.dataset.count = row.dataset.count;
      }
      if (list.children[place] !== known) list.insertBefore(known, list.children[place] || null);
    });
    while (list.childElementCount > rows.length) list.lastElementChild.remove();
  }

  Object.assign(cop.reddest, { reddest, convoys });
})();
