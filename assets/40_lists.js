/**
 * What do the counts and lists beside the map say? Written once a second and when something is new, by whichever page
 * has a place for them.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, byId, element, write, hide, on } = cop.desk;

  const LOW_PX = 900;

  /** The kind of a group of switches → what the folded group of its switches says. */
  const SET = {
    domain: (filter) => filter.domains,
    nation: (filter) => filter.nations,
    state: (filter) => filter.states,
    verdict: (filter) => filter.verdicts,
    origin: (filter) => filter.origins,
    source: (filter) => filter.sources,
    age: (filter) => filter.age && [typeof filter.age === 'number' ? `at most ${filter.age} min` : filter.age],
    area: (filter) => filter.area && [cop.area.name(filter.area)],
    layer: (filter) => filter.layers && [`${filter.layers.length} of ${page.layers.length}`],
  };

  function counts(at) {
    simulatedSign();
    if (page.kind !== 'staff') return;
    const { filter, picture } = page;
    const { total, stale, beside } = cop.picture.counts(picture, filter, at, page.minutes);
    for (const label of document.querySelectorAll('#filters .n[id^="n-"]')) {
      const [, kind, ...key] = label.id.split('-');
      const text = kind in beside ? String(beside[kind][key.join('-')] || 0) : label.textContent;
      if (label.textContent !== text) label.textContent = text;
    }
    for (const [kind, said] of Object.entries(SET)) write(`set-${kind}`, ((filter && said(filter)) || []).join(', '));
    write('n-all', `${total} shown of ${picture.byId.size}${stale ? `, ${stale} stale` : ''}`);
    offer((filter && filter.sources) || [], beside.source);
    follow(at);
  }

  let offered = ''; // names of the sources in the list
  let counted = ''; // and how many things each of them has

  /** Fill the list of sources: what is in the picture, and what is chosen. While somebody looks at it, it stays. */
  function offer(chosen, found) {
    const known = found || {};
    const names = [...new Set([...(found ? Object.keys(found) : offered.split('\n')), ...chosen])].filter(Boolean).sort();
    const told = names.map((name) => `${name}\t${known[name] || 0}`).join('\n');
    const open = byId('filter-source') === document.activeElement;
    if (!byId('filter-source') || told === counted || (open && names.join('\n') === offered)) return;
    offered = names.join('\n');
    counted = told;
    names.sort((a, b) => (known[a] ? 0 : 1) - (known[b] ? 0 : 1)); // those of which nothing would be shown come last
    const data = names.map((name) => ({ value: name, label: `${name} · ${known[name] || 0}` }));
    self.dash_clientside.set_props('filter-source', { data });
  }

  let passing = null; // ids of what passed when it was last looked at, while the clock or a move may change that

  /** Map and table follow what grew old, or moved into or out of the area, though nothing else of it has changed. */
  function follow(at) {
    if (!cop.filter.fickle(page.filter)) {
      passing = null;
      return;
    }
    const before = passing;
    passing = new Set();
    const flipped = [];
    for (const thing of page.picture.byId.values()) {
      const passes = cop.picture.matches(thing, page.filter, at);
      if (passes) passing.add(thing.id);
      if (before && passes !== before.has(thing.id)) flipped.push(thing);
    }
    if (!flipped.length) return;
    cop.table.changed({ put: flipped, moved: [], dropped: [] });
    if (page.map) cop.canvas.setFilter(page.filter);
  }

  /** On a low screen the longest group begins folded; what it is set to is said all the same. */
  on('begin', () => {
    const group = byId('set-layer') && byId('set-layer').closest('details');
    if (group && self.innerHeight < LOW_PX) group.open = false;
  });

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

  cop.lists = { counts, offer, legend };
})();
