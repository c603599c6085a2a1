/**
 * Which thing do the mouse, a finger or the keys mean?
 *
 * The canvas takes no events: the map's own are read and hit-tested. Keys work while the map has the focus: an arrow
 * goes to the nearest thing in its direction (the map pans when there is none, and with Shift), Tab and Shift+Tab go on
 * from there in reading order and leave the map at the end, Enter selects, Escape clears. Rings and the tooltip are
 * elements, so that moving them draws nothing.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const RING_PX = 46;
  const FINGER_PX = 24;

  /** Listen on a canvas' map. `api` is `cop.canvas`. */
  function attach(screen, api) {
    const { map } = screen;
    const pane = map.getPane('cop');
    screen.pointer = { api, hovered: null, cursor: null };
    screen.pointer.ring = element(pane, 'cop-ring');
    screen.pointer.glow = element(pane, 'cop-glow');
    screen.pointer.tip = element(map.getContainer(), 'cop-tip');
    let waiting = null; // the newest place of the mouse: it is looked at once a frame
    map.on('mousemove', (event) => {
      if (waiting === null) {
        requestAnimationFrame(() => {
          hover(screen, api.pick(waiting.x, waiting.y, { map }), waiting);
          waiting = null;
        });
      }
      waiting = event.containerPoint;
    });
    map.on('mouseout dragstart zoomstart', () => hover(screen, null));
    map.on('click', (event) => {
      const touch = event.originalEvent && event.originalEvent.pointerType === 'touch';
      const { x, y } = event.containerPoint;
      const thing = api.pick(x, y, { map, reach: touch ? FINGER_PX : undefined });
      screen.pointer.cursor = null;
      choose(screen, thing, { x, y });
    });
    // before Leaflet, which pans by the same keys and listens on the document
    map.getContainer().addEventListener('keydown', (event) => key(screen, event), true);
    map.getContainer().addEventListener('blur', () => cursor(screen, null));
    paint(screen);
  }

  function element(parent, name) {
    const made = L.DomUtil.create('div', name, parent);
    made.style.cssText = 'position:absolute;left:0;top:0;display:none;pointer-events:none;box-sizing:border-box';
    return made;
  }

  /** Colour rings and tooltip by the theme. */
  function paint(screen) {
    const { api, ring, glow, tip } = screen.pointer;
    const colours = api.colours();
    ring.style.border = `3px solid ${colours.select}`;
    ring.style.boxShadow = `0 0 0 2px ${colours.halo}, inset 0 0 0 2px ${colours.halo}`;
    glow.style.border = `2px dashed ${colours.hover}`;
    ring.style.borderRadius = glow.style.borderRadius = '50%';
    tip.style.cssText += `;z-index:700;padding:4px 8px;border-radius:4px;white-space:pre;font:12px ${cop.sprites.FONT}`;
    Object.assign(tip.style, { background: colours.halo, color: colours.ink, border: `1px solid ${colours.soft}` });
  }

  /** Put the rings where their things are. `toLayer` turns a place into a point of the map's panes. */
  function follow(screen, toLayer) {
    const { api, ring, glow, hovered, cursor: at } = screen.pointer;
    lay(screen, ring, api.selected(), toLayer);
    lay(screen, glow, at || hovered, toLayer);
  }

  function lay(screen, ring, id, toLayer) {
    const { api } = screen.pointer;
    const mark = id === null ? undefined : api.index.byId.get(id);
    const there = mark && !Number.isNaN(mark.x) && cop.marks.shown(api.index, mark, api.now());
    ring.style.display = there ? 'block' : 'none';
    if (!there) return;
    const size = RING_PX * api.options.scale;
    ring.style.width = ring.style.height = `${size}px`;
    L.DomUtil.setPosition(ring, toLayer(api.latLng(mark)).subtract([size / 2, size / 2]).round());
  }

  function replace(screen) {
    follow(screen, (latlng) => screen.map.latLngToLayerPoint(latlng));
  }

  // -- mouse -----------------------------------------------------------------------------------------------------

  function hover(screen, thing, point) {
    const { pointer, map } = screen;
    const id = thing ? thing.id : null;
    if (id === null && pointer.hovered === null) return;
    const changed = id !== pointer.hovered;
    pointer.hovered = id;
    map.getContainer().style.cursor = id === null ? '' : 'pointer';
    say(screen, thing, point);
    if (!changed) return;
    replace(screen);
    pointer.api.emit('hover', thing, { map, ...point });
  }

  /** Select what was meant and tell the page; null clears. */
  function choose(screen, thing, point) {
    const { api } = screen.pointer;
    const id = thing ? thing.id : null;
    if (id === api.selected()) return;
    api.select(id);
    api.emit('select', thing, { map: screen.map, ...point });
  }

  function thingOf(screen, id) {
    const mark = screen.pointer.api.index.byId.get(id);
    return mark ? mark.thing : null;
  }

  function say(screen, thing, point) {
    const { tip, api } = screen.pointer;
    tip.style.display = thing ? 'block' : 'none';
    if (!thing) return;
    tip.textContent = api.options.tooltip(thing, api.now()).join('\n'); // text, never markup: names come from outside
    const size = screen.map.getSize();
    const left = point.x + 18 + tip.offsetWidth > size.x ? point.x - 18 - tip.offsetWidth : point.x + 18;
    const top = Math.min(point.y + 12, size.y - tip.offsetHeight - 4);
    tip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
  }

  // -- keys ------------------------------------------------------------------------------------------------------

  function key(screen, event) {
    if (event.target !== screen.map.getContainer() || event.ctrlKey || event.altKey || event.metaKey) return;
    const { pointer } = screen;
    const done = keys[event.key in ARROWS ? 'Arrow' : event.key];
    if (!done || !done(screen, pointer, event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** What each key does; true when it did something. */
  const keys = {
    Arrow: (screen, pointer, event) => !event.shiftKey && cursor(screen, towards(screen, ARROWS[event.key])),
    Tab: (screen, { cursor: at }, event) => at !== null && cursor(screen, inOrder(screen, event.shiftKey ? -1 : 1)),
    Enter(screen, pointer) {
      if (pointer.cursor === null) return cursor(screen, towards(screen, null));
      choose(screen, thingOf(screen, pointer.cursor), {});
      return true;
    },
    Escape(screen, pointer) {
      if (pointer.cursor === null && pointer.api.selected() === null) return false;
      if (pointer.cursor === null) choose(screen, null, {});
      cursor(screen, null);
      return true;
    },
  };

  /** Move the keyboard's cursor; true when it is on a thing. */
  function cursor(screen, found) {
    const { pointer, map } = screen;
    if (!found && pointer.cursor === null) return false;
    pointer.cursor = found ? found.mark.thing.id : null;
    say(screen, found ? found.mark.thing : null, found);
    replace(screen);
    pointer.api.emit('hover', found ? found.mark.thing : null, found ? { map, x: found.x, y: found.y } : { map });
    return found !== null;
  }

  /** The shown things in the map's window with their places in it, px. */
  function inWindow(screen) {
    const { map, pointer } = screen;
    const { index } = pointer.api;
    const world = map.getZoomScale(map.getZoom(), 0) * 256;
    const corner = map.getPixelOrigin().add(map.containerPointToLayerPoint([0, 0]));
    const size = map.getSize();
    const found = [];
    const far = corner.add(size);
    for (const held of cop.marks.cellsIn(index, corner.x / world, corner.y / world, far.x / world, far.y / world)) {
      for (const mark of held) {
        const x = mark.x * world - corner.x;
        const y = mark.y * world - corner.y;
        const inside = x >= 0 && y >= 0 && x < size.x && y < size.y;
        if (inside && cop.marks.shown(index, mark, pointer.api.now())) found.push({ mark, x, y });
      }
    }
    return found;
  }

  /** The thing nearest in a direction from the cursor, else from the selected thing, else from the middle. */
  function towards(screen, direction) {
    const { pointer, map } = screen;
    const all = inWindow(screen);
    const here = pointer.cursor || pointer.api.selected();
    const at = all.find((each) => each.mark.thing.id === here);
    const from = at || map.getSize().divideBy(2);
    let best = null;
    let least = Infinity;
    for (const each of all) {
      const dx = each.x - from.x;
      const dy = each.y - from.y;
      const along = direction ? dx * direction[0] + dy * direction[1] : 0;
      const aside = direction ? Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]) : Math.hypot(dx, dy);
      // within 45° of the direction, and what lies straight ahead before what lies aside
      if (each === at || (direction && (along <= 0 || aside > along))) continue;
      if (along + 2 * aside < least) {
        least = along + 2 * aside;
        best = each;
      }
    }
    return best;
  }

  /** The next thing in reading order: rows of 40 px, then from left to right; null at the end. */
  function inOrder(screen, step) {
    const row = (each) => Math.floor(each.y / 40);
    const name = (each) => each.mark.thing.id;
    const all = inWindow(screen).sort((a, b) => row(a) - row(b) || a.x - b.x || (name(a) < name(b) ? -1 : 1));
    const at = all.findIndex((each) => each.mark.thing.id === screen.pointer.cursor);
    return all[at + step] || null;
  }

  cop.pointer = { attach, follow, paint };
})();
