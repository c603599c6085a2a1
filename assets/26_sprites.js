/**
 * What does a thing look like on the map?
 *
 * A symbol is fetched and rasterised once, in idle moments (the first drawing of an SVG is the dear part), then stamped
 * together with what must be seen at a glance: the state's badge, by shape as well as colour, and on what is stale a
 * broken outline and little contrast. Until the symbol is there a dot stands for it, with a tag on what is not
 * observed; a symbol says that by itself.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const UNIT = 0.22; // px that a unit of a symbol's drawing takes; the octagon of a military symbol is 100 units
  const CENTRE = 100; // where military symbols have their anchor, in their own units
  const OWN_SIZE = 24; // px of a drawing that isn't one
  const PAD = 9; // px around a symbol for badge, tag and outline
  const STALE_ALPHA = 0.45;
  const STALE_BADGE_ALPHA = 0.7; // old news of a closure is still the best that is known
  const LOADING = 6;
  const RETRY_MS = 30000;
  const STAMPS = 1500;
  const SYMBOLS = 3000;
  const FONT = '"Inter", "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';

  /** Colours by theme. They tell apart without hue as well: each light has a shape of its own. */
  const THEMES = {
    dark: {
      red: '#ff5252',
      amber: '#ffb52e',
      green: '#3ecf78',
      unknown: '#a3b1bf',
      none: '#a3b1bf',
      land: '#e0b050',
      maritime: '#58b0ff',
      air: '#6fe3d6',
      cyber: '#c99bf0',
      ink: '#eef3f7',
      soft: '#a9b7c4',
      halo: '#0e161d',
      tag: '#b45cff',
      select: '#ffffff',
      hover: '#8fd0ff',
    },
    light: {
      red: '#c4122f',
      amber: '#c77700',
      green: '#1b7f3f',
      unknown: '#5d6a75',
      none: '#5d6a75',
      land: '#875700',
      maritime: '#0a58a8',
      air: '#006c66',
      cyber: '#6b2fa3',
      ink: '#14202b',
      soft: '#4d5b68',
      halo: '#ffffff',
      tag: '#7a1fc2',
      select: '#000000',
      hover: '#0a58a8',
    },
  };

  const TAGS = { simulated: 'S', injected: 'X' };

  /**
   * A set of sprites.
   * @param {() => void} onReady called when a symbol has become ready to be drawn
   */
  function create(onReady) {
    const symbols = new Map(); // key → {state, image, box, anchor, bitmap, version, since}
    let stamps = new Map();
    let look = { theme: 'dark', scale: 1, size: 1, dpr: 1 }; // size: of symbols alone, labels keep theirs
    const queue = []; // loaded, to be rasterised
    let waiting = [];
    let loading = 0;
    let idle = false;
    const slices = { count: 0, max: 0 };

    function setLook(next) {
      if (['theme', 'scale', 'size', 'dpr'].every((key) => next[key] === look[key])) return;
      const resized = ['scale', 'size', 'dpr'].some((key) => next[key] !== look[key]);
      look = { ...next };
      stamps = new Map();
      if (!resized) return;
      for (const symbol of symbols.values()) {
        if (symbol.state !== 'ready') continue;
        symbol.state = 'loaded'; // until its turn comes, the old size is stretched
        queue.push(symbol);
      }
      rasterLater();
    }

    function ask(key) {
      let symbol = symbols.get(key);
      const again = symbol && symbol.state === 'failed' && performance.now() - symbol.since > RETRY_MS;
      if (symbol && !again) return symbol;
      symbol = { key, state: 'asked', image: null, bitmap: null, version: 0, box: null, anchor: null, since: 0 };
      if (symbols.size >= SYMBOLS) symbols.clear();
      symbols.set(key, symbol);
      waiting.push(symbol);
      load();
      return symbol;
    }

    async function load() {
      while (loading < LOADING && waiting.length) {
        const symbol = waiting.shift();
        loading++;
        fetchSymbol(symbol)
          .then(() => {
            queue.push(symbol);
            rasterLater();
          })
          .catch(() => Object.assign(symbol, { state: 'failed', since: performance.now() }))
          .finally(() => {
            loading--;
            load();
          });
      }
    }

    function rasterLater() {
      if (idle || !queue.length) return;
      idle = true;
      const later = self.requestIdleCallback || ((f) => setTimeout(f, 16));
      later(rasterOne, { timeout: 250 });
    }

    // One an idle moment: each takes up to 10 ms, and what is drawn meanwhile goes first.
    function rasterOne() {
      idle = false;
      const symbol = queue.shift();
      if (symbol) {
        const began = performance.now();
        const unit = look.scale * look.size * look.dpr;
        const canvas = document.createElement('canvas');
        canvas.width = Math.max(1, Math.ceil(symbol.box.width * unit));
        canvas.height = Math.max(1, Math.ceil(symbol.box.height * unit));
        const g = canvas.getContext('2d', { willReadFrequently: true });
        g.drawImage(symbol.image, 0, 0, symbol.box.width * unit, symbol.box.height * unit);
        g.getImageData(0, 0, 1, 1); // now: browsers put drawing off until somebody looks
        symbol.bitmap = canvas;
        symbol.version++;
        symbol.state = 'ready';
        slices.count++;
        slices.max = Math.max(slices.max, performance.now() - began);
        onReady();
      }
      rasterLater();
    }

    /**
     * The sprite of a thing: `{image, x, y, half}` with the anchor in the image in device pixels and, in CSS pixels,
     * half the box that it covers.
     */
    function stamp(thing, light, stale) {
      const symbol = thing.sym ? ask(thing.sym) : null;
      const ready = symbol !== null && symbol.bitmap !== null;
      const badge = light === 'amber' ? thing.state : light;
      const drawing = ready ? `${thing.sym}#${symbol.version}` : `.${thing.domain}`;
      const key = `${drawing}|${badge}|${stale ? 1 : 0}|${TAGS[thing.origin] || ''}`;
      let found = stamps.get(key);
      if (found) return found;
      if (stamps.size >= STAMPS) stamps = new Map();
      found = draw(ready ? symbol : null, thing, badge, stale);
      stamps.set(key, found);
      return found;
    }

    function draw(symbol, thing, badge, stale) {
      const colours = THEMES[look.theme];
      const unit = look.scale * look.size * look.dpr;
      const radius = 5;
      const box = symbol ? symbol.box : { width: 2 * radius, height: 2 * radius };
      const anchor = symbol ? symbol.anchor : { x: radius, y: radius };
      const canvas = document.createElement('canvas');
      canvas.width = Math.ceil((box.width + 2 * PAD) * unit);
      canvas.height = Math.ceil((box.height + 2 * PAD) * unit);
      const g = canvas.getContext('2d');
      g.globalAlpha = stale ? STALE_ALPHA : 1;
      if (symbol) {
        const [w, h] = [Math.ceil(box.width * unit), Math.ceil(box.height * unit)];
        g.drawImage(symbol.bitmap, Math.round(PAD * unit), Math.round(PAD * unit), w, h);
      }
      g.scale(unit, unit);
      g.translate(PAD, PAD);
      if (!symbol) {
        g.fillStyle = colours[thing.domain] || colours.unknown;
        disc(g, radius, radius, radius - 0.5);
        outline(g, colours.halo, 1);
      }
      if (stale) g.globalAlpha = STALE_BADGE_ALPHA;
      // at the symbol's own corner: an S or X beside it makes the drawing wider than the symbol
      const corner = { x: Math.min(box.width, anchor.x + 14), y: Math.min(box.height, anchor.y + 13) };
      if (badge !== 'none') drawBadge(g, badge, corner.x, corner.y, colours);
      g.globalAlpha = 1;
      if (!symbol && TAGS[thing.origin]) drawTag(g, TAGS[thing.origin], colours);
      if (stale) {
        g.setLineDash([4, 3]);
        g.strokeStyle = colours.unknown;
        g.lineWidth = 1.5;
        g.strokeRect(-2.5, -2.5, box.width + 5, box.height + 5);
      }
      return {
        image: canvas,
        x: Math.round((anchor.x + PAD) * unit),
        y: Math.round((anchor.y + PAD) * unit),
        half: { x: (box.width / 2 + 3) * look.scale * look.size, y: (box.height / 2 + 3) * look.scale * look.size },
      };
    }

    /** The dot of a thing when there are too many for symbols: hollow when stale, a diamond when not observed. */
    function dot(thing, light, stale) {
      const colour = light === 'none' || light === 'unknown' ? thing.domain : light;
      const key = `dot|${colour}|${stale ? 1 : 0}|${thing.origin === 'observed' ? 1 : 0}`;
      let found = stamps.get(key);
      if (found) return found;
      const unit = look.scale * look.dpr;
      const colours = THEMES[look.theme];
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = Math.ceil(9 * unit);
      const g = canvas.getContext('2d');
      g.scale(unit, unit);
      g.globalAlpha = stale ? STALE_ALPHA : 1;
      g.fillStyle = g.strokeStyle = colours[colour] || colours.unknown;
      g.lineWidth = 1.2;
      g.beginPath();
      if (thing.origin === 'observed') g.arc(4.5, 4.5, 2.6, 0, 2 * Math.PI);
      else polygon(g, [4.5, 1], [8, 4.5], [4.5, 8], [1, 4.5]);
      if (stale) g.stroke();
      else g.fill();
      const middle = Math.round(4.5 * unit);
      found = { image: canvas, x: middle, y: middle, half: { x: 4 * look.scale, y: 4 * look.scale } };
      stamps.set(key, found);
      return found;
    }

    return {
      stamp,
      dot,
      setLook,
      slices,
      colours: () => THEMES[look.theme],
      look: () => look,
      pending: () => queue.length + waiting.length + loading,
      size: () => stamps.size,
    };
  }

  /** Fetch a symbol and find out where its anchor is: an image alone doesn't tell its own coordinates. */
  async function fetchSymbol(symbol) {
    const address = `/symbols/${encodeURI(symbol.key)}.svg`;
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    const view = /viewBox="\s*([-\d.e]+)[\s,]+([-\d.e]+)[\s,]+([-\d.e]+)[\s,]+([-\d.e]+)/.exec(await answer.text());
    const image = new Image();
    image.src = address; // symbols are immutable: this comes out of the browser's cache
    await image.decode();
    const [x, y, width, height] = view ? view.slice(1).map(Number) : [0, 0, image.width, image.height];
    const military = x < CENTRE && x + width > CENTRE && y < CENTRE && y + height > CENTRE;
    const unit = military ? UNIT : OWN_SIZE / Math.max(width, height);
    symbol.box = { width: width * unit, height: height * unit };
    symbol.anchor = military
      ? { x: (CENTRE - x) * unit, y: (CENTRE - y) * unit }
      : { x: (width * unit) / 2, y: (height * unit) / 2 };
    symbol.image = image;
    symbol.state = 'loaded';
  }

  function disc(g, x, y, radius) {
    g.beginPath();
    g.arc(x, y, radius, 0, 2 * Math.PI);
    g.fill();
  }

  function outline(g, colour, width) {
    g.strokeStyle = colour;
    g.lineWidth = width;
    g.stroke();
  }

  function polygon(g, ...points) {
    g.moveTo(...points[0]);
    for (const point of points.slice(1)) g.lineTo(...point);
    g.closePath();
  }

  function drawBadge(g, badge, right, bottom, colours) {
    const r = 6;
    g.save();
    g.translate(Math.min(right + PAD - r - 1.5, right + 1), Math.min(bottom + PAD - r - 1.5, bottom + 1));
    g.lineJoin = 'round';
    BADGES[badge in BADGES ? badge : 'unknown'](g, r, colours);
    g.restore();
  }

  function glyph(g, text, colour, y = 0.5) {
    g.fillStyle = colour;
    g.font = `800 8.5px ${FONT}`;
    g.textAlign = 'center';
    g.textBaseline = 'middle';
    g.fillText(text, 0, y);
  }

  /** The badge of each state; the keys are `green`, `red`, `unknown` and the two amber states. */
  const BADGES = {
    green(g, r, colours) {
      g.fillStyle = colours.green;
      disc(g, 0, 0, r);
      outline(g, colours.halo, 1.2);
      g.beginPath();
      g.moveTo(-2.9, 0.2);
      g.lineTo(-0.8, 2.4);
      g.lineTo(3, -2.2);
      outline(g, colours.halo, 1.8);
    },
    restricted(g, r, colours) {
      g.beginPath();
      polygon(g, [0, -r - 0.5], [r + 0.8, r - 0.8], [-r - 0.8, r - 0.8]);
      g.fillStyle = colours.amber;
      g.fill();
      outline(g, colours.halo, 1.2);
      glyph(g, '!', '#14202b', 1.6);
    },
    degraded(g, r, colours) {
      g.beginPath();
      polygon(g, [0, -r - 0.8], [r + 0.8, 0], [0, r + 0.8], [-r - 0.8, 0]);
      g.fillStyle = colours.amber;
      g.fill();
      outline(g, colours.halo, 1.2);
      glyph(g, '~', '#14202b');
    },
    red(g, r, colours) {
      g.beginPath();
      g.rect(-r + 0.5, -r + 0.5, 2 * r - 1, 2 * r - 1);
      g.fillStyle = colours.red;
      g.fill();
      outline(g, colours.halo, 1.2);
      g.fillStyle = '#ffffff';
      g.fillRect(-r + 2.3, -1.3, 2 * r - 4.6, 2.6);
    },
    unknown(g, r, colours) {
      g.fillStyle = colours.halo;
      disc(g, 0, 0, r - 0.5);
      outline(g, colours.unknown, 1.6);
      glyph(g, '?', colours.unknown);
    },
  };

  function drawTag(g, letter, colours) {
    g.save();
    g.translate(-1, -1);
    g.beginPath();
    if (letter === 'S') g.rect(-5, -5, 10, 10);
    else polygon(g, [0, -7], [7, 0], [0, 7], [-7, 0]);
    g.fillStyle = colours.tag;
    g.fill();
    outline(g, colours.halo, 1);
    glyph(g, letter, '#ffffff');
    g.restore();
  }

  cop.sprites = { create, THEMES, FONT };
})();
