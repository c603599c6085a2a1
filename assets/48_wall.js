/**
 * What does a wall say to people five metres away, who can't touch it?
 *
 * It takes turns through its views, counts everything, keeps every red on the screen, and mends itself. Each timer and
 * listener is made once, and every list has a bound: the page stays open for weeks.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;

  const ASK_MS = 60000;
  const TICKER = 12; // notices
  const KEPT = 'cop.wall.views';
  const TRIED = 'cop.wall.code';
  const PX = 12; // of the map's type at scale 1 (29_scene.js)
  const STAFF_MAP_PX = 1292; // the width of the staff page's map at 1920×1080, where views are saved
  const BALTIC = [
    [53.85, 20.6],
    [59.75, 28.3],
  ];
  const FEED_MARK = { ok: '●', late: '◐', failed: '○' };
  const NATION = { EE: 'Estonia', LV: 'Latvia', LT: 'Lithuania', FI: 'Finland', '': 'Others' };

  const { page, query, byId, element, write, hide, on, now } = cop.desk;
  const { MARK, LINE_EM, wordOf, convoys, reddest } = cop.reddest;

  // -- counts, ticker, freshness -------------------------------------------------------------------------------------

  function counts(at) {
    const all = cop.picture.counts(page.picture, null, at);
    for (const cell of document.querySelectorAll('[id^="w-domain-"], [id^="w-nation-"]')) {
      const [, kind, key, light] = cell.id.split('-');
      const text = String(all[kind][key] ? all[kind][key][light] : 0);
      if (cell.textContent !== text) cell.textContent = text;
      cell.classList.toggle('none', text === '0');
    }
  }

  const still = self.matchMedia ? self.matchMedia('(prefers-reduced-motion: reduce)') : { matches: false };
  let passing = null; // the one animation
  let passed = '';

  /** What is new, the newest leading. It stands when all fits; else it waits, passes once, waits, and begins again. */
  function ticker() {
    const list = byId('ticker');
    if (!list) return;
    const news = page.picture.notices.slice(-TICKER).reverse();
    const width = list.parentElement.clientWidth;
    const key = `${width} ${still.matches} ${news.map((each) => `${each.at}${each.id}${each.state}`).join()}`;
    if (key === passed) return;
    passed = key;
    const rows = news.map((notice) => {
      const made = element('li');
      made.dataset.id = notice.id;
      const thing = page.picture.byId.get(notice.id);
      const same = thing && thing.state === notice.state;
      const word = notice.state === 'unknown' && notice.was ? `was ${notice.was}` : same ? wordOf(thing) : notice.state;
      made.append(element('time', '', cop.time.utc(notice.at).slice(11, 16)));
      made.append(element('span', `state ${notice.state}`, `${MARK[notice.state] || '?'} ${word}`));
      made.append(element('strong', '', [notice.name, ...(notice.nations || [])].join(' ')));
      const why = [notice.why, convoys(notice.convoys)].filter(Boolean).join(' · ');
      if (why) made.append(element('span', 'why', why));
      return made;
    });
    if (!rows.length) rows.push(element('li', 'empty', 'Nothing has changed since this page was opened.'));
    list.replaceChildren(...rows);
    if (passing) passing.cancel();
    passing = null;
    const over = list.scrollWidth - width;
    if (over <= 2 || still.matches || !list.animate) return;
    const em = parseFloat(getComputedStyle(list).fontSize) || 33;
    const duration = 8000 + (over / (3.5 * em)) * 1000; // seven letters a second, and four seconds at each end
    const end = `translateX(${-over}px)`;
    const frames = [{ transform: 'none' }, { transform: 'none', offset: 4000 / duration }];
    frames.push({ transform: end, offset: 1 - 4000 / duration }, { transform: end });
    passing = list.animate(frames, { duration, iterations: Infinity });
  }

  let told = '';
  function nations(at) {
    const bar = byId('nations');
    if (!bar) return;
    const rows = cop.picture.feedsByNation(page.picture.feeds, at).map((each) => {
      const made = element('div', `nation ${each.state}`);
      made.dataset.nation = each.nation;
      made.append(element('strong', '', NATION[each.nation] || each.nation));
      const silence = each.silence === null ? 'never heard' : cop.time.age(each.silence);
      made.append(element('span', 'silence', `${FEED_MARK[each.state]} ${silence}`));
      const bad = each.feeds.filter((feed) => feed.state !== 'ok' || feed.rejects > 0);
      const sim = each.simulated ? 'simulated, ' : '';
      let text = `${sim}${each.feeds.length} ${each.feeds.length === 1 ? 'feed' : 'feeds'} well`;
      if (!each.feeds.length) text = 'no feed';
      else if (bad.length) {
        const [first] = bad;
        const mark = first.state === 'ok' ? `▲ ${first.rejects} rejected` : `${FEED_MARK[first.state]}`;
        text = `${mark} ${first.source}${bad.length > 1 ? ` +${bad.length - 1}` : ''}`;
      }
      made.append(element('span', `feeds ${bad.length ? bad[0].state : 'ok'}`, text));
      return made;
    });
    const said = rows.map((each) => `${each.className} ${each.textContent}`).join('\n');
    if (said === told && bar.childElementCount) return;
    told = said;
    bar.replaceChildren(...rows);
  }

  /**
   * The exercise marking in depth: should exercise data ever appear in a wall of the real world, the wall says so on
   * every edge, whatever its address says.
   */
  function marking() {
    if (page.world !== 'real') return;
    let found = null;
    for (const thing of page.picture.byId.values()) {
      if (thing.world !== 'real' || thing.origin === 'injected') {
        found = thing.world === 'real' ? 'EXERCISE DATA' : `EXERCISE ${thing.world.replace('exercise/', '')}`;
        break;
      }
    }
    const world = found ? 'exercise' : 'real';
    if (document.body.dataset.world === world && (byId('world-name') || {}).textContent === (found || 'REAL')) return;
    document.body.dataset.world = world;
    write('world-name', found || 'REAL');
    for (const edge of document.querySelectorAll('.edge')) edge.textContent = found ? Array(12).fill(found).join('  ·  ') : '';
  }

  // -- turns ---------------------------------------------------------------------------------------------------------

  const name = decodeURIComponent(location.pathname.replace(/^\/wall\/?/, '')).normalize('NFC');
  const asked = query.get('turn');
  const seconds = asked !== null && Number.isFinite(Number(asked)) ? Math.max(0, Number(asked)) : 20;
  const ownTheme = page.theme;
  let views = kept();
  let plan = { turns: [], seconds, said: '' };
  let planKey = '';
  let place = 0;
  let timer = null;
  let shownQuery = null;

  function kept() {
    try {
      return JSON.parse(localStorage.getItem(KEPT)) || [];
    } catch {
      return []; // storage is forbidden, or holds what is no list
    }
  }

  /** Ask for the saved views. When they can't be had, the last known ones go on. */
  function askViews() {
    return fetch('/api/v1/views', { cache: 'no-store' })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
      .then((found) => {
        views = found;
        try {
          localStorage.setItem(KEPT, JSON.stringify(found));
        } catch {
          // then a restart without a server has none
        }
      })
      .catch(() => {})
      .then(replan);
  }

  function replan() {
    const world = name && !query.has('world') ? cop.views.worldOfWall(name, views) : null;
    if (world && world !== page.world) {
      const q = new URLSearchParams(location.search);
      q.set('world', world);
      location.replace(`${location.pathname}?${q}`); // the stream of a page is of one world
      return;
    }
    const next = cop.views.turnsOf(name, views, page.world, seconds);
    const key = JSON.stringify(next);
    if (key === planKey) return;
    const title = plan.turns[place] && plan.turns[place].title;
    plan = next;
    planKey = key;
    place = Math.max(0, plan.turns.findIndex((turn) => turn.title === title));
    write('wall-said', plan.said);
    hide('wall-said', !plan.said);
    show();
  }

  function next() {
    place = (place + 1) % Math.max(1, plan.turns.length);
    show();
  }

  /** Show the view whose turn it is, and wait for the next one's. */
  function show() {
    clearTimeout(timer);
    timer = null;
    if (page.kind !== 'wall' || !page.map || !plan.turns.length) return;
    const turn = plan.turns[place];
    const layers = page.layers.map((layer) => layer.name);
    const known = JSON.stringify([turn.query, layers.length]);
    if (known !== shownQuery) {
      shownQuery = known;
      page.filter = cop.views.filterOf(turn.query, layers);
      cop.canvas.setFilter(page.filter);
      const theme = new URLSearchParams(turn.query).get('theme') || ownTheme;
      if (theme !== page.theme) cop.page.theme(theme);
      look(turn.query);
    }
    write('turn', turn.title);
    write('turn-filter', name ? cop.views.words(page.filter, page.layers) : '');
    const many = plan.turns.length > 1;
    const dots = plan.turns.map((_, n) => (n === place ? '●' : '○')).join(' ');
    write('turn-dots', many ? (plan.turns.length > 9 ? `${place + 1} of ${plan.turns.length}` : dots) : '');
    legend();
    if (many && plan.seconds > 0) timer = setTimeout(next, plan.seconds * 1000);
  }

  /** Bring the map to the view's place: as far out on this screen as the view was on the staff page's. */
  function look(said) {
    const where = cop.views.placeOf(said) || cop.views.placeOf(location.search);
    if (!where) {
      page.map.fitBounds(BALTIC, { animate: false });
      return;
    }
    const width = page.map.getSize().x || STAFF_MAP_PX;
    page.map.setView([where.lat, where.lon], where.z + Math.log2(width / STAFF_MAP_PX), { animate: false });
  }

  let legendKey = '';
  function legend() {
    const box = byId('wall-legend');
    if (!box || !page.layers.length) return;
    const counted = cop.picture.counts(page.picture, page.filter, now()).layer;
    const signs = [];
    for (const [origin, sign] of [['simulated', ['S', 'simulated']], ['injected', ['X', 'injected']]]) {
      for (const thing of page.picture.byId.values()) {
        if (thing.origin !== origin) continue;
        signs.push(sign);
        break;
      }
    }
    const em = parseFloat(getComputedStyle(box).fontSize) || 33;
    const room = Math.max(1, Math.floor(box.clientHeight / (LINE_EM * em)));
    const made = cop.views.legend(page.layers, counted, signs);
    const key = `${made.layers.map((each) => each.dataset.layer).join()} ${signs.length} ${room}`;
    if (key === legendKey) return;
    legendKey = key;
    const most = Math.max(1, room - made.marks.length);
    const list = element('ul');
    const rest = made.layers.length - most;
    list.append(...(rest > 0 ? made.layers.slice(0, most - 1) : made.layers));
    if (rest > 0) list.append(element('li', 'more', `and ${rest + 1} more`));
    list.append(...made.marks);
    box.replaceChildren(list);
  }

  // -- the page mends itself -----------------------------------------------------------------------------------------

  const code = JSON.parse((byId('cop-config') || { textContent: '{}' }).textContent).code;
  let wasLive = false;

  /** After a silence: a server with other code gets a page with other code. */
  function askCode() {
    fetch('/code', { cache: 'no-store' })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((found) => {
        if (!found) return;
        if (code && found.code !== code && once(found.code)) location.reload();
        else if (!page.layers.length) location.reload(); // the layers could not be had when it began
      })
      .catch(() => {}); // the link says that the server is away
  }

  /** Whether the page was not yet loaded anew for this code: servers of two kinds must not toss it to and fro. */
  function once(wanted) {
    try {
      if (sessionStorage.getItem(TRIED) === wanted) return false;
      sessionStorage.setItem(TRIED, wanted);
      return true;
    } catch {
      return false;
    }
  }

  function watch() {
    const live = document.body.dataset.live === 'yes';
    if (live && !wasLive) {
      askCode();
      askViews();
    }
    wasLive = live;
  }

  let lock = null;
  function stayAwake() {
    if (!navigator.wakeLock || document.visibilityState !== 'visible' || (lock && !lock.released)) return;
    navigator.wakeLock.request('screen').then(
      (found) => (lock = found),
      () => {}, // not granted: docs/wall.md says how to keep a screen on
    );
  }

  function fit() {
    const em = parseFloat(getComputedStyle(byId('page-wall')).fontSize) || 33;
    const zoom = parseFloat(getComputedStyle(document.documentElement).zoom) || 1;
    const scale = em / PX / zoom;
    if (cop.canvas.options.scale !== scale) cop.canvas.setOptions({ scale, sizeAt: (z) => (z < 8.5 ? 0.4 : 0.55) });
    shownQuery = null;
    legendKey = '';
    if (page.map) show();
  }

  function tick(at) {
    counts(at);
    reddest(at);
    ticker();
    nations(at);
    legend();
    marking();
    watch();
  }

  /** A map has come: it may stand between the steps of zoom, and keeps its view when its box changes. */
  function mapped() {
    page.map.options.zoomSnap = 0.1;
    page.map.on('resize', () => plan.turns.length && look(plan.turns[place].query));
    fit();
  }

  let begun = false;
  on('begin', () => {
    if (page.kind !== 'wall' || begun) return;
    begun = true;
    fit();
    replan();
    askViews();
    on('tick', tick);
    on('desk', askViews);
    on('map', mapped);
    if (page.map) mapped();
    setInterval(askViews, ASK_MS);
    self.addEventListener('resize', fit);
    document.addEventListener('visibilitychange', stayAwake);
    stayAwake();
    tick(now());
  });
})();
