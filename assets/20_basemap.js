/**
 * What lies under the things when there is no Internet? Land, water, borders, roads and railways, drawn from one file.
 *
 * `layer()` is a Leaflet grid layer whose tiles are canvases; `places()` says which names to write, and the caller
 * writes them, because names have to make room for symbols. dashboard/basemap.py makes the file and tells its format.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const FILE = '/assets/basemap.json';
  const VERSION = 1;
  const TILE = 256; // CSS pixels
  const OVERLAP = 1; // tiles lap over by this, or scaling by half zooms shows the page between them
  const MARGIN = 6; // what is this far outside a tile can still be seen in it: half of the widest stroke, and a bit
  const SLICE_MS = 6; // drawing time in one animation frame,
  const SLICE_TILES = 4; // and tiles, since the browser puts off a part of the work to the frame's end
  const WHOLE_ZOOM = 12; // from here on nothing is left out
  const SPECK_PX = 1.2; // what is smaller is left out
  const COARSE_PX = 0.7; // below it, points nearer than this to the one before are left out
  const RETRY_MS = [2000, 30000];
  const STATES = ['EE', 'LV', 'LT'];
  const CREDITS = ['© OpenStreetMap contributors (ODbL)', 'GSHHG / WDBII (LGPL)', 'GeoNames (CC BY 4.0)'];
  const KINDS = ['country', 'capital', 'sea', 'city', 'town', 'island', 'lake', 'road', 'village'];

  const THEMES = {
    dark: {
      sea: '#0f1924',
      land: '#18222d',
      state: '#1f2b38',
      water: '#12202e',
      shore: '#35506a',
      coast: '#46607a',
      river: '#2d4f6e',
      limit: '#35536f',
      border: '#93a5b9',
      edge: '#111a24',
      rail: '#566472',
      sleeper: '#232e3a',
      road: '#3d4d5d',
      corridor: '#74869a',
      casing: '#121b25',
    },
    light: {
      sea: '#d5e2ea',
      land: '#f0ede5',
      state: '#fbf9f3',
      water: '#c6d9e5',
      shore: '#a9c3d3',
      coast: '#8aa5b7',
      river: '#a3c3d8',
      limit: '#8fabc0',
      border: '#5d5664',
      edge: '#ffffff',
      rail: '#8b8f95',
      sleeper: '#fbf9f3',
      road: '#cdc3b2',
      corridor: '#c79a5b',
      casing: '#ffffff',
    },
  };

  /** Widths in CSS pixels at zooms 5, 8, 11 and 14; 0 leaves the stroke out. */
  const WIDTHS = {
    shore: [0, 0.5, 0.8, 1],
    coast: [0.6, 0.8, 1.1, 1.5],
    river: [0, 0.9, 1.6, 2.6],
    limit: [0, 0.8, 1.1, 1.3],
    border: [0.9, 1.3, 1.9, 2.4],
    edge: [2.2, 3.4, 4.6, 5.6],
    rail: [0, 0.9, 1.8, 2.6],
    road: [0, 0.7, 1.4, 2.2],
    corridor2: [0, 1, 2, 3],
    corridor1: [0.7, 1.5, 2.8, 4.2],
  };

  /** How much of the roads and railways is seen, up to so many degrees from the core: no network ends at an edge. */
  const FADING = [
    { degrees: 0.2, alpha: 1 },
    { degrees: 2, alpha: 0.7 },
    { degrees: 4, alpha: 0.45 },
    { degrees: Infinity, alpha: 0.25 },
  ];
  const SHADE = 2.5 / 360; // the map turns into sea over this width inside its outermost edge

  // -- reading -------------------------------------------------------------------------------------------------------

  /** Web Mercator as a square from 0 to 1, y down. */
  const projectX = (lon) => (lon + 180) / 360;
  const projectY = (lat) => 0.5 - Math.atanh(Math.sin((lat * Math.PI) / 180)) / (2 * Math.PI);

  /** A line or ring: projected points x0, y0, x1, y1 … and their box (west, north, east, south). */
  function part(steps, file, closed) {
    const [lon0, lat0] = file.extent;
    const xy = new Float64Array(steps.length + (closed ? 2 : 0));
    const box = [1, 1, 0, 0];
    let lon = 0;
    let lat = 0;
    for (let i = 0; i < steps.length; i += 2) {
      lon += steps[i];
      lat += steps[i + 1];
      const x = (xy[i] = projectX(lon0 + lon * file.quantum));
      const y = (xy[i + 1] = projectY(lat0 + lat * file.quantum));
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x > box[2]) box[2] = x;
      if (y > box[3]) box[3] = y;
    }
    if (closed) xy.set([xy[0], xy[1]], steps.length);
    return { xy, box, size: Math.max(box[2] - box[0], box[3] - box[1]), byZoom: [] };
  }

  /** The parts of a layer's features that `want` picks. */
  function parts(file, name, want) {
    const layer = file.layers[name];
    const found = [];
    for (const feature of layer.features) {
      if (want && !want(feature)) continue;
      for (const steps of feature.parts) found.push(part(steps, file, layer.type === 'polygon'));
    }
    return found;
  }

  function place(feature, file) {
    const [x, y] = feature.parts[0];
    return {
      lon: file.extent[0] + x * file.quantum,
      lat: file.extent[1] + y * file.quantum,
      text: feature.text,
      name: feature.text,
      kind: feature.kind,
      rank: feature.rank,
      minzoom: feature.minzoom,
      maxzoom: feature.maxzoom || 99,
      nation: feature.nation || '',
    };
  }

  /** Lines by how far they are from the core: near ones are drawn in full, the others fade away (`FADING`). */
  function byDistance(lines, file) {
    const bands = FADING.map(() => []);
    const [west, south, east, north] = file.bbox;
    const core = [projectX(west), projectY(north), projectX(east), projectY(south)];
    for (const line of lines) {
      const x = (line.box[0] + line.box[2]) / 2;
      const y = (line.box[1] + line.box[3]) / 2;
      const away = 360 * Math.max(core[0] - x, x - core[2], core[1] - y, y - core[3]);
      bands[FADING.findIndex((band) => away <= band.degrees)].push(line);
    }
    return bands;
  }

  const before = (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.rank - b.rank;

  /** The file as it is drawn. */
  function decode(file) {
    if (file.version !== VERSION) throw new Error(`basemap.json is of version ${file.version}, not ${VERSION}`);
    const far = (i) => {
      const near = file.extent[i - 2];
      return near + Math.round((file.extent[i] - near) / file.quantum) * file.quantum;
    };
    const found = {
      frame: [projectX(file.extent[0]), projectY(far(3)), projectX(far(2)), projectY(file.extent[1])],
      land: parts(file, 'land', (feature) => !STATES.includes(feature.nation)),
      state: parts(file, 'land', (feature) => STATES.includes(feature.nation)),
      lakes: parts(file, 'lakes'),
      rivers: parts(file, 'rivers'),
      limits: parts(file, 'sea_limits'),
      borders: parts(file, 'borders'),
      rails: byDistance(parts(file, 'railways'), file),
      roads: byDistance(parts(file, 'roads'), file),
      corridors1: parts(file, 'corridors', (feature) => feature.class === 1),
      corridors2: parts(file, 'corridors', (feature) => feature.class !== 1),
      places: ['towns', 'labels'].flatMap((name) => file.layers[name].features.map((f) => place(f, file))).sort(before),
      placesByZoom: new Map(),
      prepared: new Map(),
    };
    const drawn = ({ frame, places: names, placesByZoom, prepared, ...layers }) => Object.values(layers).flat(2);
    return { ...found, lines: drawn(found) };
  }

  // -- from the file to a tile ---------------------------------------------------------------------------------------

  /** The points of a part that differ at a zoom. The same for all tiles, so that they meet. */
  function pointsAt(line, zoom) {
    if (zoom >= WHOLE_ZOOM) return line.xy;
    const known = line.byZoom[zoom];
    if (known) return known;
    const { xy } = line;
    const least = (COARSE_PX / (TILE * 2 ** zoom)) ** 2;
    const kept = new Float64Array(xy.length);
    kept[0] = xy[0];
    kept[1] = xy[1];
    let n = 2;
    for (let i = 2; i < xy.length; i += 2) {
      const dx = xy[i] - kept[n - 2];
      const dy = xy[i + 1] - kept[n - 1];
      if (dx * dx + dy * dy < least && i < xy.length - 2) continue;
      kept[n++] = xy[i];
      kept[n++] = xy[i + 1];
    }
    return (line.byZoom[zoom] = n === xy.length ? xy : kept.slice(0, n));
  }

  /** Work out `pointsAt` for all of the map at a zoom, until a moment; whether that is done. */
  function prepare(zoom, until) {
    if (zoom >= WHOLE_ZOOM) return true;
    let i = map.prepared.get(zoom) || 0;
    for (; i < map.lines.length && performance.now() < until; i += 1) pointsAt(map.lines[i], zoom);
    map.prepared.set(zoom, i);
    return i === map.lines.length;
  }

  const meets = ([west, north, east, south], tile) =>
    west <= tile.east && east >= tile.west && north <= tile.south && south >= tile.north;

  const within = ([west, north, east, south], tile) =>
    west >= tile.west && east <= tile.east && north >= tile.north && south <= tile.south;

  /** Where a tile lies, its margin included, and how its points become pixels of its canvas. */
  function tileOf(coords, ratio, pen) {
    const world = TILE * 2 ** coords.z;
    const west = coords.x / 2 ** coords.z;
    const north = coords.y / 2 ** coords.z;
    return {
      zoom: coords.z,
      ratio,
      pen: ratio * pen,
      scale: world * ratio,
      left: west * world * ratio,
      top: north * world * ratio,
      west: west - MARGIN / world,
      north: north - MARGIN / world,
      east: west + (TILE + OVERLAP + MARGIN) / world,
      south: north + (TILE + OVERLAP + MARGIN) / world,
    };
  }

  let inPoints = new Float64Array(1 << 12);
  let outPoints = new Float64Array(1 << 12);

  /** One side of Sutherland and Hodgman's clipping, from `inPoints` to `outPoints`; gives the count of numbers. */
  function clipSide(count, axis, edge, sign) {
    if (outPoints.length < 2 * count + 8) outPoints = new Float64Array(4 * count + 8);
    let n = 0;
    for (let i = 0; i < count; i += 2) {
      const j = i ? i - 2 : count - 2;
      const here = sign * (inPoints[i + axis] - edge);
      const last = sign * (inPoints[j + axis] - edge);
      if (here >= 0 !== last >= 0) {
        const t = last / (last - here);
        outPoints[n++] = inPoints[j] + t * (inPoints[i] - inPoints[j]);
        outPoints[n++] = inPoints[j + 1] + t * (inPoints[i + 1] - inPoints[j + 1]);
      }
      if (here >= 0) {
        outPoints[n++] = inPoints[i];
        outPoints[n++] = inPoints[i + 1];
      }
    }
    [inPoints, outPoints] = [outPoints, inPoints];
    return n;
  }

  /** A ring cut to the tile, in `inPoints`. Its cut edges lie in the margin and are never stroked. */
  function clipRing(xy, tile) {
    if (inPoints.length < xy.length) inPoints = new Float64Array(2 * xy.length);
    inPoints.set(xy);
    let n = xy.length;
    n = clipSide(n, 0, tile.west, 1);
    n = clipSide(n, 0, tile.east, -1);
    n = clipSide(n, 1, tile.north, 1);
    return clipSide(n, 1, tile.south, -1);
  }

  function traceRing(g, points, count, tile) {
    if (count < 6) return;
    const { scale, left, top } = tile;
    g.moveTo(points[0] * scale - left, points[1] * scale - top);
    for (let i = 2; i < count; i += 2) g.lineTo(points[i] * scale - left, points[i + 1] * scale - top);
    g.closePath();
  }

  /** Fill rings; a ring inside another is a hole, and neighbours in one call leave no seam. */
  function fill(g, rings, tile, colour) {
    g.beginPath();
    const least = SPECK_PX / (TILE * 2 ** tile.zoom);
    for (const ring of rings) {
      if (ring.size < least || !meets(ring.box, tile)) continue;
      const xy = pointsAt(ring, tile.zoom);
      if (within(ring.box, tile)) traceRing(g, xy, xy.length, tile);
      else {
        const count = clipRing(xy, tile);
        traceRing(g, inPoints, count, tile);
      }
    }
    g.fillStyle = colour;
    g.fill('evenodd');
  }

  const onFrame = (x0, y0, x1, y1, frame) =>
    (x0 === x1 && (x0 === frame[0] || x0 === frame[2])) || (y0 === y1 && (y0 === frame[1] || y0 === frame[3]));

  /** Stroke the segments that meet the tile. A dash goes on as if the whole line had been drawn: tiles agree on it. */
  function stroke(g, lines, tile, { colour, width, dash, frame, alpha = 1 }) {
    g.strokeStyle = colour;
    g.globalAlpha = alpha;
    g.lineWidth = width * tile.pen;
    g.setLineDash(dash ? dash.map((length) => length * tile.pen) : []);
    g.lineCap = dash ? 'butt' : 'round';
    g.beginPath();
    const least = SPECK_PX / (TILE * 2 ** tile.zoom);
    for (const line of lines) {
      if (line.size >= least && meets(line.box, tile)) traceLine(g, pointsAt(line, tile.zoom), tile, dash, frame);
    }
    g.stroke();
    g.setLineDash([]);
    g.globalAlpha = 1;
  }

  function traceLine(g, xy, tile, dash, frame) {
    const { scale, left, top, west, north, east, south } = tile;
    let drawing = false;
    let along = 0;
    for (let i = 2; i < xy.length; i += 2) {
      const x0 = xy[i - 2];
      const y0 = xy[i - 1];
      const x1 = xy[i];
      const y1 = xy[i + 1];
      const seen =
        (x0 <= east || x1 <= east) &&
        (x0 >= west || x1 >= west) &&
        (y0 <= south || y1 <= south) &&
        (y0 >= north || y1 >= north);
      if (!seen || (frame && onFrame(x0, y0, x1, y1, frame))) drawing = false;
      else if (dash) dashed(g, x0, y0, x1, y1, tile, along);
      else {
        if (!drawing) g.moveTo(x0 * scale - left, y0 * scale - top);
        g.lineTo(x1 * scale - left, y1 * scale - top);
        drawing = true;
      }
      if (dash) along += Math.hypot(x1 - x0, y1 - y0) * scale;
    }
  }

  /** One segment of a dashed line, only where it is near the tile: dashing all of a long one takes seconds. */
  function dashed(g, x0, y0, x1, y1, tile, along) {
    const { scale, left, top } = tile;
    const length = Math.hypot(x1 - x0, y1 - y0) * scale;
    const [midX, midY] = [(tile.west + tile.east) / 2, (tile.north + tile.south) / 2];
    const middle = (midX - x0) * (x1 - x0) + (midY - y0) * (y1 - y0);
    const reach = (tile.east - tile.west) * scale;
    const nearest = length ? (middle * scale * scale) / length : 0;
    const from = Math.max(0, nearest - reach) / (length || 1);
    const to = Math.min(length, nearest + reach) / (length || 1);
    g.stroke();
    g.beginPath();
    g.lineDashOffset = (along + from * length) % g.getLineDash().reduce((sum, dash) => sum + dash, 0);
    g.moveTo((x0 + from * (x1 - x0)) * scale - left, (y0 + from * (y1 - y0)) * scale - top);
    g.lineTo((x0 + to * (x1 - x0)) * scale - left, (y0 + to * (y1 - y0)) * scale - top);
  }

  function widthAt(name, zoom) {
    const widths = WIDTHS[name];
    const at = Math.min(Math.max((zoom - 5) / 3, 0), widths.length - 1);
    const i = Math.min(Math.floor(at), widths.length - 2);
    return widths[i] + (at - i) * (widths[i + 1] - widths[i]);
  }

  /** Draw one tile. Pure but for the canvas. */
  function draw(g, map, tile, colours) {
    const side = (TILE + OVERLAP) * tile.ratio;
    g.fillStyle = colours.sea;
    g.fillRect(0, 0, side, side);
    if (!map) return;
    g.lineJoin = 'round';
    const width = (name) => widthAt(name, tile.zoom);
    const line = (lines, colour, wide, more) => wide > 0 && stroke(g, lines, tile, { colour, width: wide, ...more });
    fill(g, [...map.land, ...map.state], tile, colours.land);
    fill(g, map.state, tile, colours.state);
    line(map.rivers, colours.river, width('river'));
    fill(g, map.lakes, tile, colours.water);
    line(map.lakes, colours.shore, width('shore'));
    line(map.limits, colours.limit, width('limit'), { dash: [5, 4] });
    line(map.land, colours.coast, width('coast'), { frame: map.frame });
    line(map.state, colours.coast, width('coast'), { frame: map.frame });
    drawWays(line, map, tile, colours, width);
    line(map.borders, colours.edge, width('edge'));
    line(map.borders, colours.border, width('border'));
    shade(g, map.frame, tile, colours.sea);
  }

  function drawWays(line, map, tile, colours, width) {
    FADING.forEach(({ alpha }, band) => {
      line(map.roads[band], colours.road, width('road'), { alpha });
      line(map.rails[band], colours.rail, width('rail'), { alpha });
      if (tile.zoom >= 9) line(map.rails[band], colours.sleeper, width('rail') * 0.5, { dash: [6, 6], alpha });
    });
    for (const name of ['2', '1']) {
      const wide = width(`corridor${name}`);
      if (tile.zoom >= 7) line(map[`corridors${name}`], colours.casing, wide + 1.6);
    }
    for (const name of ['2', '1']) line(map[`corridors${name}`], colours.corridor, width(`corridor${name}`));
  }

  /** Let the map end in sea, not in a cut. */
  function shade(g, frame, tile, sea) {
    const side = (TILE + OVERLAP) * tile.ratio;
    const sides = [
      [0, frame[0], 1],
      [1, frame[1], 1],
      [0, frame[2], -1],
      [1, frame[3], -1],
    ];
    for (const [axis, edge, inward] of sides) {
      const from = edge * tile.scale - (axis ? tile.top : tile.left);
      const to = from + inward * SHADE * tile.scale;
      if (inward > 0 ? to < 0 : to > side) continue;
      const colour = axis ? g.createLinearGradient(0, from, 0, to) : g.createLinearGradient(from, 0, to, 0);
      colour.addColorStop(0, sea);
      colour.addColorStop(1, `${sea}00`);
      g.fillStyle = colour;
      g.fillRect(0, 0, side, side);
    }
  }

  // -- loading -------------------------------------------------------------------------------------------------------

  let map = null;
  let loading = null;

  /** Fetch and read the file once; when that fails, again and again, since a wall display is never reloaded. */
  function load(url, onTrouble) {
    if (!loading) loading = attempt(url || FILE, onTrouble || (() => {}), 0);
    return loading;
  }

  async function attempt(url, onTrouble, failures) {
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      map = decode(await response.json());
      return map;
    } catch (error) {
      onTrouble(error);
      const pause = Math.min(RETRY_MS[0] * 2 ** failures, RETRY_MS[1]);
      await new Promise((done) => setTimeout(done, pause));
      return attempt(url, onTrouble, failures + 1);
    }
  }

  // -- the layer -----------------------------------------------------------------------------------------------------

  const timing = { tiles: 0, ms: 0, worst: 0 };
  let Basemap = null;

  /** The canvas of a tile is made when it is drawn: Leaflet asks for a hundred tiles in one go. */
  function paint(tile, colours, pen) {
    const began = performance.now();
    if (!tile.g) tile.g = canvasIn(tile);
    draw(tile.g, map, tileOf(tile.coords, tile.ratio, pen), colours);
    const took = performance.now() - began;
    timing.tiles += 1;
    timing.ms += took;
    timing.worst = Math.max(timing.worst, took);
  }

  function canvasIn(tile) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = Math.ceil((TILE + OVERLAP) * tile.ratio);
    const side = canvas.width / tile.ratio;
    canvas.style.cssText = `position:absolute;left:0;top:0;width:${side}px;height:${side}px`;
    tile.element.append(canvas);
    return canvas.getContext('2d', { alpha: false });
  }

  /** The subclass is made when it is first wanted: Leaflet need not be there when this script is read. */
  function basemapClass(L) {
    return L.GridLayer.extend({
      options: { tileSize: TILE, zIndex: 0, noWrap: true, updateWhenZooming: false, theme: 'dark', pen: 1, url: FILE },

      initialize(options) {
        L.GridLayer.prototype.initialize.call(this, options);
        this.copTiles = new Map();
        this.copQueue = [];
        this.copFrame = 0;
        this.on('tileunload', (event) => this.copTiles.delete(event.tile));
        load(this.options.url, (error) => this.fire('basemaperror', { error })).then(() => {
          this.copPump();
          this.fire('basemapready');
        });
      },

      createTile(coords, done) {
        const ratio = Math.min(2, Math.max(1, self.devicePixelRatio || 1));
        const tile = { element: document.createElement('div'), g: null, coords, ratio, done };
        this.copTiles.set(tile.element, tile);
        this.copQueue.push(tile);
        this.copPump();
        return tile.element;
      },

      /** `dark` or `light`; the tiles are painted over where they are, so that nothing flashes. */
      setTheme(name) {
        if (name === this.options.theme || !THEMES[name]) return this;
        this.options.theme = name;
        this.copQueue = [...this.copTiles.values()];
        this.copPump();
        return this;
      },

      copPump() {
        if (!this.copFrame && map && this.copQueue.length) this.copFrame = requestAnimationFrame(() => this.copSlice());
      },

      copSlice() {
        this.copFrame = 0;
        if (!this.copQueue.length) return;
        const until = performance.now() + SLICE_MS;
        const colours = THEMES[this.options.theme];
        const { ratio } = this.copQueue[0];
        if (!prepare(this.copQueue[0].coords.z, until)) {
          this.copPump();
          return;
        }
        for (let n = 0; this.copQueue.length && n < SLICE_TILES / ratio && performance.now() < until; ) {
          const tile = this.copQueue.shift();
          if (!this.copTiles.has(tile.element)) continue;
          paint(tile, colours, this.options.pen);
          n += 1;
          if (tile.done) tile.done(null, tile.element);
          tile.done = null;
        }
        this.copPump();
      },
    });
  }

  /**
   * A layer to add to a map. It fires `basemapready` once, and `basemaperror` with each failed attempt to load.
   * @param {{theme?: 'dark'|'light', pen?: number, url?: string}} [options] `pen` up to 2 makes lines wider, for a wall
   */
  function layer(options) {
    Basemap = Basemap || basemapClass(self.L);
    return new Basemap(options);
  }

  /**
   * The names to write at a zoom, the most important first; none before the file is there.
   * @returns {{lon: number, lat: number, text: string, kind: string, rank: number, minzoom: number}[]}
   */
  function places(zoom) {
    if (!map) return [];
    const step = Math.floor(zoom);
    if (!map.placesByZoom.has(step)) {
      const shown = map.places.filter((found) => found.minzoom <= step && step <= found.maxzoom);
      map.placesByZoom.set(step, shown);
    }
    return map.placesByZoom.get(step);
  }

  cop.basemap = {
    layer,
    places,
    load,
    decode,
    /** Whom to name on the map, before the file is loaded too. */
    credits: () => CREDITS,
    /** How many tiles were drawn, in how many ms, and the slowest. */
    timing: () => ({ ...timing }),
    THEMES: Object.keys(THEMES),
  };
})();
