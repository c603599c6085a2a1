/**
 * How does a page hear the push stream, and how does it know that it still does?
 *
 * All tabs of one browser share one connection per world through a SharedWorker (link_worker.js); without one the page
 * connects by itself. `connect` is the connection proper and runs in either place; `open` is what a page calls.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const SILENCE_MS = 10000; // frames come at least once a second
  const WAKE_SILENCE_MS = 2500;
  const TICK_MS = 1000;
  const SLEEP_GAP_MS = 5000;
  const BACKOFF_MS = [1000, 15000];
  const PING_MS = 5000;
  const UNANSWERED = 4; // pings, after which the worker counts as dead
  const HOUR_MS = 3600000;
  const HOURS_KEPT = 24;

  const script = typeof document === 'object' && document.currentScript ? document.currentScript.src : '';
  const WORKER = script ? new URL(`link_worker.js${new URL(script).search}`, script).href : '/assets/link_worker.js';

  /** When an attempt may follow the nth failure in a row: growing, and spread so that clients don't return as one. */
  function backoff(failures, chance) {
    const [least, most] = BACKOFF_MS;
    return least + chance * (Math.min(most, least * 2 ** Math.min(failures, 10)) - least);
  }

  /**
   * How late frames are. The least difference ever seen between our clock and the frames' is taken as the clocks'
   * offset; what a frame has more than that is lag. The minimum is kept by hour for a day, so that a clock that
   * drifts is forgiven and a delay that creeps in is not.
   */
  function lagMeter() {
    const hours = [];
    return function (frameNow, heardAt) {
      const ahead = heardAt - frameNow;
      const hour = Math.floor(heardAt / HOUR_MS);
      const last = hours[hours.length - 1];
      if (last && last.hour === hour) last.least = Math.min(last.least, ahead);
      else hours.push({ hour, least: ahead });
      if (hours.length > HOURS_KEPT) hours.shift();
      return ahead - Math.min(...hours.map((each) => each.least));
    };
  }

  /**
   * Connect to the stream of a world, for ever.
   * @param {string} world
   * @param {(text: string, frame: object, state: object) => void} onFrame the frame as it came and as it reads
   * @param {(state: object) => void} onState
   * @returns {{state: object, wake: () => void, close: () => void}}
   */
  function connect(world, onFrame, onState) {
    const state = { connected: false, lastHeard: null, frameNow: null, lag: 0, error: null, attempts: 0 };
    const lagOf = lagMeter();
    let source = null;
    let lastId = '';
    let failures = 0;
    let retry = null;
    let openedAt = 0; // performance.now(), which nobody can set
    let heardAt = 0;
    let ticked = clocks();

    // The wall clock may be set, the other may stand still in sleep: whichever saw more time pass is believed.
    function clocks() {
      return { wall: Date.now(), steady: performance.now() };
    }
    function since(then) {
      return Math.max(Date.now() - then.wall, performance.now() - then.steady);
    }
    let heard = clocks();

    function tell(changes) {
      Object.assign(state, changes);
      onState({ ...state });
    }

    function begin() {
      clearTimeout(retry);
      retry = null;
      if (source) source.close();
      const after = lastId ? `&after=${encodeURIComponent(lastId)}` : '';
      source = new EventSource(`/api/v1/stream?world=${encodeURIComponent(world)}${after}`);
      openedAt = performance.now();
      heard = clocks(); // a new connection has its own ten seconds
      source.onmessage = hear;
      source.onerror = fail;
      tell({ attempts: state.attempts + 1 });
    }

    function hear(message) {
      let frame;
      try {
        frame = JSON.parse(message.data);
      } catch (error) {
        lastId = ''; // what we hold may be wrong from here on: ask for everything
        again(`a frame could not be read: ${error.message}`);
        return;
      }
      lastId = message.lastEventId;
      failures = 0;
      heard = clocks();
      heardAt = heard.wall;
      const lag = lagOf(frame.now, performance.timeOrigin + heard.steady);
      Object.assign(state, { connected: true, lastHeard: heardAt, frameNow: frame.now, lag, error: null, attempts: 0 });
      onFrame(message.data, frame, { ...state });
    }

    function fail() {
      if (source && source.readyState === EventSource.CLOSED) again('the server refused the stream');
      else tell({ connected: false, error: 'the connection was lost' }); // the browser tries again by itself
    }

    function again(error) {
      if (source) source.close();
      source = null;
      if (retry === null) retry = setTimeout(begin, backoff(failures++, Math.random()));
      tell({ connected: false, error });
    }

    function tick() {
      const slept = since(ticked) > SLEEP_GAP_MS;
      ticked = clocks();
      if (slept) wake();
      else if (source && since(heard) > SILENCE_MS) again('nothing was heard for 10 s');
    }

    /** The machine woke, the page came to the front or the network came back: don't wait for the next look. */
    function wake() {
      const fresh = performance.now() - openedAt < WAKE_SILENCE_MS;
      if (!fresh && (source === null || since(heard) > WAKE_SILENCE_MS)) begin();
    }

    const timer = setInterval(tick, TICK_MS);
    begin();
    return {
      state,
      wake,
      close() {
        clearInterval(timer);
        clearTimeout(retry);
        if (source) source.close();
        source = null;
      },
    };
  }

  /**
   * Listen to a world. `onFrame(frame, state)` gets frames to merge with `cop.picture.apply`; one that another tab
   * heard earlier carries `heard`, the time (ms, this machine's clock) when it was fresh. `onState(state)` gets
   * `{connected, lastHeard, frameNow, lag, error, attempts, shared}` whenever it changes; judge freshness with
   * `cop.picture.liveness({lastHeard, lag, now: Date.now()})`, which needs no further word from here.
   * @returns {{close: () => void, state: () => object}}
   */
  function open(world, onFrame, onState) {
    let state = { connected: false, lastHeard: null, frameNow: null, lag: 0, error: null, attempts: 0, shared: false };
    let port = null;
    let own = null;
    let unanswered = 0;
    let deaths = 0;
    let closed = false;
    const tell = (next, shared) => onState((state = { ...next, shared }));

    function alone() {
      if (port) port.close();
      port = null;
      own = connect(
        world,
        (text, frame, next) => {
          onFrame(frame, { ...next, shared: false });
          tell(next, false);
        },
        (next) => tell(next, false),
      );
    }

    function share() {
      if (port) port.close();
      unanswered = 0;
      let worker;
      try {
        worker = new SharedWorker(WORKER, { name: 'cop-link' });
      } catch {
        alone(); // forbidden here: a sandbox, or a policy of the site
        return;
      }
      port = worker.port;
      const mine = port;
      worker.onerror = () => {
        if (port === mine && own === null && !closed) alone();
      };
      port.onmessage = (message) => {
        if (port !== mine || closed) return;
        unanswered = deaths = 0;
        const told = message.data;
        if (told.unable) {
          alone();
          return;
        }
        if (told.text !== undefined) {
          const frame = JSON.parse(told.text);
          if (told.heard !== undefined) frame.heard = told.heard;
          // the frame before the state: a page that fails to merge it must not believe that it is up to date
          onFrame(frame, { ...told.state, shared: true });
          mine.postMessage({ taken: told.number });
        }
        tell(told.state, true);
      };
      port.postMessage({ world });
    }

    function ping() {
      if (!port) return;
      if (unanswered++ < UNANSWERED) port.postMessage({ ping: true });
      else if (deaths++ < 1) share(); // it died: start it anew
      else alone();
    }

    function wake() {
      if (document.visibilityState === 'hidden') return;
      if (own) own.wake();
      else if (port) port.postMessage({ wake: true });
    }

    function leave() {
      if (port) port.postMessage({ leave: true });
    }

    function back(event) {
      if (event.persisted && port) port.postMessage({ world });
    }

    const timer = setInterval(ping, PING_MS);
    document.addEventListener('visibilitychange', wake);
    self.addEventListener('online', wake);
    self.addEventListener('pagehide', leave);
    self.addEventListener('pageshow', back);
    if (typeof SharedWorker === 'function') share();
    else alone();

    return {
      state: () => state,
      close() {
        closed = true;
        clearInterval(timer);
        document.removeEventListener('visibilitychange', wake);
        self.removeEventListener('online', wake);
        self.removeEventListener('pagehide', leave);
        self.removeEventListener('pageshow', back);
        leave();
        if (port) port.close();
        if (own) own.close();
      },
    };
  }

  /**
   * The server's clock now, by the last frame and what passed since: ages go on growing when the link is down.
   * @param {object} state what `onState` got
   * @param {number} now this machine's clock, ms
   */
  function serverNow(state, now) {
    return state.lastHeard === null ? now : state.frameNow + state.lag + (now - state.lastHeard);
  }

  cop.link = { open, connect, serverNow, backoff, lagMeter };
})();
