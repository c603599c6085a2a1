/**
 * What wants attention? The list of alerts, its count in the tab and at the bell, what is said aloud, and the sound.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined' || !cop.office) return;
  const { page, byId, element, write, hide, clock, on } = cop.desk;
  const { recall, remember, who, asMe, ask, get, send, tab, pressed, say, forWorld } = cop.office;

  const MARKS = { red: '■', amber: '▲' };
  const SILENT_MS = 20000;
  const ASK_MS = 15000;
  const PAUSE_MS = 300;
  const ROWS = 300;
  const TOLD = 500; // alerts that are remembered as announced
  const SPOKEN_MS = 8000; // how long what is read aloud stays, so that it is read once
  const BEEPS = [
    [0, 880],
    [0.16, 660],
    [0.32, 880],
  ]; // seconds, Hz

  let alerts = [];
  let watched = null;
  let heard = false; // whether the list ever came
  let trouble = '';
  let asking = null;

  // -- asking --------------------------------------------------------------------------------------------------------

  /** Ask for the list, soon; one question at a time. */
  function wanted() {
    if (asking === null) asking = setTimeout(look, PAUSE_MS);
  }

  async function look() {
    if (page.kind !== 'staff' || page.picture.world === null) { // nobody knows the world before its picture has come
      asking = null;
      return;
    }
    try {
      const told = await get('alerts');
      alerts = told.alerts;
      watched = told.watched;
      trouble = '';
      announce();
      heard = true;
    } catch (error) {
      trouble = error.message;
    }
    asking = null;
    draw();
  }

  // -- saying it aloud -----------------------------------------------------------------------------------------------

  const known = new Set();
  const name = (alert) => `${page.world} ${alert.key} ${alert.raised}`;

  /** Each alert once, in all tabs of this browser; those that stood when the page came together in one sentence. */
  function announce() {
    const before = recall('announced', []);
    for (const each of before) known.add(each);
    const fresh = alerts.filter((each) => each.cleared === null && !each.acknowledged && !known.has(name(each)));
    if (!fresh.length) return;
    for (const each of fresh) known.add(name(each));
    remember('announced', [...before, ...fresh.map(name)].slice(-TOLD));
    const red = fresh.filter((each) => each.severity === 'red');
    if (!heard) {
      speak('say-in-turn', counted(fresh.length, red.length));
      return;
    }
    const amber = fresh.filter((each) => each.severity !== 'red');
    if (red.length) speak('say-at-once', red.map((each) => `Red alert: ${each.text}`).join('. '));
    if (amber.length) speak('say-in-turn', amber.map((each) => `Amber alert: ${each.text}`).join('. '));
    if (red.length && recall('sound', false)) sound();
  }

  function speak(id, text) {
    write(id, text);
    setTimeout(() => byId(id) && byId(id).textContent === text && write(id, ''), SPOKEN_MS);
  }

  let audio = null;

  /** Three short tones. A browser plays none before its page was clicked or typed into. */
  function sound() {
    const Audio = self.AudioContext || self.webkitAudioContext;
    if (!Audio) return;
    audio = audio || new Audio();
    audio.resume();
    for (const [after, pitch] of BEEPS) {
      const tone = audio.createOscillator();
      const loud = audio.createGain();
      const from = audio.currentTime + after;
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.0001, from);
      loud.gain.exponentialRampToValueAtTime(0.3, from + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, from + 0.14);
      tone.connect(loud).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.15);
    }
  }

  // -- the count and the list ----------------------------------------------------------------------------------------

  const kindOf = (alert) => (alert.cleared !== null ? 'cleared' : alert.acknowledged ? 'acknowledged' : 'open');

  function counted(all, red) {
    if (!all) return 'no open alert';
    const amber = all - red;
    return [red ? `${red} red` : '', amber ? `${amber} amber` : ''].filter(Boolean).join(', ');
  }

  function count() {
    const open = alerts.filter((each) => kindOf(each) === 'open');
    const red = open.filter((each) => each.severity === 'red').length;
    const amber = open.length - red;
    for (const id of ['n-alerts', 'bell-count']) {
      const box = byId(id);
      if (!box) continue;
      const parts = [];
      if (red) parts.push(element('span', 'alert-red', `${MARKS.red} ${red}`));
      if (amber) parts.push(element('span', 'alert-amber', `${MARKS.amber} ${amber}`));
      const text = parts.map((each) => each.textContent).join(' ');
      if (box.textContent !== text) box.replaceChildren(...parts);
    }
    const bell = byId('bell');
    if (!bell) return;
    const tells = silence() ? 'Alerts are not being watched' : `Alerts: ${counted(open.length, red)}`;
    if (bell.getAttribute('aria-label') !== tells) bell.setAttribute('aria-label', tells);
    bell.classList.toggle('quiet-now', !open.length);
    bell.classList.toggle('unwatched', Boolean(silence()));
  }

  /** Why nobody may trust the list; empty while the watch speaks. */
  function silence() {
    if (trouble) return `The alerts could not be asked for. ${trouble}`;
    if (!heard) return '';
    if (watched === null) return 'Alerts are not being watched: the watch has not spoken yet.';
    return clock() - watched > SILENT_MS ? `Alerts are not being watched since ${cop.time.utc(watched)}.` : '';
  }

  function draw() {
    count();
    const list = byId('alerts-list');
    if (!list) return;
    say('alerts-silent', silence());
    hide('alerts-past', page.moment === null);
    const mine = pressed('alerts-mine');
    const shown = alerts.filter((each) => pressed(`alerts-${kindOf(each)}`) && (!mine || (who() && each.owner === who())));
    if (!shown.length) {
      const all = alerts.length ? 'No alert is of the kinds that are listed.' : 'No alert is open.';
      const text = !heard ? 'The alerts are being asked for.' : mine ? 'No alert that is listed is yours.' : all;
      if (list.textContent !== text) list.replaceChildren(element('p', 'empty', text));
      return;
    }
    let body = list.querySelector('tbody');
    if (!body) {
      list.replaceChildren(table());
      body = list.querySelector('tbody');
    }
    merge(body, shown.slice(0, ROWS));
    if (shown.length > ROWS) body.append(more(shown.length - ROWS));
    ages();
  }

  function table() {
    const made = element('table');
    const head = element('tr');
    for (const title of ['Alert', 'What', 'Thing', 'Nation', 'Raised, UTC', 'Owner', 'Acknowledged', '']) {
      const cell = element('th', '', title);
      cell.scope = 'col';
      head.append(cell);
    }
    const top = element('thead');
    top.append(head);
    made.append(top, element('tbody'));
    return made;
  }

  function more(count_) {
    const row = element('tr', 'more');
    const cell = element('td', '', `and ${count_} more`);
    cell.colSpan = 8;
    row.append(cell);
    return row;
  }

  /** Bring the rows to what is to be shown; only rows that changed are made anew, so that nobody's focus is lost. */
  function merge(body, shown) {
    const before = new Map([...body.children].map((row) => [row.dataset.key, row]));
    const focused = document.activeElement && body.contains(document.activeElement) ? document.activeElement : null;
    const at = focused && [focused.closest('tr').dataset.key, focused.dataset.act, [...focused.closest('td').children].indexOf(focused)];
    const rows = shown.map((each) => {
      const mark = JSON.stringify([each, who()]);
      const old = before.get(each.key);
      if (old && old.dataset.mark === mark) return old;
      const made = row(each);
      made.dataset.key = each.key;
      made.dataset.mark = mark;
      return made;
    });
    if (rows.length === body.children.length && rows.every((each, i) => body.children[i] === each)) return;
    body.replaceChildren(...rows);
    if (!at) return;
    const again = [...body.children].find((each) => each.dataset.key === at[0]);
    const buttons = again ? [...again.querySelectorAll('button')] : [];
    const next = buttons.find((each) => each.dataset.act === at[1]) || buttons.filter((each) => each.dataset.act)[0];
    if (next) next.focus();
  }

  function row(alert) {
    const kind = kindOf(alert);
    const made = element('tr', `${kind} ${alert.severity}`);
    const mark = element('span', `alert-${alert.severity}`, `${MARKS[alert.severity] || '?'} ${alert.severity}`);
    const first = element('td');
    first.append(mark);
    if (kind === 'cleared') first.append(element('small', '', '✓ over'));
    const thing = element('td');
    const link = element('button', 'link', alert.name || alert.subject);
    link.type = 'button';
    link.dataset.select = alert.subject;
    link.title = `Choose ${alert.subject}`;
    thing.append(link);
    const raised = element('td', 'when');
    const time = element('time', '', shortUtc(alert.raised));
    time.title = cop.time.local(alert.raised);
    raised.append(time, age(alert.raised));
    if (alert.cleared !== null) raised.append(element('small', '', `until ${shortUtc(alert.cleared)}`));
    const seen = element('td');
    if (alert.acknowledged) {
      const { by, at, note } = alert.acknowledged;
      seen.append(element('span', '', by), element('small', '', `${shortUtc(at)}${note ? ` · ${note}` : ''}`));
    }
    made.append(first, element('td', 'what', alert.text), thing, element('td', '', (alert.nations || []).join(' ')), raised);
    made.append(element('td', alert.owner && alert.owner === who() ? 'own' : '', alert.owner || '–'), seen, acts(alert, kind));
    return made;
  }

  function acts(alert, kind) {
    const cell = element('td', 'acts');
    if (kind === 'cleared') return cell;
    const act = (text, what, title) => {
      const button = element('button', 'quiet', text);
      button.type = 'button';
      button.dataset.act = what;
      button.dataset.alert = alert.key;
      button.title = title;
      button.setAttribute('aria-label', `${text}: ${alert.text}`);
      cell.append(button);
    };
    if (kind === 'open') act('Acknowledge', 'acknowledge', 'Say that you have seen it');
    else act('Reopen', 'reopen', 'Take the acknowledgement back');
    if (alert.owner === '' || alert.owner !== who()) act('Take', 'take', 'I take care of it');
    if (alert.owner) act('Hand over', 'hand', 'Somebody else takes care of it, or nobody');
    return cell;
  }

  const shortUtc = (at) => {
    const text = cop.time.utc(at);
    return text.slice(0, 10) === cop.time.utc(clock()).slice(0, 10) ? text.slice(11) : text.slice(5);
  };

  function age(at) {
    const made = element('small', 'age-now');
    made.dataset.at = at;
    return made;
  }

  function ages() {
    const at = clock();
    for (const each of document.querySelectorAll('#alerts-list .age-now')) {
      const text = `${cop.time.age(at - Number(each.dataset.at))} ago`;
      if (each.textContent !== text) each.textContent = text;
    }
  }

  // -- what is done about them ---------------------------------------------------------------------------------------

  /** Tell the server; the trouble, or null. */
  async function tell(key, what, body) {
    const told = await send('POST', forWorld(`alerts/${encodeURIComponent(key)}/${what}`), body);
    if (told.answer) alerts = alerts.map((each) => (each.key === key ? { ...each, ...told.answer } : each));
    const trouble_ = told.trouble ? `Not done: ${told.trouble}` : null;
    write('alerts-said', trouble_ || '');
    draw();
    if (told.trouble) wanted(); // somebody else may have been first
    return trouble_;
  }

  const does = {
    acknowledge: (alert) =>
      ask({
        title: 'Acknowledge',
        what: alert.text,
        button: 'Acknowledge',
        word: { label: 'Note' },
        done: (by, note) => tell(alert.key, 'acknowledge', { by, note }),
      }),
    reopen: (alert) => asMe('Reopen', 'Reopen', (by) => tell(alert.key, 'reopen', { by })),
    take: (alert) => asMe('Take it', 'Take', (by) => tell(alert.key, 'own', { by })),
    hand: (alert) =>
      ask({
        title: 'Hand over',
        what: alert.text,
        button: 'Hand over',
        who: false,
        word: { label: 'To whom (empty: nobody)', value: '' },
        done: (_, by) => tell(alert.key, 'own', { by }),
      }),
  };

  const presses = {
    bell: () => open(),
    'alerts-mine': () => flip('alerts-mine'),
    'alerts-open': () => flip('alerts-open'),
    'alerts-acknowledged': () => flip('alerts-acknowledged'),
    'alerts-cleared': () => flip('alerts-cleared'),
    'alerts-try': sound,
    'alerts-sound'() {
      const loud = !recall('sound', false);
      remember('sound', loud);
      showSound();
      if (loud) sound();
    },
  };

  function flip(id) {
    pressed(id, !pressed(id));
    draw();
  }

  function showSound() {
    const loud = recall('sound', false);
    pressed('alerts-sound', loud);
    write('alerts-sound', loud ? 'Sound on' : 'Sound off');
  }

  function open() {
    tab('alerts');
    const list = byId('alerts-list');
    const first = list && (list.querySelector('[data-act]') || byId('alerts-open'));
    if (first) setTimeout(() => first.focus(), 60);
  }

  document.addEventListener('click', (event) => {
    const found = event.target.closest && event.target.closest('[data-alert], #bell, #alerts-board button[id]');
    if (!found) return;
    if (found.dataset.alert) {
      const alert = alerts.find((each) => each.key === found.dataset.alert);
      if (alert) does[found.dataset.act](alert);
    } else if (presses[found.id]) presses[found.id]();
  });

  cop.keys.push({ key: 'a', says: 'alerts', there: () => byId('bell') !== null, run: open });
  on('begin', () => {
    wanted();
    setInterval(wanted, ASK_MS);
    cop.desk.whenThere('alerts-sound', showSound);
  });
  on('desk', wanted);
  on('who', draw);
  on('moment', draw);
  on('tick', () => {
    if (!heard) wanted();
    count();
    say('alerts-silent', silence());
    ages();
  });

  cop.alerts = { list: () => alerts, sound };
})();
