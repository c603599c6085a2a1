/**
 * How do all tabs of one browser share one connection per world?
 *
 * A SharedWorker: it keeps the merged picture of each world that a tab looks at, so that a new tab is served at once,
 * and says of that picture when it was last heard. Loaded by a page as a plain script it does nothing.
 */
(function () {
  'use strict';
  if (typeof SharedWorkerGlobalScope === 'undefined' || !(self instanceof SharedWorkerGlobalScope)) return;

  const beside = (name) => new URL(name + self.location.search, self.location.href).href;
  importScripts(beside('00_picture.js'), beside('10_link.js'));

  const UNTAKEN = 100; // frames that a tab may leave unread before it is sent none, and later a snapshot instead
  const SILENT_MS = 180000; // browsers wake the timers of a hidden tab once a minute at the least
  const SWEEP_MS = 30000;
  const cop = self.cop;
  const worlds = new Map(); // world → {picture, link, state}
  const tabs = new Map(); // port → {world, sent, taken, behind, seen}

  function post(port, tab, told) {
    port.postMessage(told);
    if (told.text !== undefined && tab.sent - tab.taken > UNTAKEN) tab.behind = true;
  }

  function snapshot(port, tab, room) {
    tab.behind = false;
    if (room.state.lastHeard === null) {
      port.postMessage({ state: room.state });
      return;
    }
    const text = JSON.stringify(cop.picture.snapshot(room.picture, 'from another tab'));
    post(port, tab, { text, number: ++tab.sent, heard: room.state.lastHeard, state: room.state });
  }

  function enter(world) {
    const known = worlds.get(world);
    if (known) return known;
    const room = { picture: cop.picture.create({ trails: false }), link: null, state: null };
    const listeners = () => [...tabs].filter(([, tab]) => tab.world === world);
    worlds.set(world, room);
    room.link = cop.link.connect(
      world,
      (text, frame, state) => {
        room.state = state;
        cop.picture.apply(room.picture, frame);
        for (const [port, tab] of listeners()) if (!tab.behind) post(port, tab, { text, number: ++tab.sent, state });
      },
      (state) => {
        room.state = state;
        for (const [port] of listeners()) port.postMessage({ state });
      },
    );
    return room;
  }

  function join(port, world) {
    const before = tabs.get(port);
    if (before && before.world !== world) leave(port);
    const tab = { world, sent: 0, taken: 0, behind: false, seen: Date.now() };
    tabs.set(port, tab);
    port.world = world;
    snapshot(port, tab, enter(world));
  }

  function leave(port) {
    const tab = tabs.get(port);
    if (!tab) return;
    tabs.delete(port);
    if ([...tabs.values()].some((other) => other.world === tab.world)) return;
    worlds.get(tab.world).link.close();
    worlds.delete(tab.world);
  }

  function receive(port, told) {
    if (told.world) join(port, told.world);
    else if (told.leave) leave(port);
    else if (!tabs.has(port)) join(port, port.world); // it was given up, and lives: it slept
    const tab = tabs.get(port);
    if (!tab) return;
    tab.seen = Date.now();
    const room = worlds.get(tab.world);
    if (told.taken !== undefined) {
      tab.taken = Math.max(tab.taken, told.taken);
      if (tab.behind && tab.taken === tab.sent) snapshot(port, tab, room);
    }
    if (told.ping) port.postMessage({ state: room.state });
    if (told.wake) room.link.wake();
  }

  let swept = Date.now();
  setInterval(() => {
    const slept = Date.now() - swept > 2 * SWEEP_MS; // the tabs slept too: they get their time anew
    swept = Date.now();
    for (const [port, tab] of [...tabs]) {
      if (slept) tab.seen = swept;
      else if (swept - tab.seen > SILENT_MS) leave(port);
    }
  }, SWEEP_MS);

  self.onconnect = (event) => {
    const port = event.ports[0];
    if (typeof EventSource === 'undefined') port.postMessage({ unable: true });
    else port.onmessage = (message) => receive(port, message.data);
  };
})();
