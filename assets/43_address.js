/**
 * What is the address of a view, and how does an address become the view again?
 *
 * The query of the staff page's address holds all that a person chose, so whoever opens it sees the same. Dash reads the
 * filters, the map's place and the theme from it when it lays out the page; what stands elsewhere is set here.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, query, addressed, byId, hide } = cop.desk;

  const TAB = 'table';
  const MINUTES = 15;
  const UNDO_MS = 30000;
  const ROUNDED_PX = 2;

  let asked = { tab: query.get('tab'), table: query.get('table') }; // of the address, until it is done
  let serial = 0;
  let undone = null; // what the switches were before they were cleared

  const layerNames = () => page.layers.map((layer) => layer.name);
  const set = (id, props) => self.dash_clientside.set_props(id, props);

  // -- switches and filter ------------------------------------------------------------------------------------------

  /** The filter that the switches ask for; in the order of `FILTERS` in dashboard/filterbar.py. */
  function filterOf(domains, nations, states, verdicts, origins, sources, age, minutes, area, layers, text) {
    const { some } = cop.filter;
    const all = page.layers.length > 0 && layers && layers.length === page.layers.length;
    page.minutes = Number(minutes) > 0 ? Number(minutes) : MINUTES;
    return {
      domains: some(domains),
      nations: some(nations),
      states: some(states),
      verdicts: some(verdicts),
      origins: some(origins),
      sources: some(sources),
      age: age === 'most' ? page.minutes : cop.filter.ageOf(age),
      area: cop.filter.area(area),
      layers: all || !layers ? null : layers,
      text: (text || '').trim() || null,
    };
  }

  /** How the switches stand for a filter: `filterOf` of it gives the same again. */
  function switchesOf(filter) {
    const most = typeof filter.age === 'number';
    return [
      filter.domains || [],
      filter.nations || [],
      filter.states || [],
      filter.verdicts || [],
      filter.origins || [],
      filter.sources || [],
      most ? 'most' : filter.age || 'all',
      most ? filter.age : page.minutes || MINUTES,
      filter.area ? cop.filter.areaText(filter.area) : '',
      filter.layers || layerNames(),
      filter.text || '',
    ];
  }

  /** Set all switches at once; the page hears of it as of any other change. */
  function want(filter) {
    // what is not in its list would be thrown out of the choice again
    if (filter.sources) cop.lists.offer(filter.sources);
    set('filters-wanted', { data: { serial: ++serial, values: switchesOf(filter) } });
  }

  function clear() {
    const filter = page.filter || {};
    if (!Object.values(filter).some((part) => part !== null)) return;
    const before = filter;
    undone = before;
    hide('clear-undo', false);
    setTimeout(() => undone === before && forget(), UNDO_MS);
    want({});
  }

  function undo() {
    if (!undone) return;
    want(undone);
    forget();
  }

  function forget() {
    undone = null;
    const button = byId('clear-undo');
    if (button && button === document.activeElement) byId('clear').focus();
    hide('clear-undo', true);
  }

  // -- the address ---------------------------------------------------------------------------------------------------

  let place = placeIn(query); // that the map was told to show

  function placeIn(q) {
    return q.has('lat') && q.has('lon') && q.has('z') ? { lat: q.get('lat'), lon: q.get('lon'), z: q.get('z') } : null;
  }

  /** Where the map stands. Leaflet rounds to pixels when its box changes: that is no move, and the address stays. */
  function placeOf(map) {
    const at = map.getCenter();
    const px = (latlng) => map.project(latlng, map.getZoom());
    const told = place && L.latLng(Number(place.lat), Number(place.lon));
    if (told && Number(place.z) === map.getZoom() && px(told).distanceTo(px(at)) <= ROUNDED_PX) return place;
    return (place = { lat: at.lat.toFixed(4), lon: at.lng.toFixed(4), z: String(map.getZoom()) });
  }

  /** The view as the query of an address. */
  function text() {
    const q = new URLSearchParams();
    q.set('world', page.world);
    cop.filter.write(page.filter || {}, layerNames(), q);
    if (page.selected) q.set('sel', page.selected);
    if (page.theme !== 'dark') q.set('theme', page.theme);
    if (page.map) for (const [key, value] of Object.entries(placeOf(page.map))) q.set(key, value);
    if (page.tab && page.tab !== TAB) q.set('tab', page.tab);
    if (page.tableLayer) q.set('table', page.tableLayer);
    for (const part of addressed) part(q);
    return readable(q);
  }

  /** Keep the address of the staff page that of its view; not before the view is what the address asked for. */
  function write() {
    if (page.kind !== 'staff' || !page.filter || !page.layers.length || asked) return;
    history.replaceState(history.state, '', `${location.pathname}?${text()}`);
  }

  /** A query that a person can read: a comma, a slash, a colon and a semicolon need no escape there. */
  function readable(q) {
    return q.toString().replace(/%(2C|2F|3A|3B)/g, decodeURIComponent);
  }

  /** The drawer is open at a tab: the first time, go on to what the address asks for. */
  function opened(layer, tab) {
    page.tableLayer = layer || '';
    page.tab = tab;
    if (!asked) return;
    const { tab: wantedTab, table } = asked;
    asked = null;
    drawer(wantedTab, table);
  }

  function drawer(tab, table) {
    const known = [...document.querySelectorAll('#drawer [role="tab"]')].some((each) => each.id.endsWith(`-tab-${tab}`));
    if (tab && known && tab !== page.tab) set('drawer', { value: tab });
    if (table && table !== page.tableLayer) set('table-layer', { value: table });
  }

  /**
   * Make the page show the view of an address, without loading it anew if it is of the same world.
   * @param {string} wanted what stands after the `?`
   */
  function show(wanted) {
    const q = new URLSearchParams(wanted);
    if (q.has('world') && q.get('world') !== page.world) {
      location.search = wanted;
      return;
    }
    const [lat, lon, z] = ['lat', 'lon', 'z'].map((key) => (q.has(key) ? Number(q.get(key)) : NaN));
    if (page.map && [lat, lon].every(Number.isFinite)) {
      place = placeIn(q);
      page.map.setView([lat, lon], Number.isFinite(z) ? z : page.map.getZoom());
    }
    drawer(q.get('tab') || TAB, q.get('table'));
    const theme = q.get('theme') === 'light' ? 'light' : 'dark';
    if (theme !== page.theme && byId('theme-switch')) byId('theme-switch').click();
    want(cop.filter.read(q, layerNames()));
    if (q.has('sel')) cop.page.select(q.get('sel'), false);
  }

  document.addEventListener('click', (event) => {
    if (event.target.id === 'clear') clear();
    else if (event.target.id === 'clear-undo') undo();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || !undone) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== 'checkbox') return;
    event.preventDefault();
    undo();
  });

  cop.address = { filterOf, switchesOf, want, text, write, readable, opened, show };
})();
