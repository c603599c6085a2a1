/**
 * Which keys does a page know? One table: what is pressed is looked up in it, and the help is written from it.
 *
 * Any part adds its own: `cop.keys.push({key, says, there, run})`. `there()` (optional) says whether it applies on this
 * page. A row without `run` only tells of a key that the map, a list or a dialog itself listens to.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { byId, element } = cop.desk;

  const TEXT = /^(text|search|number|email|url|tel|password|date|time|datetime-local|)$/;

  /** Whether what has the focus takes letters: no key of the page may be taken from it. */
  function typing(target) {
    if (!target || !target.tagName) return false;
    if (target.tagName === 'INPUT') return TEXT.test(target.type);
    return target.tagName === 'TEXTAREA' || target.tagName === 'SELECT' || Boolean(target.isContentEditable);
  }

  const dialog = () => document.querySelector('[role="dialog"]:not([hidden])');

  /** @type {{key: string, says: string, there?: () => boolean, run?: (event: KeyboardEvent) => void}[]} */
  const keys = (cop.keys = [
    { key: '?', says: 'These keys', there: () => byId('help-open') !== null, run: help },
    { key: 'arrows', says: 'on the map: the nearest thing in that direction, else pan; with Shift always pan', there: map },
    { key: 'Tab', says: 'on the map: from thing to thing; elsewhere from part to part', there: map },
    { key: 'Enter', says: 'choose what is marked; in a dialog do it', there: map },
    { key: '+ −', says: 'on the map: nearer and further', there: map },
  ]);

  function map() {
    return byId('map-box') !== null;
  }

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || dialog()) return;
    const found = keys.find((each) => each.key === event.key && each.run && (!each.there || each.there()));
    if (!found) return;
    if (event.key !== 'Escape') event.preventDefault(); // or the letter would stand in the field that it opens
    found.run(event);
  });

  // -- the help ------------------------------------------------------------------------------------------------------

  function help() {
    if (!byId('help-open')) return;
    self.dash_clientside.set_props('help-dialog', { opened: true });
    whenThere('help-keys', (box) => {
      const table = element('table', 'keys');
      const body = element('tbody');
      for (const each of [...keys].sort((a, b) => Boolean(b.run) - Boolean(a.run))) {
        if (each.there && !each.there()) continue;
        const row = element('tr');
        const head = element('th');
        head.scope = 'row';
        head.append(element('kbd', '', each.key));
        row.append(head, element('td', '', each.says));
        body.append(row);
      }
      table.append(body);
      box.replaceChildren(table);
    });
  }

  /** Do something with an element that a dialog brings, as soon as it is there; not at all when it doesn't come. */
  function whenThere(id, then, tries) {
    const found = byId(id);
    if (found) then(found);
    else if ((tries || 0) < 100) requestAnimationFrame(() => whenThere(id, then, (tries || 0) + 1));
  }

  document.addEventListener('click', (event) => {
    if (event.target.closest && event.target.closest('#help-open')) help();
  });

  cop.desk.typing = typing;
  cop.desk.whenThere = whenThere;
})();
