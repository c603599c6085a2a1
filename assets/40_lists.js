/**
 * What do the counts and lists beside the map say? Written once a second and when something is new, by whichever page
 * has a place for them.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, byId, element, write, hide, line, now } = cop.desk;

  const NEWS = 60;
  const WALL_NEWS = 3;

  function counts(at) {
    simulatedSign();
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
    for (const thing of page.picture.byId.values()) {
      if (cop.picture.matches(thing, open, at)) found[thing.origin] = (found[thing.origin] || 0) + 1;
    }
    return found;
  }

  /** Every page says when simulated data is in its world, whatever its filter. */
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

  function news() {
    const list = byId('news');
    if (!list) return;
    const at = now();
    const most = page.kind === 'wall' ? WALL_NEWS : NEWS;
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

  cop.lists = { counts, reddest, news, legend };
})();
