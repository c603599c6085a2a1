/**
 * What do all parts of a page share? What it shows, how it writes, and the marks that mean the same everywhere.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;

  /** The mark of each state: told by shape as well as by colour. */
  const STATE_MARK = { open: '✓', restricted: '▲', degraded: '◆', closed: '■', unknown: '?' };

  const config = JSON.parse((document.getElementById('cop-config') || { textContent: '{}' }).textContent);
  const query = new URLSearchParams(location.search);
  const page = {
    world: query.get('world') || config.world || 'real',
    picture: cop.picture.create(),
    filter: null,
    selected: query.get('sel'),
    moment: null, // ms of the past that is shown; null: live
    returning: false, // whether the next whole picture that is heard ends the past
    theme: query.get('theme') === 'light' ? 'light' : 'dark',
    state: { connected: false, lastHeard: null, frameNow: null, lag: 0, error: null },
    layers: [],
    map: null,
    kind: null,
    tableLayer: '',
    tableOpen: true,
    tab: '', // of the drawer; empty until Dash has said it
    minutes: 15, // of the switch for what was reported lately
  };

  const byId = (id) => document.getElementById(id);
  /** The server's clock, whatever is shown. */
  const clock = () => cop.link.serverNow(page.state, Date.now());
  /** Of when is what is shown: the clock's time while live, else the moment. */
  const now = () => (page.moment === null ? clock() : page.moment);

  /** An element with text (never markup: what feeds say is not trusted). */
  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function write(id, text) {
    const found = byId(id);
    if (found && found.textContent !== text) found.textContent = text;
  }

  function hide(id, hidden) {
    const found = byId(id);
    if (found && found.hidden !== hidden) found.hidden = hidden;
  }

  /** One line of a list: a thing or a notice, with its state, place, reason and age. */
  function line(thing, when, at) {
    const row = element('li');
    row.dataset.id = thing.id;
    row.append(element('span', `state ${thing.state}`, `${STATE_MARK[thing.state] || '?'} ${thing.state}`));
    row.append(element('strong', '', thing.name));
    row.append(element('span', 'where', (thing.nations || []).join(' ')));
    row.append(element('span', 'why', thing.why || ''));
    if (when) row.append(element('time', '', cop.time.age(at - when)));
    return row;
  }

  const listeners = {}; // what happened → who wants to know

  /** Be told when something happened: `selected` (id), `filter`, `moment` (ms, null: live), `change`, `tick` (now). */
  function on(what, listener) {
    (listeners[what] = listeners[what] || []).push(listener);
  }

  function emit(what, ...told) {
    for (const listener of listeners[what] || []) listener(...told);
  }

  /** Parts of a page that have something to add to its address: each gets the query and sets its keys. */
  const addressed = [];

  cop.desk = { on, emit, addressed, page, query, now, clock, byId, element, write, hide, line, STATE_MARK };
})();
