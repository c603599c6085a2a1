/**
 * How does a person say which part of the map is meant? A box or a polygon, drawn by mouse, finger or keys.
 *
 * A click, or Enter at the cross in the middle of the map, sets a corner; a drag or the arrow keys still move the map.
 * While an area is drawn nothing else is chosen by clicks and keys on the map. What is drawn becomes a filter.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, byId, element, write, hide, on } = cop.desk;

  const STILL_PX = 5; // a press that moves further is a drag of the map
  const CLOSE_PX = 12; // a click so near the first or the newest corner ends a polygon
  const STEP_PX = 80; // by which an arrow key moves the map
  const FINE_PX = 10; // with Shift
  const PANE = 'area';
  const PANE_Z = 610; // over the basemap, under the things
  const DECIMALS = 5; // of a degree: a metre
  const KM = 111.32; // of a degree of latitude
  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

  let drawing = null; // {box, corners: [lon, lat][], at: [lon, lat] of the pointer or the cross}
  let pressed = null;
  let lines = null; // what is outlined on the map

  // -- geometry -------------------------------------------------------------------------------------------------------

  const rounded = (latlng) => [Number(latlng.lng.toFixed(DECIMALS)), Number(latlng.lat.toFixed(DECIMALS))];

  /** The corners of the box that has these two opposite ones. */
  function boxOf([west, south], [east, north]) {
    return [[west, south], [east, south], [east, north], [west, north]];
  }

  function isBox(corners) {
    if (corners.length !== 4) return false;
    const [[a, b], [c, d], [e, f], [g, h]] = corners;
    return b === d && c === e && f === h && g === a;
  }

  /** An area in words: `Box, 41 × 22 km`, `Polygon of 5 corners, 830 km²`. */
  function name(corners) {
    const lats = corners.map(([, lat]) => lat);
    const lons = corners.map(([lon]) => lon);
    const [south, north] = [Math.min(...lats), Math.max(...lats)];
    const east = KM * Math.cos((((south + north) / 2) * Math.PI) / 180); // km of a degree of longitude
    if (isBox(corners)) {
      return `Box, ${km((Math.max(...lons) - Math.min(...lons)) * east)} × ${km((north - south) * KM)} km`;
    }
    let twice = 0;
    corners.forEach(([lon, lat], i) => {
      const [nextLon, nextLat] = corners[(i + 1) % corners.length];
      twice += (lon * nextLat - nextLon * lat) * east * KM;
    });
    return `Polygon of ${corners.length} corners, ${km(Math.abs(twice) / 2)} km²`;
  }

  const km = (value) => (value < 10 ? value.toFixed(1) : String(Math.round(value)));

  // -- on the map -----------------------------------------------------------------------------------------------------

  /** Outline the area of the filter, or what is being drawn. */
  function outline() {
    if (!page.map) return;
    if (lines) lines.remove();
    lines = null;
    const shape = drawing ? drawn() : page.filter && page.filter.area;
    if (!shape || !shape.length) return;
    const { map } = page;
    if (!map.getPane(PANE)) {
      const pane = map.createPane(PANE);
      pane.style.zIndex = PANE_Z;
      pane.style.pointerEvents = 'none';
    }
    const look = { pane: PANE, renderer: renderer(map), interactive: false };
    const places = shape.map(([lon, lat]) => [lat, lon]);
    const parts = [L.polygon(places, { ...look, className: drawing ? 'area-line drawn' : 'area-line' })];
    if (drawing) {
      for (const [lon, lat] of drawing.corners) {
        parts.push(L.circleMarker([lat, lon], { ...look, radius: 4, className: 'area-corner' }));
      }
    }
    lines = L.layerGroup(parts).addTo(map);
  }

  const renderers = new WeakMap(); // map → where its outlines are drawn

  function renderer(map) {
    if (!renderers.has(map)) renderers.set(map, L.svg({ pane: PANE, padding: 1 }));
    return renderers.get(map);
  }

  function drawn() {
    const { box, corners, at } = drawing;
    if (!at || !corners.length) return corners;
    return box ? boxOf(corners[0], at) : [...corners, at];
  }

  // -- drawing --------------------------------------------------------------------------------------------------------

  const LISTENED = { pointerdown: press, click, dblclick: swallow, pointermove: point };

  function begin(box) {
    end();
    if (!page.map) return;
    if (document.body.classList.contains('picking')) {
      document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' })); // one thing at a time
    }
    drawing = { box, corners: [], at: null };
    const container = page.map.getContainer();
    document.body.classList.add('drawing');
    page.map.doubleClickZoom.disable();
    for (const [event, listener] of Object.entries(LISTENED)) container.addEventListener(event, listener, true);
    byId('map-box').append(strip(), element('div', 'area-cross'));
    container.focus({ preventScroll: true });
    tell();
    outline();
  }

  /** Stop drawing: with an area it becomes the filter, without one all stays as it was. */
  function end(area) {
    if (!drawing) return;
    drawing = null;
    const container = page.map.getContainer();
    document.body.classList.remove('drawing');
    page.map.doubleClickZoom.enable();
    for (const [event, listener] of Object.entries(LISTENED)) container.removeEventListener(event, listener, true);
    for (const made of document.querySelectorAll('#area-strip, .area-cross')) made.remove();
    if (area) put(cop.filter.areaText(area));
    outline();
  }

  function put(text) {
    self.dash_clientside.set_props('filter-area', { data: text });
    hide('area-trouble', true);
  }

  /** What to do, and the buttons that do without knowing the keys. */
  function strip() {
    const made = element('div');
    made.id = 'area-strip';
    const said = element('span');
    said.id = 'area-said';
    said.setAttribute('role', 'status');
    const finish = element('button', 'quiet', 'Finish');
    finish.id = 'area-finish';
    finish.addEventListener('click', close);
    const cancel = element('button', 'quiet', 'Cancel');
    cancel.id = 'area-cancel';
    cancel.addEventListener('click', () => end());
    made.append(said, element('small', '', 'Keys: arrows move the map, Enter sets a corner at the cross, Backspace takes it back, Escape ends.'), finish, cancel);
    return made;
  }

  function tell() {
    const { box, corners } = drawing;
    const n = corners.length;
    if (box) write('area-said', n ? 'Click the opposite corner of the box.' : 'Click the first corner of the box.');
    else if (n < 3) write('area-said', ['Click the first corner.', 'Click the next corner.', 'Click a third corner.'][n]);
    else write('area-said', 'Click more corners; click the first one again, or press F, to finish.');
    hide('area-finish', box || n < 3);
  }

  /** Set a corner. Near the first or the newest one it ends a polygon. */
  function corner(latlng) {
    const { box, corners } = drawing;
    const place = rounded(latlng);
    if (box && corners.length) {
      const [lon, lat] = corners[0];
      if (lon !== place[0] && lat !== place[1]) end(boxOf(corners[0], place));
      return;
    }
    if (!box && corners.length) {
      const px = ([lon, lat]) => page.map.latLngToContainerPoint([lat, lon]).distanceTo(page.map.latLngToContainerPoint(latlng));
      if (px(corners[corners.length - 1]) <= STILL_PX || (corners.length > 2 && px(corners[0]) <= CLOSE_PX)) {
        close();
        return;
      }
    }
    corners.push(place);
    tell();
    outline();
  }

  function close() {
    if (drawing && !drawing.box && drawing.corners.length > 2) end(drawing.corners);
  }

  // -- mouse and finger -----------------------------------------------------------------------------------------------

  function press(event) {
    pressed = [event.clientX, event.clientY];
  }

  function swallow(event) {
    event.stopImmediatePropagation();
  }

  /** The click is a corner and nothing else: no thing is chosen by it. */
  function click(event) {
    event.stopImmediatePropagation();
    const moved = pressed ? Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) : 0;
    if (moved <= STILL_PX) corner(page.map.mouseEventToLatLng(event));
  }

  let frame = 0;
  function point(event) {
    if (!drawing.corners.length) return;
    drawing.at = rounded(page.map.mouseEventToLatLng(event));
    if (!frame) {
      frame = requestAnimationFrame(() => {
        frame = 0;
        if (drawing) outline();
      });
    }
  }

  // -- keys -----------------------------------------------------------------------------------------------------------

  /** Before the map's own keys and the page's: while an area is drawn they mean this. */
  function key(event) {
    if (!drawing || event.ctrlKey || event.metaKey || event.altKey) return;
    const elsewhere = event.target.closest && event.target.closest('input, textarea, select, button, a, [role="tab"]');
    if (event.key === 'Escape') end();
    else if (elsewhere) return;
    else if (event.key === 'Enter') corner(page.map.getCenter());
    else if (event.key === 'Backspace') back();
    else if (event.key === 'f' || event.key === 'F') close();
    else if (event.key in ARROWS) pan(ARROWS[event.key], event.shiftKey ? FINE_PX : STEP_PX);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function pan([x, y], step) {
    page.map.panBy([x * step, y * step], { animate: false });
    if (drawing.corners.length) drawing.at = rounded(page.map.getCenter());
    outline();
  }

  function back() {
    drawing.corners.pop();
    drawing.at = null;
    tell();
    outline();
  }

  document.addEventListener('keydown', key, true);
  document.addEventListener('click', (event) => {
    const { id } = event.target;
    if (id === 'area-box' || id === 'area-polygon') begin(id === 'area-box');
    else if (id === 'area-clear') put('');
    else if (event.target.closest('[data-pick]')) end();
  });
  on('filter', () => {
    hide('area-clear', !(page.filter && page.filter.area));
    outline();
  });
  on('map', outline);

  cop.area = { name, begin, end, drawing: () => drawing !== null };
})();
