/**
 * How does a user go back in time and come back? The bar under the map: a slider over the archive, steps, playing.
 *
 * A moment's picture is asked of `/api/v1/past`, one question at a time, and merged as the push is; the Dash boards
 * follow by the Store `moment`. What is shown stays until the next picture is there.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined' || !cop.desk) return;
  const { page, query, byId, element, clock, write, hide, on, emit, addressed } = cop.desk;
  const { MINUTE, words, whole } = cop.moment;

  const BEAT_MS = 500;
  const TOLD_MS = 1000; // Dash and the address hear of a new moment at most so often
  const SPAN_MS = 15000;
  const PATIENCE_MS = 30000;
  const STEP_MS = 10000;
  const PAGE_MS = 10 * MINUTE;
  const TICKS = 9;
  const KEPT_IN = 0.2; // who is followed keeps such a part of the map between itself and the edge
  const WRITES = '[data-approve], [data-writes], #approve-send, #clearance-open, #clearance-send, #route-find';
  const NOT_NOW = 'Not in the past: return to live first.';

  const lasting = { span: null, why: '' }; // what can be shown, or why nothing can
  let open = false;
  let wished = null; // the moment that was asked for last
  let loading = null; // the moment that is under way
  let visit = 0; // a number for each stay in the past: answers of an earlier one are dropped
  let session = named();
  let shown = false; // whether a picture of the past is on the page
  let playing = null; // {from, since}
  let speed = 1;
  let following = false;
  let trouble = '';

  function named() {
    return Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
  }

  // -- asking ----------------------------------------------------------------------------------------------------------

  const asking = cop.moment.asker(async (at) => {
    const mine = visit;
    loading = at;
    draw();
    try {
      const frame = await asked('past', { at, session });
      if (mine === visit) reached(at, frame);
    } catch (error) {
      if (mine === visit) failed(at, error);
    } finally {
      loading = null;
      draw();
    }
  });

  /** What the server says. Throws an error whose `told` says whether the server spoke. */
  async function asked(what, told) {
    const address = `/api/v1/${what}?${new URLSearchParams({ world: page.world, ...told })}`;
    let answer;
    let said = {};
    try {
      answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) });
      said = await answer.json();
    } catch {
      if (!answer || answer.ok) throw Object.assign(new Error('the server can’t be reached'), { told: false });
    }
    if (answer.ok) return said;
    throw Object.assign(new Error(String(said.detail || `the server answered ${answer.status}`)), { told: true });
  }

  function reached(at, frame) {
    trouble = '';
    shown = true;
    page.moment = at;
    page.returning = false;
    cop.page.merge(frame);
    if (following) follow();
    emit('moment', at);
  }

  function failed(at, error) {
    if (!error.told) session = named(); // what the server believes that we have may not be so
    pause();
    if (asking.waits()) return;
    trouble = `${words(at)} can’t be shown: ${error.message}.`;
    wished = page.moment;
    if (!shown && error.told && page.moment !== null) live(); // the page was opened at it, and there is nothing to keep
  }

  async function measure() {
    try {
      const span = await asked('past/span', {});
      // whole seconds that are all within it
      lasting.span = { ...span, first: whole(span.first + 999), last: whole(span.last) };
      lasting.why = '';
    } catch (error) {
      if (error.told) lasting.span = null;
      lasting.why = error.message;
    }
    draw();
  }

  // -- going -----------------------------------------------------------------------------------------------------------

  /** Go to a moment, or as near to it as there is something. */
  function go(at) {
    const { span } = lasting;
    wished = whole(span ? Math.max(span.first, Math.min(at, span.last)) : at);
    if (playing) playing = { from: wished, since: performance.now() };
    page.returning = false;
    trouble = '';
    if (byId('time-typed')) byId('time-typed').removeAttribute('aria-invalid');
    asking.want(wished);
    draw();
  }

  /** Of when the slider is. */
  function standing() {
    return wished !== null ? wished : page.moment !== null ? page.moment : lasting.span ? lasting.span.last : whole(clock());
  }

  function live() {
    visit++;
    session = named();
    asking.drop();
    pause();
    wished = null;
    if (page.moment !== null && !page.returning) cop.page.relive();
    draw();
  }

  function typed() {
    const told = cop.moment.parse(byId('time-typed').value, standing());
    const { span } = lasting;
    if (!told.error && span && (told.at < span.first || told.at > span.last)) {
      const before = told.at < span.first;
      told.error = `${words(told.at)} ${before ? 'is before what is kept' : 'is later than what is there'}: ${words(before ? span.first : span.last)}.`;
    }
    trouble = told.error || '';
    if (told.error) byId('time-typed').setAttribute('aria-invalid', 'true');
    else go(told.at);
    draw();
  }

  // -- playing ---------------------------------------------------------------------------------------------------------

  function play() {
    if (playing) pause();
    else if (page.moment === null && wished === null) trouble = 'This is live. Go back first, then play.';
    else playing = { from: standing(), since: performance.now() };
    draw();
  }

  function pause() {
    playing = null;
  }

  function faster(times) {
    speed = times;
    if (playing) playing = { from: standing(), since: performance.now() };
    draw();
  }

  async function beat() {
    if (!playing) return;
    const mine = playing;
    const at = whole(mine.from + (performance.now() - mine.since) * speed);
    if (lasting.span && at > lasting.span.last) {
      await measure(); // it grows
      if (playing === mine && at > lasting.span.last) {
        go(lasting.span.last);
        pause();
        trouble = 'This is the newest that is kept. Return to live to go on.';
        draw();
      }
      return;
    }
    if (at === wished) return;
    wished = at;
    asking.want(at);
  }

  // -- following -------------------------------------------------------------------------------------------------------

  function follow() {
    const thing = page.selected ? page.picture.byId.get(page.selected) : null;
    if (!thing || thing.lon === undefined || !page.map) return;
    const inner = page.map.getBounds().pad(-KEPT_IN);
    if (!inner.contains([thing.lat, thing.lon])) page.map.panTo([thing.lat, thing.lon], { animate: false });
  }

  function toggleFollow() {
    following = !following && Boolean(page.selected);
    trouble = following || page.selected ? '' : 'Choose a convoy on the map or in a table first.';
    if (following) follow();
    draw();
  }

  // -- a link ----------------------------------------------------------------------------------------------------------

  async function copy() {
    const q = new URLSearchParams(location.search);
    q.set('at', cop.moment.iso(page.moment === null ? clock() : page.moment));
    const link = `${location.origin}${location.pathname}?${q.toString().replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':')}`;
    const field = byId('time-link');
    try {
      await navigator.clipboard.writeText(link); // only where the browser holds the address to be safe
      field.hidden = true;
    } catch {
      field.hidden = false;
      field.value = link;
      field.select();
      if (!document.execCommand('copy')) return tell('Copy it from the field.');
    }
    return tell('The link is copied.');
  }

  function tell(text) {
    write('time-told', text);
    setTimeout(() => write('time-told', ''), 4000);
  }

  // -- what is told ----------------------------------------------------------------------------------------------------

  let toldAt = 0;
  let telling = null;

  /** Dash and the address hear of it, now and at most once a second. */
  function report() {
    if (telling !== null) return;
    telling = setTimeout(
      () => {
        telling = null;
        if (!byId('time-bar')) return report(); // Dash is not there yet
        toldAt = performance.now();
        self.dash_clientside.set_props('moment', { data: page.moment });
        cop.page.address();
      },
      Math.max(toldAt ? 0 : 50, toldAt + TOLD_MS - performance.now()),
    );
  }

  on('moment', (at) => {
    if (at === null) {
      shown = false;
      wished = null;
    }
    report();
    guard();
    draw();
  });

  /** Nothing is written while the past is shown: what would write says why it doesn't. */
  function guard() {
    const past = page.moment !== null;
    for (const found of document.querySelectorAll(WRITES)) {
      if (past === (found.getAttribute('aria-disabled') === 'true')) continue;
      if (past) {
        found.dataset.title = found.title;
        found.title = NOT_NOW;
        found.setAttribute('aria-disabled', 'true');
      } else {
        found.title = found.dataset.title || '';
        found.removeAttribute('aria-disabled');
      }
    }
  }

  document.addEventListener(
    'click',
    (event) => {
      if (page.moment === null || !event.target.closest(WRITES)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      trouble = NOT_NOW;
      draw();
    },
    true,
  );

  // -- the bar ---------------------------------------------------------------------------------------------------------

  function build() {
    const box = byId('time-slider');
    if (!box || box.firstChild) return;
    const range = element('input');
    Object.assign(range, { type: 'range', id: 'time-range', step: '1000', min: '0', max: '0' });
    range.setAttribute('aria-label', 'Moment');
    range.addEventListener('input', () => lasting.span && go(Number(range.value)));
    box.append(range, element('div', 'ticks'));
    const field = element('input');
    Object.assign(field, { type: 'text', id: 'time-typed', placeholder: '2026-11-25 10:15', spellcheck: false });
    field.setAttribute('aria-label', 'Moment in UTC');
    const link = element('input');
    Object.assign(link, { type: 'text', id: 'time-link', readOnly: true, hidden: true });
    link.setAttribute('aria-label', 'Link to this moment');
    byId('time-type').append(field);
    byId('time-links').append(link);
    if (open || page.moment !== null) unfold(true);
    draw();
  }

  function unfold(yes) {
    open = yes || page.moment !== null; // the past never goes without its bar
    document.body.classList.toggle('time-open', open);
    if (!open) trouble = '';
    if (open) measure();
    draw();
  }

  const press = {
    fold: () => unfold(!open),
    play,
    follow: toggleFollow,
    link: copy,
    go: typed,
    live,
  };

  document.addEventListener('click', (event) => {
    const found = event.target.closest('[data-time], [data-jump], [data-speed]');
    if (!found) return;
    if (found.dataset.jump) go(standing() + Number(found.dataset.jump) * 1000);
    else if (found.dataset.speed) faster(Number(found.dataset.speed));
    else press[found.dataset.time]();
    if (found.id === 'time-open' && open) byId('time-range').focus();
  });

  const SLIDES = { ArrowLeft: -STEP_MS, ArrowDown: -STEP_MS, ArrowRight: STEP_MS, ArrowUp: STEP_MS, PageUp: PAGE_MS, PageDown: -PAGE_MS };

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !byId('time-bar')) return;
    const { target } = event;
    const sliding = target.id === 'time-range';
    const typing = !sliding && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
    if (target.id === 'time-typed' && event.key === 'Enter') typed();
    else if (typing) return;
    else if (event.key === ' ' && target.closest('#time-bar') && target.tagName !== 'BUTTON') play();
    else if (sliding && SLIDES[event.key]) go(standing() + SLIDES[event.key] * (event.shiftKey ? 6 : 1));
    else return;
    event.preventDefault();
  });

  cop.keys.push({
    key: 'h',
    says: 'look back in time; on the slider the arrows go 10 s, with Shift 1 min, Page Up and Down 10 min',
    there: () => byId('time-bar') !== null,
    run() {
      unfold(!open || page.moment !== null);
      byId(open ? 'time-range' : 'time-open').focus();
    },
  });

  function draw() {
    const past = page.moment !== null;
    document.body.classList.toggle('past', past);
    hide('past-band', !past);
    if (past) band();
    if (!byId('time-range')) return;
    hide('time-open', open);
    hide('time-body', !open);
    hide('time-live', !past && wished === null);
    hide('time-fold', past);
    if (!open) return;
    scale();
    const at = standing();
    write('time-at', past || wished !== null ? words(at) : 'Live');
    write('time-play', playing ? '❚❚ Pause' : '▶ Play');
    pressed('time-play', playing !== null);
    pressed('time-follow', following);
    for (const each of document.querySelectorAll('[data-speed]')) pressed(each.id, Number(each.dataset.speed) === speed);
    const slow = loading !== null ? `Loading ${cop.time.utc(loading)} …` : page.returning ? 'Returning to live …' : '';
    write('time-loading', slow);
    write('time-said', trouble || (lasting.span ? '' : lasting.why ? `${sentence(lasting.why)}` : 'Asking what is kept …'));
  }

  const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;

  function pressed(id, yes) {
    byId(id).setAttribute('aria-pressed', String(yes));
  }

  /** The large words of the past: whoever looks at the page can't take it for the present. */
  function band() {
    write('past-of', shown ? `picture of ${words(page.moment)}` : `loading the picture of ${words(page.moment)}`);
    write('past-ago', `${cop.time.age(clock() - page.moment)} ago`);
    const lost = page.heard === false && performance.now() > PATIENCE_MS / 3;
    write('past-lost', lost ? 'The server can’t be reached: the picture stays as it is.' : '');
    hide('past-lost', !lost);
  }

  let scaled = '';

  function scale() {
    const range = byId('time-range');
    const { span } = lasting;
    if (!span) return;
    const gaps = span.gaps || [];
    const mark = `${span.first} ${span.last} ${gaps.length}`;
    const part = (at) => Math.min(1, Math.max(0, (at - span.first) / Math.max(1, span.last - span.first)));
    if (mark !== scaled) {
      scaled = mark;
      range.min = String(span.first);
      range.max = String(span.last);
      const marks = cop.moment.ticks(span.first, span.last, TICKS).map((tick) => {
        const made = element('span', 'tick');
        made.style.setProperty('--at', String(part(tick.at)));
        made.append(element('b', '', tick.utc), element('i', '', tick.local));
        return made;
      });
      const holes = gaps.map(([from, until]) => {
        const made = element('span', 'gap');
        made.title = `Nothing was kept from ${cop.time.utc(from)} to ${cop.time.utc(until)}`;
        made.style.setProperty('--at', String(part(from)));
        made.style.setProperty('--long', String(part(until) - part(from)));
        return made;
      });
      range.nextElementSibling.replaceChildren(...holes, ...marks);
    }
    const at = String(standing());
    if (range.value !== at) range.value = at;
    range.setAttribute('aria-valuetext', page.moment === null && wished === null ? 'live' : words(standing()));
  }

  // -- beginning -------------------------------------------------------------------------------------------------------

  addressed.push((q) => {
    if (page.moment !== null) q.set('at', cop.moment.iso(page.moment));
  });

  on('tick', () => {
    if (page.kind !== 'staff') return;
    build();
    guard();
    draw();
  });
  on('selected', (id) => {
    if (!id) following = false;
    else if (following) follow();
    draw();
  });
  setInterval(beat, BEAT_MS);
  setInterval(() => open && measure(), SPAN_MS);

  // An address with a moment opens there: the push is not shown before it.
  if (query.get('at') && location.pathname === '/') {
    const told = cop.moment.parse(query.get('at'), Date.now());
    open = true;
    if (told.error) trouble = told.error;
    else {
      page.moment = whole(told.at);
      go(told.at);
    }
  }
})();
