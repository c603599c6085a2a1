/**
 * What would a day do to a wall? A clock that runs as fast as the page can follow, and a stream of events to go with it.
 *
 * Loaded before the page's own scripts. Timers are counted; until `soak.run` time passes as it does. `soak.run(s)` lets
 * so many seconds pass, each with its timers and one frame, and gives the browser a turn now and then, so that fetches
 * and drawing keep up. Seeded: two runs hear the same day.
 */
(function () {
  'use strict';
  const real = { now: performance.now.bind(performance), date: Date, set: self.setInterval.bind(self) };
  let ahead = 0; // ms that the made-up clock is before the real one
  let fast = false;
  let stood = 0;
  const steady = () => (fast ? stood : real.now() + ahead);
  const wall = () => Math.round(performance.timeOrigin + steady());

  self.Date = class extends real.date {
    constructor(...told) {
      if (told.length) super(...told);
      else super(wall());
    }
    static now() {
      return wall();
    }
  };
  Object.defineProperty(performance, 'now', { value: steady });

  // -- timers --------------------------------------------------------------------------------------------------------

  const DRAWN = 30; // s between two drawings of the map
  const TURN = 5; // s between two turns of the browser, which may paint in each
  let last = 0;
  const timers = new Map(); // id → {at, every, call}
  function begin(call, wait, every, told) {
    const pause = Math.max(every ? 1 : 0, Number(wait) || 0);
    timers.set(++last, { at: steady() + pause, every: every ? pause : 0, call: () => call(...told) });
    return last;
  }
  self.setTimeout = (call, wait, ...told) => begin(call, wait, false, told);
  self.setInterval = (call, wait, ...told) => begin(call, wait, true, told);
  self.clearTimeout = self.clearInterval = (id) => timers.delete(id);

  function fire() {
    const now = steady();
    for (const [id, timer] of [...timers].filter(([, timer]) => timer.at <= now).sort((a, b) => a[1].at - b[1].at)) {
      if (!timers.has(id)) continue;
      if (timer.every) timer.at = Math.max(now, timer.at + timer.every);
      else timers.delete(id);
      try {
        timer.call();
      } catch (error) {
        soak.errors.push(String(error));
      }
    }
  }
  real.set(() => fast || fire(), 4);

  // -- the stream ----------------------------------------------------------------------------------------------------

  let seed = 20261125;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 4294967296;
  const pick = (list) => list[Math.floor(random() * list.length)];
  const STATES = ['open', 'open', 'open', 'open', 'open', 'open', 'unknown', 'restricted', 'degraded', 'closed'];
  const KINDS = [
    ['bridges', 'land'],
    ['crossings', 'land'],
    ['roadevents', 'land'],
    ['rail', 'land'],
    ['ports', 'maritime'],
    ['airfields', 'air'],
    ['systems', 'cyber'],
  ];
  const things = [];
  const tracks = [];
  const feeds = [];
  const notices = [];
  const sources = []; // open streams
  let symbols = { tracks: '10033000001401000000' };
  let handle = 0;
  let number = 0;
  let born = 0;
  let second = 0;

  function place() {
    return { lon: 20.6 + random() * 7.6, lat: 53.9 + random() * 5.7 };
  }

  function track() {
    const sea = random() < 0.6;
    const made = { h: ++handle, id: `${sea ? 'vessel' : 'aircraft'}:${++born}`, layer: sea ? 'vessels' : 'aircraft' };
    const more = { domain: sea ? 'maritime' : 'air', name: `SOAK ${born}`, label: `S${born}`, nations: [pick(['EE', 'LV', 'LT'])] };
    const said = { sym: symbols[made.layer] || symbols.tracks, state: 'unknown', origin: 'simulated', world: 'real', source: 'soak' };
    const motion = { at: wall(), stale_s: 120, ...place(), course: Math.floor(random() * 360), speed: sea ? 7 : 120 };
    return Object.assign(made, more, said, motion, { until: second + 7200 + random() * 14400 });
  }

  function populate() {
    for (let n = 0; n < 700; n++) {
      const [layer, domain] = KINDS[n % KINDS.length];
      const said = { name: `${layer} ${n}`, label: `${layer[0].toUpperCase()}${n}`, nations: [pick(['EE', 'LV', 'LT'])] };
      const state = pick(STATES);
      const more = { state, since: wall() - 60000, origin: 'simulated', world: 'real', source: 'soak', at: wall(), cells: {} };
      things.push({ h: ++handle, id: `${layer}:${n}`, layer, domain, ...said, sym: symbols[layer], ...more, ...place(), convoys: n % 4 });
    }
    for (let n = 0; n < 300; n++) tracks.push(track());
    for (let n = 0; n < 30; n++) {
      const nations = n < 27 ? [['EE', 'LV', 'LT'][n % 3]] : ['EE', 'LV', 'LT'];
      feeds.push({ source: `feed-${n}`, nations, world: 'real', origin: 'simulated', state: 'ok', newest: wall(), heard: wall(), stale_s: 60, records: 0, rejects: 0, reasons: {}, detail: '' });
    }
  }

  function snapshot() {
    const put = [...things, ...tracks].map(({ until, ...thing }) => thing);
    return { k: 'snapshot', w: 'real', now: wall(), why: 'soak', put, feeds, notices };
  }

  function delta() {
    const frame = { k: 'delta', w: 'real', now: wall(), put: [], drop: [], notices: [], move: { h: [], x: [], y: [], c: [], s: [], t: [] } };
    for (let n = second % 5; n < tracks.length; n += 5) {
      const each = tracks[n];
      if (each.until < second) {
        frame.drop.push(each.h);
        frame.put.push((({ until, ...thing }) => thing)((tracks[n] = track())));
        continue;
      }
      const metres = each.speed * 5;
      each.lon += (metres * Math.sin((each.course * Math.PI) / 180)) / 62000;
      each.lat += (metres * Math.cos((each.course * Math.PI) / 180)) / 111320;
      if (each.lon < 20 || each.lon > 29 || each.lat < 53.5 || each.lat > 60) each.course = (each.course + 150) % 360;
      each.at = wall();
      for (const [key, value] of Object.entries({ h: each.h, x: Math.round(each.lon * 1e5), y: Math.round(each.lat * 1e5), c: each.course, s: each.speed * 10, t: 0 })) frame.move[key].push(value);
    }
    if (second % 17 === 0) {
      const each = pick(things);
      const was = each.state;
      Object.assign(each, { state: pick(STATES), since: wall(), at: wall(), why: `reason ${second}` });
      frame.put.push({ ...each });
      if (was !== each.state && each.state !== 'unknown') {
        const { id, name, state, why, nations, domain, layer, world, origin, convoys } = each;
        frame.notices.push({ at: wall(), was, id, name, state, why, nations, domain, layer, world, origin, convoys });
        notices.push(...frame.notices);
        notices.splice(0, Math.max(0, notices.length - 50));
      }
    }
    if (second % 15 === 0) {
      for (const feed of feeds) {
        if (random() < 0.01) feed.state = pick(['ok', 'late', 'failed']);
        if (feed.state === 'ok') Object.assign(feed, { newest: wall(), heard: wall(), records: feed.records + 7 });
        if (random() < 0.005) Object.assign(feed, { rejects: feed.rejects + 1, reasons: { 'not a place': feed.rejects + 1 } });
      }
      frame.feeds = feeds.map((feed) => ({ ...feed }));
    }
    return frame;
  }

  function say(source, frame) {
    source.onmessage({ data: JSON.stringify(frame), lastEventId: `soak.${++number}` });
    soak.frames++;
  }

  self.SharedWorker = undefined;
  self.EventSource = class {
    static CLOSED = 2;
    constructor() {
      this.readyState = 1;
      this.fresh = true;
      sources.push(this);
    }
    close() {
      this.readyState = 2;
      sources.splice(sources.indexOf(this), 1);
    }
  };

  /** One second of the day: mostly a frame; each hour half a minute of silence; every six a new server with a snapshot. */
  function heard() {
    const silent = second % 3600 >= 3550 && second % 3600 < 3580;
    if (second % 21600 === 10800) for (const each of [...sources]) each.fresh = true;
    for (const source of [...sources]) {
      if (silent || !source.onmessage) continue;
      say(source, source.fresh ? snapshot() : delta());
      source.fresh = false;
    }
  }

  // -- drawing: the dear part, so only now and then ------------------------------------------------------------------

  let waiting = [];
  const frame = self.requestAnimationFrame.bind(self);
  self.requestAnimationFrame = (call) => (fast ? -waiting.push(call) : frame(call));

  function draw() {
    return new Promise((done) =>
      frame((at) => {
        const calls = waiting;
        waiting = [];
        for (const call of calls) call(at);
        done();
      }),
    );
  }

  const channel = new MessageChannel();
  const turn = () =>
    new Promise((done) => {
      channel.port1.onmessage = done;
      channel.port2.postMessage(0);
    });

  const soak = (self.soak = {
    errors: [],
    frames: 0,
    silences: 0,

    /** Before the first second: symbols that the server has. */
    async ready() {
      const layers = await (await fetch('/api/v1/layers')).json();
      symbols = Object.assign(symbols, Object.fromEntries(layers.map((l) => [l.name, l.legend.length ? l.legend[0].symbol : symbols.tracks])));
      populate();
      heard();
    },

    /** Let seconds pass. */
    async run(seconds) {
      stood = steady();
      fast = true;
      for (let n = 0; n < seconds; n++) {
        stood += 1000;
        second++;
        fire();
        heard();
        if (document.body.dataset.live === 'no') soak.silences++;
        if (second % TURN === 0) await turn();
        if (second % DRAWN === 0) await draw();
      }
      ahead = stood - real.now();
      fast = false;
      await draw();
    },

    /** What the page holds that nobody collects. */
    held() {
      const kinds = [...timers.values()];
      return {
        intervals: kinds.filter((timer) => timer.every).length,
        timeouts: kinds.filter((timer) => !timer.every).length,
        elements: document.querySelectorAll('*').length,
        things: cop.page.state().picture.byId.size,
        trails: cop.page.state().picture.trails.size,
        notices: cop.page.state().picture.notices.length,
        rows: document.querySelectorAll('#reddest li').length,
        ticker: document.querySelectorAll('#ticker li').length,
        animations: document.getAnimations().length,
        sprites: cop.canvas.stats().sprites,
      };
    },
  });
})();
