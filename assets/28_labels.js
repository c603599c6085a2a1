/**
 * Which labels fit on the map without touching one another or a symbol?
 *
 * Pure: boxes in, boxes out. Greedy: who comes first chooses first, each among four places around its symbol.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const CELL = 64; // px

  function touch(a, b) {
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  }

  /** What is taken: rectangles {x, y, w, h} by the cells that they touch. */
  function board() {
    const cells = new Map();

    function* around(box) {
      for (let cy = Math.floor(box.y / CELL); cy <= Math.floor((box.y + box.h) / CELL); cy++) {
        for (let cx = Math.floor(box.x / CELL); cx <= Math.floor((box.x + box.w) / CELL); cx++) yield cy * 65536 + cx;
      }
    }

    return {
      take(box) {
        for (const cell of around(box)) {
          const held = cells.get(cell);
          if (held) held.push(box);
          else cells.set(cell, [box]);
        }
      },
      /** Whether a box touches nothing that is taken, or with `overSymbols` no other label. */
      free(box, overSymbols) {
        for (const cell of around(box)) {
          for (const other of cells.get(cell) || []) {
            if (!(overSymbols && other.symbol) && touch(box, other)) return false;
          }
        }
        return true;
      },
    };
  }

  /** The places that a label may take beside its symbol, the best first. */
  function places({ x, y, dx, dy, w, h }) {
    return [
      { x: x + dx + 2, y: y - h / 2, w, h },
      { x: x - dx - 2 - w, y: y - h / 2, w, h },
      { x: x - w / 2, y: y + dy + 1, w, h },
      { x: x - w / 2, y: y - dy - 1 - h, w, h },
    ];
  }

  /**
   * Find a place for one label and take it.
   * @param {object} taken a `board`
   * @param {{x, y, dx, dy, w, h: number, must?: boolean}} label its symbol's middle and half size, its own size; one
   *   that must be read may lie over a symbol, never over another label
   * @returns {?{x, y, w, h: number}}
   */
  function place(taken, label, width, height) {
    for (const overSymbols of label.must ? [false, true] : [false]) {
      for (const box of places(label)) {
        if (box.x < 0 || box.y < 0 || box.x + box.w > width || box.y + box.h > height) continue;
        if (!taken.free(box, overSymbols)) continue;
        taken.take(box);
        return box;
      }
    }
    return null;
  }

  cop.labels = { board, place };
})();
