/**
 * What does a saved view show? Its filter, place and theme read from its address, the filter in words, and the legend.
 *
 * Pure but for `legend`, which makes elements. docs/wall.md says what a wall plan is.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const STATES = { closed: '■', restricted: '▲', degraded: '◆', open: '✓', unknown: '?' };
  const MARKS = [
    ['closed', '■', 'closed'],
    ['restricted', '▲◆', 'limited'],
    ['open', '✓', 'open'],
    ['unknown', '?', 'unknown'],
  ];
  const NATIONS = { EE: 'Estonia', LV: 'Latvia', LT: 'Lithuania', FI: 'Finland', '': 'no nation' };
  const DOMAINS = ['land', 'maritime', 'air', 'cyber'];

  /**
   * The filter of a view's address (docs/wall.md); null when all passes.
   * @param {string[]} layerNames all layers: `hide` names those that don't pass
   */
  function filterOf(query, layerNames) {
    const filter = cop.filter.read(new URLSearchParams(query), layerNames);
    return Object.values(filter).some((each) => each !== null) ? filter : null;
  }

  /** Where a view's map stands: {lat, lon, z}, null when its address doesn't say. */
  function placeOf(query) {
    const q = new URLSearchParams(query);
    const [lat, lon, z] = ['lat', 'lon', 'z'].map((key) => (q.has(key) ? Number(q.get(key)) : NaN));
    return [lat, lon, z].every(Number.isFinite) ? { lat, lon, z } : null;
  }

  /** A filter in plain words; empty when all passes. */
  function words(filter, layers) {
    if (!filter) return '';
    const said = [];
    if (filter.domains) said.push(filter.domains.join(', '));
    if (filter.nations) said.push(filter.nations.map((nation) => NATIONS[nation] || nation).join(', '));
    if (filter.states) said.push(filter.states.map((state) => `${STATES[state] || '?'} ${state}`).join(', '));
    if (filter.verdicts) said.push(`verdict ${filter.verdicts.join(', ')}`);
    if (filter.origins) said.push(filter.origins.join(', '));
    if (filter.sources) said.push(`by ${filter.sources.join(', ')}`);
    if (filter.layers) {
      const hidden = layers.filter((layer) => !filter.layers.includes(layer.name));
      const shown = layers.filter((layer) => filter.layers.includes(layer.name));
      if (hidden.length && shown.length > 3) said.push(`without ${hidden.map((layer) => layer.title).join(', ')}`);
      else if (hidden.length) said.push(`only ${shown.map((layer) => layer.title).join(', ')}`);
    }
    if (filter.age !== null && filter.age !== undefined) {
      said.push(typeof filter.age === 'number' ? `reported within ${filter.age} min` : filter.age);
    }
    if (filter.text) said.push(`“${filter.text}”`);
    if (filter.area) said.push('in an area');
    return said.join(' · ');
  }

  /**
   * The turns of a wall.
   * @param {string} name a plan, a saved view, or empty
   * @param {object[]} views what `/api/v1/views` said
   * @param {string} world only views of this world are shown: what is exercise never mixes with what is real
   * @param {number} seconds how long a turn is where the plan doesn't say
   * @returns {{turns: {title, query}[], seconds: number, said: string}} `said`: what could not be done, in plain words
   */
  function turnsOf(name, views, world, seconds) {
    const usual = [null, ...DOMAINS].map((domain) => ({
      title: domain ? domain[0].toUpperCase() + domain.slice(1) : 'All domains',
      query: domain ? `domain=${domain}` : '',
    }));
    if (!name) return { turns: seconds > 0 ? usual : usual.slice(0, 1), seconds, said: '' };
    const byName = new Map(views.map((view) => [view.name, view]));
    const found = byName.get(name);
    if (!found) {
      const said = `There is no view or wall plan named “${name}”: the domains take turns instead.`;
      return { turns: usual, seconds: seconds || 20, said };
    }
    const plan = Array.isArray(found.views) && found.views.length > 0;
    const missing = [];
    const strange = [];
    const turns = [];
    for (const each of plan ? found.views : [name]) {
      const view = byName.get(each);
      if (!view || (plan && Array.isArray(view.views) && view.views.length)) missing.push(each);
      else if (worldOf(view.query, world) !== world) strange.push(each);
      else turns.push({ title: view.title || view.name, query: view.query || '' });
    }
    const said = [];
    if (missing.length) said.push(`No longer there, so left out: ${missing.join(', ')}.`);
    if (strange.length) said.push(`Of another world, so left out: ${strange.join(', ')}.`);
    if (!turns.length) said.push('The domains take turns instead.');
    const pace = (plan && found.turn_s) || seconds || 20;
    return { turns: turns.length ? turns : usual, seconds: pace, said: said.join(' ') };
  }

  function worldOf(query, otherwise) {
    return new URLSearchParams(query || '').get('world') || otherwise;
  }

  /**
   * The world of the first view that a wall shows; null when none says one.
   * @param {string} name
   */
  function worldOfWall(name, views) {
    const byName = new Map(views.map((view) => [view.name, view]));
    const found = byName.get(name);
    if (!found) return null;
    const names = Array.isArray(found.views) && found.views.length ? found.views : [name];
    for (const each of names) {
      const world = byName.has(each) ? worldOf(byName.get(each).query, null) : null;
      if (world) return world;
    }
    return null;
  }

  /** The legend of what is on the map: the layers that have something in view, then the marks that mean the same everywhere. */
  function legend(layers, counted, signs) {
    const { element } = cop.desk;
    const rows = [];
    for (const layer of layers) {
      if (!counted[layer.name] || !layer.legend.length) continue;
      const row = element('li');
      const image = element('img');
      image.src = `/symbols/${layer.legend[0].symbol}.svg`;
      image.alt = '';
      row.append(image, element('span', '', layer.title));
      row.dataset.layer = layer.name;
      rows.push([counted[layer.name], row]);
    }
    const marks = MARKS.map(([state, mark, word]) => {
      const row = element('li', `mark state ${state}`);
      row.append(element('b', '', mark), element('span', '', word));
      return row;
    });
    for (const [sign, word] of signs) {
      const row = element('li', 'mark');
      row.append(element('b', '', sign), element('span', '', word));
      marks.push(row);
    }
    rows.sort((a, b) => b[0] - a[0]); // what there is most of is asked for most
    return { layers: rows.map(([, row]) => row), marks };
  }

  cop.views = { filterOf, placeOf, words, turnsOf, worldOfWall, legend };
})();
